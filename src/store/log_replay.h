#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "store/files.h"
#include "store/log_format.h"

namespace packetboat::store::log {

// A frame as it is read back: its header, and views of its parts that live during the call.
struct Frame {
    FrameHeader header;
    std::string_view values;
    std::string_view batch;
    LogPosition values_at() const { return {header.at.segment, header.at.offset + frame_header_bytes}; }
};
using FrameVisit = std::function<Result<>(const Frame& frame)>;

// Visits the frames of one segment from `from` on; answers where they end. A frame that does not count is the end.
Result<LogPosition> read_segment(files::FileSystem& files, const std::filesystem::path& directory, LogPosition from,
                                 const FrameVisit& visit);

// Visits all frames after the one at `applied` (nullopt: from the beginning) in order, syncs what the last crash left unsynced, and
// answers the end of the log, with a nonce made up if it is new. Errors: internal: what had been promised is damaged or missing, with a
// text that says where.
Result<End> replay(files::FileSystem& files, const std::filesystem::path& directory, std::optional<LogPosition> applied,
                   const FrameVisit& visit);

// The numbers of the segments that are there, rising.
Result<std::vector<std::uint64_t>> segments(files::FileSystem& files, const std::filesystem::path& directory);

// The values that a batch points to between `from` and `to`, which is where its frame has them.
using ValueVisit = std::function<void(std::string_view key, std::string_view record, const records::Pointer& pointer)>;
bool visit_values(std::string_view batch, LogPosition from, LogPosition to, const ValueVisit& visit);

}  // namespace packetboat::store::log
