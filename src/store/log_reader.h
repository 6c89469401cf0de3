#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "store/files.h"
#include "store/log_format.h"

namespace packetboat::store::log {

// Reads values out of the log. From any thread.
class Reader {
public:
    Reader(std::shared_ptr<files::FileSystem> files, std::filesystem::path directory);
    ~Reader();

    // The value, its CRC checked. Errors: not_found: the segment has been removed, which a view that was opened anew does
    // not see; unavailable: cannot be read; internal: it is not what was written.
    Result<std::string> read(const records::Pointer& pointer);
    // The same from memory only; nullopt when that would wait for the disk, or for any reason to ask read() instead.
    std::optional<std::string> read_if_cached(const records::Pointer& pointer);

    // Forgets the segment's open file.
    void forget(std::uint64_t segment);

private:
    struct Segment;
    Result<std::shared_ptr<Segment>> segment(std::uint64_t number);

    std::shared_ptr<files::FileSystem> files_;
    std::filesystem::path directory_;
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Segment>> open_;
};

}  // namespace packetboat::store::log
