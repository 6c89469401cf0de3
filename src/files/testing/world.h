#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "files/files.h"
#include "files/hidden_names.h"

namespace packetboat::files::testing {

// A folder of its own with one area in it, removed at its end. In memory: syncs cost nothing there.
class World {
public:
    explicit World(Limits limits = {}, std::shared_ptr<Disk> disk = nullptr) : limits_(limits), disk_(std::move(disk)) {
        const bool in_memory = std::filesystem::is_directory("/dev/shm");
        std::string name =
            (in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "packetboat-files-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        base_ = name;
        reopen();
    }
    ~World() {
        files_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(base_, ignored);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // As after a start.
    void reopen() {
        files_.reset();
        Result<std::unique_ptr<Files>> opened = Files::open(base_ / "files", limits_, disk_);
        if (!opened) throw std::runtime_error(opened.error().text);
        files_ = std::move(*opened);
    }
    Files& files() { return *files_; }
    std::unique_ptr<Area> area(const Quota& quota = {}, const Grant& grant = {}) {
        Result<std::unique_ptr<Area>> opened = files_->area("alice", grant, quota);
        if (!opened) throw std::runtime_error(opened.error().text);
        return std::move(*opened);
    }

    const std::filesystem::path& base() const { return base_; }
    std::filesystem::path root() const { return base_ / "files"; }
    std::filesystem::path inside(std::string_view relative = "") const { return base_ / "files/alice" / relative; }

    // What a walk of a new start counts.
    Space counted() {
        Result<std::unique_ptr<Files>> again = Files::open(base_ / "files", limits_);
        return *(*(*again)->area("alice", {}, {}))->space();
    }

private:
    Limits limits_;
    std::shared_ptr<Disk> disk_;
    std::filesystem::path base_;
    std::unique_ptr<Files> files_;
};

inline Path path(std::string_view text) { return Path().resolve(text).value(); }

inline void put(const std::filesystem::path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }
inline std::string got(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return "(none)";
    return {std::istreambuf_iterator<char>(in), {}};
}

inline Result<> store(Area& area, std::string_view to, std::string_view bytes, const UploadOptions& options = {}) {
    const Result<std::unique_ptr<Upload>> upload = area.upload(path(to), options);
    if (!upload) return fail(upload.error());
    if (Result<> written = (*upload)->write(bytes); !written) return written;
    return (*upload)->commit();
}

inline Result<std::string> load(const Area& area, std::string_view from) {
    const Result<Download> file = area.open(path(from));
    if (!file) return fail(file.error());
    std::string out(file->size_bytes(), '\0');
    for (std::size_t at = 0; at < out.size();) {
        const Result<std::size_t> read = file->read(at, out.data() + at, out.size() - at);
        if (!read) return fail(read.error());
        if (*read == 0) break;
        at += *read;
    }
    return out;
}

inline std::string names(const Area& area, std::string_view of = "/") {
    const Result<std::unique_ptr<Listing>> listing = area.list(path(of));
    if (!listing) return std::string(to_string(listing.error().code));
    std::string out;
    for (;;) {
        const Result<std::vector<Entry>> some = (*listing)->next(7);
        if (!some) return std::string(to_string(some.error().code));
        if (some->empty()) return out;
        for (const Entry& entry : *some) out += (out.empty() ? "" : " ") + entry.name;
    }
}

// "ok", or the error's code: what tables of tests compare.
template <class T>
std::string outcome(const Result<T>& result) {
    return result ? "ok" : std::string(to_string(result.error().code));
}

// Whether anything of ours is left where clients do not see it.
inline std::size_t hidden_count(const std::filesystem::path& below) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(below)) {
        if (is_hidden(entry.path().filename().string())) ++count;
    }
    return count;
}

}  // namespace packetboat::files::testing
