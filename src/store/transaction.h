#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "store/group.h"

namespace packetboat::store {

// One body's doings in a group.
class PartitionTransaction final : public Transaction {
public:
    PartitionTransaction(Group& group, std::string_view name, Time now)
        : group_(group), reader_(group, name), name_(name), prefix_(keys::class_prefix(name, keys::Class::user)), now_(now) {}

    std::optional<std::string> get(std::string_view key) const override { return reader_.get(key); }
    bool contains(std::string_view key) const override { return reader_.contains(key); }
    void scan(std::string_view from, std::string_view to, const Visit& visit) const override { reader_.scan(from, to, visit); }
    void scan_back(std::string_view from, std::string_view to, const Visit& visit) const override { reader_.scan_back(from, to, visit); }
    std::uint64_t version() const override { return reader_.version() + 1; }

    void put(std::string_view key, std::string_view value) override;
    void erase(std::string_view key) override;
    void refer(const BlobRef& blob) override;
    void release(const BlobRef& blob) override;
    void frees_space() override { frees_space_ = true; }

    bool is_freeing_space() const { return frees_space_; }
    const std::optional<Error>& mistake() const { return mistake_.first(); }

private:
    bool allowed(std::string_view key, std::string_view value);
    std::uint64_t references(std::string_view key) const;

    Group& group_;
    PartitionReader reader_;
    std::string_view name_;
    std::string prefix_;
    Time now_;
    std::size_t bytes_ = 0;
    bool frees_space_ = false;
    Mistake mistake_;
};

}  // namespace packetboat::store
