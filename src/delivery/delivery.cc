#include "delivery/delivery.h"

#include <algorithm>
#include <utility>

#include "delivery/acceptance.h"
#include "delivery/incoming.h"
#include "delivery/memory_budget.h"

namespace packetboat::delivery {

struct Delivery::State {
    store::Store& store;
    directory::Directory& directory;
    mailbox::Mail& mail;
    Queue& queue;
    Limits limits;
    std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>(limits.memory_max_bytes);

    // One account with room is enough; whom it cannot be known of is told in the transaction.
    Task<Result<>> check_room(const std::vector<directory::Local>& accounts, std::uint64_t size_bytes) {
        for (const directory::Local& account : accounts) {
            if (account.quota_bytes == 0) co_return Result<>();
            // A message has a byte at least, so an account that is full to its last one has no room for any.
            const Result<bool> room = co_await mail.has_room(directory::account_partition(account.id), account.quota_bytes,
                                                             std::max<std::uint64_t>(size_bytes, 1));
            if (!room) co_return fail(room.error());
            if (*room) co_return Result<>();
        }
        co_return fail(ErrorCode::over_quota, "the mailbox is full");
    }
};

Delivery::Delivery(store::Store& store, directory::Directory& directory, mailbox::Mail& mail, Queue& queue, Limits limits)
    : state_(std::make_unique<State>(store, directory, mail, queue, limits)) {}
Delivery::~Delivery() = default;

Task<Result<Recipient>> Delivery::find_recipient(const directory::Address& address, bool may_relay) {
    Recipient recipient;
    recipient.address = address.text();
    Result<directory::Resolution> resolution = co_await state_->directory.resolve(address);
    if (!resolution) co_return fail(std::move(resolution).error());
    if (std::holds_alternative<directory::NotOurs>(*resolution)) {
        if (!may_relay) co_return fail(ErrorCode::denied, "this server does not relay to " + address.domain());
        recipient.elsewhere.push_back(address);
        co_return recipient;
    }
    if (auto* resolved = std::get_if<directory::Resolved>(&*resolution)) {
        recipient.accounts = std::move(resolved->accounts);
        recipient.elsewhere = std::move(resolved->elsewhere);
    }
    if (recipient.accounts.empty() && recipient.elsewhere.empty()) co_return fail(ErrorCode::not_found, "no such user here");
    co_return recipient;
}

Task<Result<Recipient>> Delivery::check_recipient(const directory::Address& address, bool may_relay, std::uint64_t size_bytes) {
    Result<Recipient> recipient = co_await find_recipient(address, may_relay);
    if (!recipient || !recipient->elsewhere.empty()) co_return recipient;
    if (Result<> room = co_await state_->check_room(recipient->accounts, size_bytes); !room) co_return fail(std::move(room).error());
    co_return recipient;
}

Result<Incoming> Delivery::begin(std::string_view return_path_field, std::string_view trace_fields, std::uint64_t size_hint_bytes) {
    auto state = std::make_unique<Incoming::State>(state_->store, state_->limits, state_->budget);
    if (!state->begin(return_path_field, trace_fields, size_hint_bytes)) {
        return fail(ErrorCode::unavailable, "too many message bytes are in memory");
    }
    return Incoming(std::move(state));
}

Task<std::vector<Outcome>> Delivery::accept(Envelope envelope, Incoming incoming, bool each_alone) {
    if (envelope.id == Id128{}) envelope.id = Id128::random();
    const std::uint64_t skip_bytes = incoming.state_->skip_bytes;
    const Result<mailbox::Content> content = co_await incoming.state_->finish(state_->mail.limits().inline_body_max_bytes);
    if (!content) co_return std::vector<Outcome>(envelope.recipients.size(), Outcome{fail(content.error())});
    Acceptance acceptance(state_->mail, state_->queue, envelope, each_alone);
    co_return co_await acceptance.run(*content, skip_bytes);
}

std::uint64_t Delivery::memory_taken_bytes() const { return state_->budget->taken_bytes(); }

}  // namespace packetboat::delivery
