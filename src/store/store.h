#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/task.h"

// Ordered records in partitions, with serializable and durable transactions, and blobs beside them. Knows neither mail nor
// files. Engines: RocksDB (rocks.h) and memory (memory.h).
namespace packetboat::store {

// All keys of one transaction lie in one partition (an account, a queue shard, the directory): 1 to 32 bytes.
struct Partition {
    std::string name;
    friend auto operator<=>(const Partition&, const Partition&) = default;
};

// Chosen once by the caller; for a day the same id again answers the first result instead of writing again.
using CommitId = Id128;

// Content of any size, kept in a file of its own under its SHA-256.
struct BlobRef {
    std::array<std::uint8_t, 32> sha256{};
    std::uint64_t size_bytes = 0;

    std::string_view digest() const { return {reinterpret_cast<const char*>(sha256.data()), sha256.size()}; }
    friend auto operator<=>(const BlobRef&, const BlobRef&) = default;
};

// Limits of the design, the same for every engine.
inline constexpr std::size_t partition_max_bytes = 32;
inline constexpr std::size_t key_max_bytes = 1024;
inline constexpr std::size_t value_max_bytes = 1 << 20;  // a small body rides as a value; other values stay under 64 KiB
inline constexpr std::size_t result_max_bytes = 4096;
inline constexpr std::size_t commit_max_bytes = 64 << 20;  // of keys and values in one transaction

// A consistent view of one partition. An engine may end a body early by throwing an exception of its own and run it again
// elsewhere, so a body does nothing but read and compute.
class Reader {
public:
    virtual ~Reader() = default;

    virtual std::optional<std::string> get(std::string_view key) const = 0;
    virtual bool contains(std::string_view key) const { return get(key).has_value(); }

    // Visits the records with from <= key < to in byte order until `visit` answers false. The views live during the call.
    // In a Transaction, `visit` may put and erase; whether the scan under way then sees those changes is not defined.
    using Visit = std::function<bool(std::string_view key, std::string_view value)>;
    virtual void scan(std::string_view from, std::string_view to, const Visit& visit) const = 0;
    // The same from the greatest key down.
    virtual void scan_back(std::string_view from, std::string_view to, const Visit& visit) const = 0;

    // How many commits this partition has seen. In a Transaction: the number that this commit will have.
    virtual std::uint64_t version() const = 0;
};

class Transaction : public Reader {
public:
    virtual void put(std::string_view key, std::string_view value) = 0;
    virtual void erase(std::string_view key) = 0;

    // References to a blob are counted per partition; a blob that no partition refers to is swept after a day. To release a
    // blob that this partition does not refer to is a mistake: the commit is refused (ErrorCode::invalid), as it is for a
    // key, value or result over its limit.
    virtual void refer(const BlobRef& blob) = 0;
    virtual void release(const BlobRef& blob) = 0;

    // On the whole this commit takes away: it is let through where the disk is nearly full and others are refused, so that people can
    // make room.
    virtual void frees_space() {}
};

// Answers what the commit answers (at most result_max_bytes), or an error: then nothing of it is written.
using WriteBody = std::move_only_function<Result<std::string>(Transaction&)>;
using ReadBody = std::move_only_function<void(const Reader&)>;

struct Committed {
    std::uint64_t version = 0;  // the partition's version with this commit
    bool replayed = false;      // the commit id was known: nothing was written now
    std::string result;
};

// How much a read is going to touch: a few records are tried on the calling thread and go to a reader thread only when the
// disk is needed; a scan of many goes there at once.
enum class Weight : std::uint8_t { few, many };

// Takes a blob's bytes as they come. Destroyed before finish(), it leaves nothing behind.
class BlobWriter {
public:
    virtual ~BlobWriter() = default;
    virtual Task<Result<>> append(std::string bytes) = 0;
    // On return the blob and its name are on disk.
    virtual Task<Result<BlobRef>> finish() = 0;
};

class BlobReader {
public:
    virtual ~BlobReader() = default;
    virtual std::uint64_t size_bytes() const = 0;
    // Up to `count` bytes from `offset`; fewer only at the end.
    virtual Task<Result<std::string>> read(std::uint64_t offset, std::size_t count) = 0;
};

struct Finding {
    std::string partition;  // printable
    std::string what;       // one sentence
};

struct Stats {
    std::uint64_t partitions = 0;
    std::uint64_t records = 0;       // an estimate
    std::uint64_t record_bytes = 0;  // on disk
    std::uint64_t blobs = 0;
    std::uint64_t blob_bytes = 0;
    std::uint64_t commits = 0;        // since start
    std::uint64_t commit_groups = 0;  // since start: flushes to disk
};

class Store {
public:
    virtual ~Store() = default;

    // Runs `body` in a serializable transaction. On return the commit is on disk. `body` may run more than once. Bodies of all
    // partitions may run one after another on one thread, so a body is short.
    // Errors: what the body answered; invalid (a limit above was broken); unavailable (disk full, write error, stopping, too many waiting):
    // the outcome is then unknown only if the write itself failed, and the same commit id tells.
    virtual Task<Result<Committed>> write(Partition partition, std::optional<CommitId> id, WriteBody body) = 0;

    // Runs `body` on a snapshot of the partition in which everything committed before the call can be seen, and nothing
    // that is not on disk yet. `body` answers a Result<T>.
    template <class Body>
    auto read(Partition partition, Weight weight, Body body) -> Task<std::invoke_result_t<Body&, const Reader&>> {
        std::optional<std::invoke_result_t<Body&, const Reader&>> value;
        Result<> done = co_await read_any(std::move(partition), weight, [&](const Reader& reader) { value.emplace(body(reader)); });
        if (!done) co_return fail(std::move(done).error());
        co_return std::move(*value);
    }

    // The store outlives its blob writers and readers.
    virtual Result<std::unique_ptr<BlobWriter>> create_blob() = 0;
    virtual Task<Result<std::unique_ptr<BlobReader>>> open_blob(const BlobRef& blob) = 0;
    // Removes blobs without a reference that are older than a day, and abandoned uploads. Answers how many went.
    virtual Task<Result<std::uint64_t>> sweep_blobs() = 0;

    // Partitions whose names start with `prefix`, in byte order after `after`, at most `limit`.
    virtual Task<Result<std::vector<Partition>>> partitions(std::string prefix, std::string after, std::size_t limit) = 0;

    // Proves that records, versions, blobs and references agree, reading every byte.
    virtual Task<Result<std::vector<Finding>>> verify() = 0;
    virtual Task<Result<Stats>> stats() = 0;

    // True after a write error that makes going on unsafe: every write is refused from then on and the server should stop.
    virtual bool failed() const = 0;

protected:
    virtual Task<Result<>> read_any(Partition partition, Weight weight, ReadBody body) = 0;
};

// The key after every key that starts with `prefix`.
std::string prefix_end(std::string_view prefix);

}  // namespace packetboat::store
