#include "mailbox/mailbox.h"

#include <utility>

#include "mailbox/state.h"

namespace packetboat::mailbox {

namespace {

// A body that rides in the store is a value with a version byte before it.
Limits within_the_stores(Limits limits) {
    limits.inline_body_max_bytes = std::min<std::uint64_t>(limits.inline_body_max_bytes, store::value_max_bytes - 1);
    return limits;
}

}  // namespace

Mail::Mail(store::Store& store, Limits limits) : state_(std::make_unique<State>(store, within_the_stores(limits))) {}
Mail::~Mail() = default;

const Limits& Mail::limits() const { return state_->limits; }

// ---- the account

Task<Result<Usage>> Mail::usage(store::Partition account) {
    co_return co_await state_->read(std::move(account), store::Weight::few,
                                    [](const store::Reader&, const AccountRecord& record) -> Result<Usage> { return record.usage; });
}

Task<Result<bool>> Mail::has_room(store::Partition account, std::uint64_t quota_bytes, std::uint64_t more_bytes) {
    if (quota_bytes == 0) co_return true;
    const Result<Usage> used = co_await usage(std::move(account));
    if (!used) co_return fail(used.error());
    co_return used->bytes <= quota_bytes&& more_bytes <= quota_bytes - used->bytes;
}

// ---- change

Task<Result<std::uint64_t>> Mail::modseq(store::Partition account) {
    co_return co_await state_->store.read(std::move(account), store::Weight::few,
                                          [](const store::Reader& reader) -> Result<std::uint64_t> { return reader.version(); });
}

Result<Mail::Subscription> Mail::watch(store::Partition account, Watcher watcher) {
    const Result<std::uint64_t> number = state_->watchers.add(account.name, std::move(watcher));
    if (!number) return fail(number.error());
    return Subscription(this, std::move(account.name), *number);
}

Mail::Subscription::Subscription(Mail* mail, std::string account, std::uint64_t number)
    : mail_(mail), account_(std::move(account)), number_(number) {}

Mail::Subscription::Subscription(Subscription&& other) noexcept
    : mail_(std::exchange(other.mail_, nullptr)), account_(std::move(other.account_)), number_(other.number_) {}

Mail::Subscription& Mail::Subscription::operator=(Subscription&& other) noexcept {
    if (this == &other) return *this;
    if (mail_ != nullptr) mail_->state_->watchers.remove(account_, number_);
    mail_ = std::exchange(other.mail_, nullptr);
    account_ = std::move(other.account_);
    number_ = other.number_;
    return *this;
}

Mail::Subscription::~Subscription() {
    if (mail_ != nullptr) mail_->state_->watchers.remove(account_, number_);
}

}  // namespace packetboat::mailbox
