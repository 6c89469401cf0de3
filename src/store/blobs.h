#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

#include "base/time.h"
#include "base/worker_pool.h"
#include "store/files.h"
#include "store/sha256.h"
#include "store/space.h"
#include "store/store.h"

namespace packetboat::store {

// Contents in files of their own: blobs/ab/<sha-256 in hex>, the first two digits being the directory. A blob is written under
// a name in blobs/tmp, synced and renamed, so that a name always stands for the whole content. All of it runs on worker
// threads.
class Blobs {
public:
    Blobs(std::shared_ptr<files::FileSystem> files, std::filesystem::path directory, Space& space, std::function<Time()> clock,
          std::size_t threads);

    // Makes the directories and removes what uploads of an earlier run have left behind. Before anything else.
    Result<> prepare();

    std::unique_ptr<BlobWriter> create();
    Task<Result<std::unique_ptr<BlobReader>>> open(BlobRef blob);

    // Removes the blobs that are older than a day and of which `may_go` holds, and abandoned uploads. Blocks.
    Result<std::uint64_t> sweep(const std::function<bool(std::string_view digest)>& may_go);

    // Every file that has the name of a blob. Blocks.
    struct Listed {
        std::string digest;
        std::uint64_t size_bytes = 0;
        Time written;
    };
    // A name that is none is told to `stray`.
    Result<> for_each(const std::function<Result<>(const Listed&)>& visit, const std::function<void(std::string path)>& stray) const;
    Result<std::uint64_t> size_bytes(std::string_view digest) const { return files::size_bytes(*files_, path(digest)); }
    // The digest and size that a blob's file really has. Blocks.
    Result<BlobRef> read_whole(std::string_view digest) const;

private:
    class Writer;
    class Reader;

    std::filesystem::path path(std::string_view digest) const;
    Result<Time> written(const std::filesystem::path& path) const;
    Result<bool> remove_if_old(const std::filesystem::path& path, Time limit);
    Result<> give_name(const std::filesystem::path& temporary, const BlobRef& blob);

    std::shared_ptr<files::FileSystem> files_;
    std::filesystem::path directory_;
    Space& space_;
    std::function<Time()> clock_;
    std::mutex directories_;                     // over making them
    std::mutex names_;                           // a name is given, or an old one looked at and removed
    std::array<std::atomic<bool>, 256> made_{};  // directories that are known to be there
    WorkerPool workers_;
};

}  // namespace packetboat::store
