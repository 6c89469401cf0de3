#include "files/usage.h"

#include <algorithm>
#include <limits>

namespace packetboat::files {

namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

// Other programs may have changed what is there behind our back: then less is used than we know of, never less than nothing.
void subtract(Amount& from, Amount amount) {
    from.bytes -= std::min(from.bytes, amount.bytes);
    from.files -= std::min(from.files, amount.files);
}

std::uint64_t room(std::uint64_t quota, std::uint64_t used, std::uint64_t credit) {
    if (quota == 0) return unlimited;
    const std::uint64_t counts = used - std::min(used, credit);
    return quota - std::min(quota, counts);
}

Unexpected over(std::string_view of) { return fail(ErrorCode::over_quota, "the account's quota of " + std::string(of) + " is used up"); }

}  // namespace

Result<> Usage::take(Amount amount, const Quota& quota) {
    const std::lock_guard lock(mutex_);
    if (amount.bytes > room(quota.bytes, used_.bytes, credit_.bytes)) return over("bytes");
    if (amount.files > room(quota.files, used_.files, credit_.files)) return over("files");
    used_.bytes += amount.bytes;
    used_.files += amount.files;
    return {};
}

void Usage::add(Amount amount) {
    const std::lock_guard lock(mutex_);
    used_.bytes += amount.bytes;
    used_.files += amount.files;
}

void Usage::give_back(Amount amount) {
    const std::lock_guard lock(mutex_);
    subtract(used_, amount);
}

void Usage::credit(Amount amount) {
    const std::lock_guard lock(mutex_);
    credit_.bytes += amount.bytes;
    credit_.files += amount.files;
}

void Usage::end_credit(Amount amount) { replaced({}, amount); }

void Usage::replaced(Amount gone, Amount credited) {
    const std::lock_guard lock(mutex_);
    subtract(used_, gone);
    subtract(credit_, credited);
}

Amount Usage::used() const {
    const std::lock_guard lock(mutex_);
    return used_;
}

std::uint64_t Usage::available_bytes(const Quota& quota) const {
    const std::lock_guard lock(mutex_);
    return room(quota.bytes, used_.bytes, credit_.bytes);
}

Result<> Usage::would_fit(std::uint64_t bytes, const Quota& quota) const {
    if (bytes > available_bytes(quota)) return over("bytes");
    return {};
}

Result<> Charge::take(Amount amount, const Quota& quota) {
    if (Result<> taken = usage_->take(amount, quota); !taken) return taken;
    adopt(amount);
    return {};
}

void Charge::adopt(Amount amount) {
    amount_.bytes += amount.bytes;
    amount_.files += amount.files;
}

void Charge::give_back(Amount amount) {
    usage_->give_back(amount);
    subtract(amount_, amount);
}

}  // namespace packetboat::files
