#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "files/path.h"

// Accounts' files: real files below one folder, a folder each, that no path leads out of. Everything here works on the disk and may wait
// for it: call it on a worker thread, never on a reactor. Everything may be called from any thread; one object that is being read from or
// written to (Listing, Download, Upload, Hashing) by one at a time.
//
// Errors everywhere: not_found; exists; denied (the grant, or the file's own mode); invalid (no such path, or not that kind of thing);
// over_quota (of the account, in bytes or in files); conflict (another one writes it now, a directory that is not empty); unavailable (the
// disk is full or failing, too many files open); too_large, too_many (a named limit). The text is for people and does not show the
// machine's paths.
namespace packetboat::files {

enum class Kind : std::uint8_t { file, directory, other };

struct Entry {
    std::string name;  // the last of its path; the root's is empty
    Kind kind = Kind::other;
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ns = 0;  // since 1970
    std::uint32_t mode = 0;        // the permission bits, 0777
    std::uint32_t links = 1;
    std::uint64_t device = 0, inode = 0;  // together unique while it exists
};

// What an account may do in its area.
struct Grant {
    bool list = true;
    bool read = true;
    bool write = true;   // new files and directories, and more at the end of files that may be read or replaced
    bool remove = true;  // delete, rename away, replace what is there
    friend bool operator==(const Grant&, const Grant&) = default;
};

struct Quota {
    std::uint64_t bytes = 0;  // 0: unlimited. What counts is the files' sizes, unfinished uploads too.
    std::uint64_t files = 0;  // 0: unlimited. Files and directories.
    friend bool operator==(const Quota&, const Quota&) = default;
};

struct Limits {
    std::uint64_t min_free_bytes = 64 * 1024 * 1024;  // of the disk: uploads are refused (unavailable) before it is full
    std::uint64_t sorted_listing_max = 10'000;        // a directory with more entries is listed as the disk has them
    std::uint64_t glob_matches_max = 10'000;
    std::uint64_t glob_entries_max = 1'000'000;  // looked at for one pattern
    std::chrono::hours unfinished_time{72};      // an interrupted upload can be resumed for so long
    std::uint32_t file_mode = 0640;
    std::uint32_t directory_mode = 0750;
    bool durable = true;  // false: nothing is synced
};

struct Space {
    std::uint64_t used_bytes = 0, used_files = 0;
    std::uint64_t available_bytes = 0;  // by the quota or the disk, whichever is less
    Quota quota;
};

// A file that is being read. Goes on showing what it was when it was opened: uploads replace files, they do not change them.
class Download {
public:
    explicit Download(int descriptor, std::uint64_t size_bytes, std::int64_t modified_ns);
    Download(Download&&) noexcept;
    ~Download();
    int descriptor() const { return descriptor_; }  // of a regular file; for sendfile and pread
    std::uint64_t size_bytes() const { return size_bytes_; }
    std::int64_t modified_ns() const { return modified_ns_; }
    // Up to `into_bytes` from `offset`; 0: the end.
    Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t into_bytes) const;

private:
    int descriptor_ = -1;
    std::uint64_t size_bytes_ = 0;
    std::int64_t modified_ns_ = 0;
};

// A directory's entries, piece by piece; never held whole unless it is sorted (sorted_listing_max). Names with CR or LF, and our own, are
// left out.
class Listing {
public:
    virtual ~Listing() = default;
    // Up to `limit` more; none: the end.
    virtual Result<std::vector<Entry>> next(std::size_t limit) = 0;
};

// A file that is being written, under a hidden name in the directory where it will be. Nobody sees it, and the old file stays, until
// commit(). One writer a path: a second gets conflict.
class Upload {
public:
    virtual ~Upload() = default;  // neither committed nor kept: discarded, and the quota is given back

    virtual std::uint64_t size_bytes() const = 0;  // so far, with what it began with
    // At the end. over_quota and unavailable come before the first byte that would not fit: what fits of `bytes` is not written then
    // either.
    virtual Result<> write(std::string_view bytes) = 0;
    // On return it is there whole under its name, on disk, directory entry included. After an error the old file is still there; the upload
    // is kept or discarded then. `modified_ns`: what it shall say of its time.
    virtual Result<> commit(std::optional<std::int64_t> modified_ns = std::nullopt) = 0;
    // The connection broke: what has been written is kept (and synced) for who resumes it within unfinished_time. At most best effort.
    virtual void keep() = 0;
    virtual const Path& path() const = 0;  // for Begin::unique: the name that was found
};

