#include "store/log_format.h"

#include <fmt/format.h>

#include "base/record.h"
#include "base/text.h"
#include "store/crc32c.h"

namespace packetboat::store::log {
namespace {

constexpr std::string_view segment_magic = "PBlog\x01\r\n";
constexpr std::string_view frame_magic = "PBframe\x01";

// Fills up to `size` and puts the CRC of all before it into the last four bytes.
std::string seal(Writer out, std::size_t size) {
    std::string bytes = out.take();
    bytes.resize(size - 4);
    const std::uint32_t crc = crc32c(bytes);
    return Writer(std::move(bytes)).be32(crc).take();
}

bool sealed(std::string_view bytes, std::size_t size) {
    if (bytes.size() != size) return false;
    RecordReader in(bytes.substr(size - 4));
    return in.be32() == crc32c(bytes.substr(0, size - 4));
}

}  // namespace

std::string encode(const SegmentHeader& header) {
    return seal(Writer().bytes(segment_magic).be64(header.number).be64(header.before.segment).be64(header.before.offset).be64(header.nonce),
                segment_header_bytes);
}

std::optional<SegmentHeader> parse_segment_header(std::string_view bytes) {
    if (!bytes.starts_with(segment_magic) || !sealed(bytes, segment_header_bytes)) return std::nullopt;
    RecordReader in(bytes.substr(segment_magic.size()));
    SegmentHeader header;
    header.number = in.be64();
    header.before.segment = in.be64();
    header.before.offset = in.be64();
    header.nonce = in.be64();
    return header;
}

std::string encode(const FrameHeader& header) {
    Writer out;
    out.bytes(frame_magic).be64(header.at.segment).be64(header.at.offset).be64(header.nonce).be64(header.synced);
    out.be64(header.values_bytes).be64(header.batch_bytes).be32(header.batch_crc);
    return seal(std::move(out), frame_header_bytes);
}

std::optional<FrameHeader> parse_frame_header(std::string_view bytes) {
    if (!bytes.starts_with(frame_magic) || !sealed(bytes, frame_header_bytes)) return std::nullopt;
    RecordReader in(bytes.substr(frame_magic.size()));
    FrameHeader header;
    header.at.segment = in.be64();
    header.at.offset = in.be64();
    header.nonce = in.be64();
    header.synced = in.be64();
    header.values_bytes = in.be64();
    header.batch_bytes = in.be64();
    header.batch_crc = in.be32();
    if (header.values_bytes > frame_max_bytes || header.batch_bytes > frame_max_bytes) return std::nullopt;
    return header;
}

std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number) {
    return directory / fmt::format("{:016x}", number);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    const std::optional<std::string> bytes = name.size() == 16 ? unhex(name) : std::nullopt;
    if (!bytes) return std::nullopt;
    return RecordReader(*bytes).be64();
}

}  // namespace packetboat::store::log
