#include "files/usage.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace packetboat::files {

namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

Amount operator+(Amount a, Amount b) { return {.bytes = a.bytes + b.bytes, .files = a.files + b.files}; }

// Other programs may have changed what is there behind our back: then less is used than we know of, never less than nothing.
Amount operator-(Amount a, Amount b) {
    return {.bytes = a.bytes - std::min(a.bytes, b.bytes), .files = a.files - std::min(a.files, b.files)};
}

std::uint64_t room(std::uint64_t quota, std::uint64_t counted) { return quota == 0 ? unlimited : quota - std::min(quota, counted); }

Unexpected over(std::string_view of) { return fail(ErrorCode::over_quota, "the account's quota of " + std::string(of) + " is used up"); }

}  // namespace

Result<> Usage::take(Amount amount, Amount covered, const Quota& quota) {
    const std::lock_guard lock(mutex_);
    const Amount counted = used_ - covered_;
    const Amount more = amount - covered;
    if (more.bytes > room(quota.bytes, counted.bytes)) return over("bytes");
    if (more.files > room(quota.files, counted.files)) return over("files");
    used_ = used_ + amount;
    covered_ = covered_ + covered;
    return {};
}

void Usage::add(Amount amount) {
    const std::lock_guard lock(mutex_);
    used_ = used_ + amount;
}

void Usage::give_back(Amount amount, Amount covered) {
    const std::lock_guard lock(mutex_);
    used_ = used_ - amount;
    covered_ = covered_ - covered;
}

void Usage::cover(Amount amount) {
    const std::lock_guard lock(mutex_);
    covered_ = covered_ + amount;
}

Amount Usage::used() const {
    const std::lock_guard lock(mutex_);
    return used_;
}

std::uint64_t Usage::available_bytes(const Quota& quota) const {
    const std::lock_guard lock(mutex_);
    return room(quota.bytes, (used_ - covered_).bytes);
}

Amount Charge::covered(Amount of) const { return {.bytes = std::min(of.bytes, credit_.bytes), .files = std::min(of.files, credit_.files)}; }

void Charge::credit(Amount amount) {
    const Amount before = covered(amount_);
    credit_ = credit_ + amount;
    usage_->cover(covered(amount_) - before);
}

Result<> Charge::take(Amount amount, const Quota& quota) {
    const Amount after = amount_ + amount;
    if (Result<> taken = usage_->take(amount, covered(after) - covered(amount_), quota); !taken) return taken;
    amount_ = after;
    return {};
}

Result<> Charge::would_fit(std::uint64_t bytes, const Quota& quota) const {
    const std::uint64_t free_bytes = std::max(amount_.bytes, credit_.bytes);  // of what it has or may have, nothing is asked for
    if (bytes > free_bytes && bytes - free_bytes > usage_->available_bytes(quota)) return over("bytes");
    return {};
}

void Charge::adopt(Amount amount) {
    const Amount before = covered(amount_);
    amount_ = amount_ + amount;
    usage_->cover(covered(amount_) - before);
}

void Charge::give_back(Amount amount) {
    const Amount after = amount_ - amount;
    usage_->give_back(amount, covered(amount_) - covered(after));
    amount_ = after;
}

void Charge::keep(Amount replaced) {
    usage_->give_back(replaced, covered(std::exchange(amount_, {})));
    credit_ = {};
}

}  // namespace packetboat::files
