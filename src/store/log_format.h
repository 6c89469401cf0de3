#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "store/keys.h"

// The log is the only thing that is synced for a commit, and the home of large values: they are written once. It is a row of
// segment files, log/<number in 16 hex digits>, numbers rising by one. A segment:
//
//   segment header (64 bytes)   which one it is, and where in the segment before it the log went over to this one
//   frame, frame, …             a group of commits each
//
// A frame:
//
//   frame header (64 bytes)
//   values                      the large values of the group, back to back, each with its CRC in its record's pointer
//   batch                       a RocksDB write batch with all records of the group, pointers instead of large values
//
// A frame counts when its header and batch have the right CRCs and so has every value the batch points to in it. The log
// ends at the first frame that does not count. Whether that is the torn end of a write that nobody was told of, or damage
// to what was promised, is told by `synced`: a frame behind it says how far the disk had confirmed the log before.
// All numbers are big-endian.
namespace packetboat::store::log {

using records::LogPosition;

inline constexpr std::size_t segment_header_bytes = 64;
inline constexpr std::size_t frame_header_bytes = 64;
inline constexpr std::uint64_t frame_max_bytes = 256 << 20;  // more is a broken length

struct SegmentHeader {
    std::uint64_t number = 0;
    LogPosition before;       // the end of the log when this segment was begun; zeros for the first
    std::uint64_t nonce = 0;  // of this store
};
std::string encode(const SegmentHeader& header);
std::optional<SegmentHeader> parse_segment_header(std::string_view bytes);

struct FrameHeader {
    LogPosition at;            // its own place
    std::uint64_t nonce = 0;   // of this store: random, so that no letter can hold what looks like a frame
    std::uint64_t synced = 0;  // up to which offset of this segment the disk had confirmed before
    std::uint64_t values_bytes = 0;
    std::uint64_t batch_bytes = 0;
    std::uint32_t batch_crc = 0;

    std::uint64_t size_bytes() const { return frame_header_bytes + values_bytes + batch_bytes; }
};
std::string encode(const FrameHeader& header);
std::optional<FrameHeader> parse_frame_header(std::string_view bytes);

// Where a log ends, and the nonce of its store.
struct End {
    LogPosition at;
    std::uint64_t nonce = 0;
};

std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number);
std::optional<std::uint64_t> parse_segment_name(std::string_view name);

}  // namespace packetboat::store::log
