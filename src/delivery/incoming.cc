#include "delivery/incoming.h"

#include <algorithm>
#include <utility>

namespace packetboat::delivery {
namespace {

constexpr std::size_t first_buffer_bytes = 16 * 1024;  // most messages fit, and are copied once
constexpr std::size_t piece_bytes = 256 * 1024;        // what a spooled message is written in

constexpr std::uint64_t hint_max_bytes = 64 * 1024;  // a client that only says that much will come costs no more

Error out_of_memory() { return {ErrorCode::unavailable, "too many message bytes are in memory"}; }

// What came into memory, with its charge: alive as long as anybody holds the content.
std::shared_ptr<const std::string> share(BudgetedBytes bytes) {
    auto owner = std::make_shared<const BudgetedBytes>(std::move(bytes));
    return {owner, &owner->bytes()};
}

}  // namespace

Incoming::State::State(store::Store& to, const Limits& limits, std::shared_ptr<MemoryBudget> budget)
    : store_(to), spool_above_bytes_(std::max<std::size_t>(limits.spool_above_bytes, 1)), budget_(std::move(budget)), buffer_(budget_) {}

bool Incoming::State::begin(std::string_view return_path_field, std::string_view trace_fields, std::uint64_t size_hint_bytes) {
    const std::uint64_t fields = return_path_field.size() + trace_fields.size();
    const std::uint64_t expected = fields + std::min(size_hint_bytes, hint_max_bytes);
    if (!buffer_.reserve(std::min<std::uint64_t>(std::max<std::uint64_t>(expected, first_buffer_bytes), spool_above_bytes_))) return false;
    if (!buffer_.append(return_path_field, spool_above_bytes_) || !buffer_.append(trace_fields, spool_above_bytes_)) return false;
    size_bytes = fields;
    skip_bytes = return_path_field.size();
    return true;
}

std::size_t Incoming::State::buffer_max_bytes() const { return spool_ ? piece_bytes : spool_above_bytes_; }

Task<Result<>> Incoming::State::append(std::string_view bytes) {
    if (lost_) co_return fail(*lost_);
    while (!bytes.empty()) {
        if (buffer_.size() >= buffer_max_bytes()) {
            if (Result<> spilled = co_await spill(); !spilled) co_return spilled;
        }
        const std::string_view part = bytes.substr(0, buffer_max_bytes() - buffer_.size());
        if (!buffer_.append(part, buffer_max_bytes())) co_return lose(out_of_memory());
        size_bytes += part.size();
        bytes.remove_prefix(part.size());
    }
    co_return Result<>();
}

// What is in memory goes to the disk. It stays charged until it is there.
Task<Result<>> Incoming::State::spill() {
    if (!spool_) {
        Result<std::unique_ptr<store::BlobWriter>> spool = store_.create_blob();
        if (!spool) co_return lose(std::move(spool).error());
        spool_ = *std::move(spool);
    }
    Result<> written = co_await spool_->append(buffer_.take());
    buffer_.clear();
    if (!written) co_return lose(std::move(written).error());
    co_return Result<>();
}

// The client is still sending; nothing of the message is kept meanwhile.
Unexpected Incoming::State::lose(Error error) {
    buffer_.clear();
    spool_.reset();
    lost_ = error;
    return fail(std::move(error));
}

Task<Result<mailbox::Content>> Incoming::State::finish(std::uint64_t inline_max_bytes) {
    if (lost_) co_return fail(*lost_);
    if (!spool_ && buffer_.size() <= inline_max_bytes) co_return mailbox::Content{share(std::move(buffer_)), std::nullopt, size_bytes};
    if (Result<> spilled = co_await spill(); !spilled) co_return fail(std::move(spilled).error());
    const Result<store::BlobRef> blob = co_await spool_->finish();
    if (!blob) co_return lose(blob.error());
    co_return mailbox::Content{nullptr, *blob, size_bytes};
}

Incoming::Incoming(std::unique_ptr<State> state) : state_(std::move(state)) {}
Incoming::~Incoming() = default;
Incoming::Incoming(Incoming&&) noexcept = default;

Task<Result<>> Incoming::append(std::string_view bytes) { return state_->append(bytes); }

std::uint64_t Incoming::size_bytes() const { return state_->size_bytes; }

}  // namespace packetboat::delivery