enum class Begin : std::uint8_t {
    replace,  // a new file, or in place of the old one (for which Grant::remove is needed)
    create,   // exists, if there is one
    unique,   // a name that is not taken yet: the path's, else with ".1", ".2" … behind it
    append,   // to what is there: the file, else an unfinished upload, else nothing. The file as it was stays visible until commit().
    resume,   // after the first `offset` bytes of the file, else of the unfinished upload; invalid when that has fewer
};
struct UploadOptions {
    Begin begin = Begin::replace;
    std::uint64_t offset = 0;                 // of resume
    std::optional<std::uint64_t> size_bytes;  // announced, in all: refused now (over_quota, unavailable) rather than later
};

enum class HashAlgorithm : std::uint8_t { crc32, md5, sha1, sha256, sha512 };

// A hash that is computed step by step, so that who waits for it can be told, or change his mind.
class Hashing {
public:
    virtual ~Hashing() = default;
    // Reads up to `bytes` more; true: done.
    virtual Result<bool> step(std::uint64_t bytes) = 0;
    virtual std::string hex() const = 0;  // lower case
    virtual std::uint64_t first() const = 0;
    virtual std::uint64_t last() const = 0;  // one past the last byte that counts
};

// One account's files, with what it may do there. Cheap to hold; every operation asks the grant and the quota.
class Area {
public:
    virtual ~Area() = default;

    virtual const Grant& grant() const = 0;
    virtual Result<Space> space() const = 0;

    // Of what a link leads to.
    virtual Result<Entry> stat(const Path& path) const = 0;
    // `path` is a directory.
    virtual Result<std::unique_ptr<Listing>> list(const Path& path) const = 0;
    // Paths that match: "*", "?", "[a-z]" in any name, none of which match a leading "." or "/". In the order of their names.
    // too_many: over glob_matches_max or glob_entries_max, and nothing is answered.
    virtual Result<std::vector<Path>> glob(const Path& from, std::string_view pattern) const = 0;

    virtual Result<Download> open(const Path& path) const = 0;
    virtual Result<std::unique_ptr<Upload>> upload(const Path& path, const UploadOptions& options) = 0;
    // Bytes of an unfinished upload to `path`, when there is no file there; not_found.
    virtual Result<std::uint64_t> unfinished(const Path& path) const = 0;
    virtual Result<std::unique_ptr<Hashing>> hash(const Path& path, HashAlgorithm algorithm, std::uint64_t first,
                                                  std::optional<std::uint64_t> last) const = 0;

    // Each is on disk on return.
    virtual Result<> make_directory(const Path& path) = 0;
    virtual Result<> remove_file(const Path& path) = 0;
    virtual Result<> remove_directory(const Path& path) = 0;  // an empty one, but for unfinished uploads, which go too
    // Replaces a file (Grant::remove), never a directory; no directory into itself.
    virtual Result<> rename(const Path& from, const Path& to) = 0;
    virtual Result<> set_modified(const Path& path, std::int64_t modified_ns) = 0;
    // 0777 at most, less what Limits::…_mode does not give to others; the owner's read and write stay.
    virtual Result<> set_mode(const Path& path, std::uint32_t mode) = 0;
    // `target` becomes its own content, if there is any, and that of `parts` in this order, which go then (draft-bryan-ftp-comb). All or
    // nothing is seen of it.
    virtual Result<> combine(const Path& target, const std::vector<Path>& parts) = 0;
};

class Disk;

// All accounts' areas.
class Files {
public:
    // `root` is made when it is not there. Errors: unavailable. `disk`: one that fails, for tests; otherwise the real one.
    static Result<std::unique_ptr<Files>> open(const std::filesystem::path& root, const Limits& limits,
                                               std::shared_ptr<Disk> disk = nullptr);
    ~Files();

    // The area called `name` (a folder's name: no "/", no leading "."), made when it is not there. What it uses is counted by walking it,
    // once, the first time after a start; so it is exact after a crash. The areas must not outlive this.
    Result<std::unique_ptr<Area>> area(const std::string& name, const Grant& grant, const Quota& quota);
    // Everything in it; nobody can see any of it from the beginning on. Goes on where it was interrupted. An area that is not there is
    // removed.
    Result<> remove_area(const std::string& name);
    // Removes unfinished uploads older than unfinished_time, everywhere; answers how many.
    Result<std::uint64_t> sweep(Time now);

private:
    struct State;
    explicit Files(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::files
