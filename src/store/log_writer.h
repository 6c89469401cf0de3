#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>

#include "store/files.h"
#include "store/log_format.h"

namespace packetboat::store::log {

// Appends frames and syncs them. One write at a time; sync() and end() from any thread.
class Writer {
public:
    struct Options {
        std::filesystem::path directory;
        std::uint64_t segment_bytes = 64 << 20;  // a segment that has grown so long is followed by the next
        bool durable = true;
    };
    // `end`: where the log ends now. The next frame begins a new segment.
    Writer(std::shared_ptr<files::FileSystem> files, Options options, End end);
    ~Writer();

    // Where a frame after one that ends at `end` goes: there, or to the next segment when this one is full.
    LogPosition after(LogPosition end) const;
    // Where the next frame goes, when no write is under way.
    LogPosition next() const;

    // The header of a frame for the place `at`, its sizes and CRC left to fill in.
    FrameHeader header_for(LogPosition at) const;

    enum class Outcome : std::uint8_t {
        written,   // and on disk, if durable
        refused,   // nothing of it will ever be seen: the log goes on elsewhere
        doubtful,  // nobody knows what the disk has; nothing may be written any more
    };
    struct Written {
        Outcome outcome;
        Error error;
    };
    // `frame` was made for the place `at` = next(), its header included.
    Written write(LogPosition at, std::string_view frame);

    // For a log that is not durable: before records may go to disk, the log they came from must.
    Result<> sync();
    void close();

private:
    Result<> begin_segment(std::uint64_t number);
    Written give_up(Outcome outcome, Error error);

    std::shared_ptr<files::FileSystem> files_;
    Options options_;
    mutable std::mutex mutex_;
    std::unique_ptr<rocksdb::FSWritableFile> file_;  // null: the next frame begins a segment
    LogPosition end_;
    LogPosition before_;  // where the log left the segment before
    std::uint64_t nonce_;
    bool name_synced_ = false;
};

}  // namespace packetboat::store::log
