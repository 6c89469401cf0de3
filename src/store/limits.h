#pragma once

#include <string_view>

#include "store/store.h"

// What every engine demands of its callers, in one place, so that a body that one engine takes is taken by all.
namespace packetboat::store {

Result<> check_partition(const Partition& partition);
Result<> check_record(std::string_view key, std::string_view value);
Result<> check_commit_size(std::size_t size_bytes);
Result<> check_result(std::string_view result);

// Remembers the first mistake of a body, for put() and its like answer nothing; the commit is refused with it.
class Mistake {
public:
    // True when `checked` is all right.
    bool note(Result<> checked) {
        if (checked) return true;
        if (!first_) first_ = std::move(checked).error();
        return false;
    }
    const std::optional<Error>& first() const { return first_; }

private:
    std::optional<Error> first_;
};

}  // namespace packetboat::store
