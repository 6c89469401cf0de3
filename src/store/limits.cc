#include "store/limits.h"

#include <fmt/format.h>

namespace packetboat::store {

Result<> check_partition(const Partition& partition) {
    if (!partition.name.empty() && partition.name.size() <= partition_max_bytes) return {};
    return fail(ErrorCode::invalid,
                fmt::format("a partition name of {} bytes; 1 to {} are allowed", partition.name.size(), partition_max_bytes));
}

Result<> check_record(std::string_view key, std::string_view value) {
    if (key.size() > key_max_bytes) {
        return fail(ErrorCode::invalid, fmt::format("a key of {} bytes; at most {} are allowed", key.size(), key_max_bytes));
    }
    if (value.size() > value_max_bytes) {
        return fail(ErrorCode::invalid, fmt::format("a value of {} bytes; at most {} are allowed", value.size(), value_max_bytes));
    }
    return {};
}

Result<> check_commit_size(std::size_t size_bytes) {
    if (size_bytes <= commit_max_bytes) return {};
    return fail(ErrorCode::invalid, fmt::format("more than {} bytes in one commit", commit_max_bytes));
}

Result<> check_result(std::string_view result) {
    if (result.size() <= result_max_bytes) return {};
    return fail(ErrorCode::invalid, fmt::format("a commit's result of {} bytes; at most {} are allowed", result.size(), result_max_bytes));
}

}  // namespace packetboat::store
