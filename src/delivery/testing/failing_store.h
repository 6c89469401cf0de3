#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace packetboat::delivery {

// A store in front of another that lets a test say which writes fail, and counts them. For one thread.
class FailingStore final : public store::Store {
public:
    explicit FailingStore(store::Store& inner) : inner_(inner) {}

    enum class Fate : std::uint8_t {
        succeed,
        fail_before,  // nothing is written
        fail_after,   // it is written, though the answer says otherwise: an outcome that nobody knows
    };
    // Asked before each write.
    std::function<Fate(const store::Partition&)> fate_of_write = [](const store::Partition&) { return Fate::succeed; };

    bool blobs_fail = false;                  // create_blob()
    bool reads_fail = false;                  // everything that reads records
    std::optional<std::uint64_t> disk_bytes;  // so many bytes of blobs, then the disk is full

    std::map<std::string, int> writes;   // asked for, by partition
    std::size_t writes_at_once_max = 0;  // that were under way together
    std::uint64_t blobs_created = 0;
    std::size_t largest_append_bytes = 0;  // to a blob

    Task<Result<store::Committed>> write(store::Partition partition, std::optional<store::CommitId> id, store::WriteBody body) override;
    Result<std::unique_ptr<store::BlobWriter>> create_blob() override;
    Task<Result<std::unique_ptr<store::BlobReader>>> open_blob(const store::BlobRef& blob) override { return inner_.open_blob(blob); }
    Task<Result<std::uint64_t>> sweep_blobs() override { return inner_.sweep_blobs(); }
    Task<Result<std::vector<store::Partition>>> partitions(std::string prefix, std::string after, std::size_t limit) override {
        return inner_.partitions(std::move(prefix), std::move(after), limit);
    }
    Task<Result<std::vector<store::Finding>>> verify() override { return inner_.verify(); }
    Task<Result<store::Stats>> stats() override { return inner_.stats(); }
    bool failed() const override { return inner_.failed(); }

protected:
    Task<Result<>> read_any(store::Partition partition, store::Weight weight, store::ReadBody body) override;

private:
    class Blob;
    store::Store& inner_;
    std::size_t under_way_ = 0;
};

}  // namespace packetboat::delivery
