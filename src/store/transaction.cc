#include "store/transaction.h"

namespace packetboat::store {

bool PartitionTransaction::allowed(std::string_view key, std::string_view value) {
    bytes_ += key.size() + value.size();
    return mistake_.note(check_record(key, value)) && mistake_.note(check_commit_size(bytes_));
}

void PartitionTransaction::put(std::string_view key, std::string_view value) {
    if (allowed(key, value)) group_.put_value(prefix_ + std::string(key), value);
}

void PartitionTransaction::erase(std::string_view key) {
    if (allowed(key, {})) group_.erase(prefix_ + std::string(key));
}

std::uint64_t PartitionTransaction::references(std::string_view key) const {
    const std::optional<std::string> record = group_.get(key);
    if (!record) return 0;
    const std::optional<std::uint64_t> count = records::parse_number(*record);
    if (!count) throw ReadFailure{{ErrorCode::internal, "a reference count is not in a form this version knows"}};
    return *count;
}

void PartitionTransaction::refer(const BlobRef& blob) {
    std::string key = keys::reference(name_, blob);
    const std::uint64_t before = references(key);
    group_.put(std::move(key), records::number(before + 1));
    if (before == 0) group_.put(keys::referrer(blob, name_), records::mark());
}

void PartitionTransaction::release(const BlobRef& blob) {
    std::string key = keys::reference(name_, blob);
    const std::uint64_t before = references(key);
    if (before == 0) {
        mistake_.note(fail(ErrorCode::invalid, "a blob was released that the partition does not refer to"));
        return;
    }
    if (before > 1) return group_.put(std::move(key), records::number(before - 1));
    group_.erase(std::move(key));
    group_.erase(keys::referrer(blob, name_));
    // Another partition may be about to refer to it, on the word of this one: the sweep waits from now.
    group_.put(keys::released(blob), records::time(now_));
}

}  // namespace packetboat::store
