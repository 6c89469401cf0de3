#pragma once

#include <cstdint>
#include <mutex>

#include "base/error.h"
#include "files/files.h"

namespace packetboat::files {

struct Amount {
    std::uint64_t bytes = 0, files = 0;
    friend bool operator==(const Amount&, const Amount&) = default;
};

// What an area uses, shared by all who have it open. Bytes are taken before they are written and given back when they are gone, so what is
// here is never less than what is there. Replacing a file needs room for the new one only: as long as both are there, the old one's size
// is a credit, which makes room for others as well.
class Usage {
public:
    // Errors: over_quota, and nothing is taken.
    Result<> take(Amount amount, const Quota& quota);
    void add(Amount amount);  // is there already
    void give_back(Amount amount);
    void credit(Amount amount);
    void end_credit(Amount amount);
    // The end of a replacement, in one step.
    void replaced(Amount gone, Amount credited);

    Amount used() const;
    std::uint64_t available_bytes(const Quota& quota) const;
    // Whether `bytes` more would fit now. Errors: over_quota.
    Result<> would_fit(std::uint64_t bytes, const Quota& quota) const;

private:
    mutable std::mutex mutex_;
    Amount used_;
    Amount credit_;
};

// What was taken, given back at its end unless kept.
class Charge {
public:
    explicit Charge(Usage& usage) : usage_(&usage) {}
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;
    ~Charge() { usage_->give_back(amount_); }

    Result<> take(Amount amount, const Quota& quota);
    void adopt(Amount amount);
    void give_back(Amount amount);
    void keep() { amount_ = {}; }
    Amount amount() const { return amount_; }

private:
    Usage* usage_;
    Amount amount_;
};

}  // namespace packetboat::files
