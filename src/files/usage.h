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
// here is never less than what is there. Some of it may be covered by files that are going to go: that much does not count for the quota.
class Usage {
public:
    // Errors: over_quota, and nothing is taken.
    Result<> take(Amount amount, Amount covered, const Quota& quota);
    void add(Amount amount);  // is there already
    void give_back(Amount amount, Amount covered = {});
    void cover(Amount amount);

    Amount used() const;
    std::uint64_t available_bytes(const Quota& quota) const;

private:
    mutable std::mutex mutex_;
    Amount used_;
    Amount covered_;
};

// What one upload has taken, given back at its end unless kept. Its credit is what it replaces: so much of it counts only when it is kept,
// for then the old one goes. Nobody else can use that credit, or else it would be gone when this one ends without replacing anything.
class Charge {
public:
    explicit Charge(Usage& usage) : usage_(&usage) {}
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;
    ~Charge() { give_back(amount_); }

    void credit(Amount amount);
    Result<> take(Amount amount, const Quota& quota);
    // Whether it could grow to so many bytes now. Errors: over_quota.
    Result<> would_fit(std::uint64_t bytes, const Quota& quota) const;
    void adopt(Amount amount);  // is counted already
    void give_back(Amount amount);
    void keep(Amount replaced = {});
    Amount amount() const { return amount_; }

private:
    Amount covered(Amount of) const;
    Usage* usage_;
    Amount amount_;
    Amount credit_;
};

}  // namespace packetboat::files
