#include "store/keys.h"

#include <algorithm>
#include <cassert>

#include "base/record.h"

namespace packetboat::store {

namespace keys {
namespace {

constexpr char own = '\0';

Writer own_key(char kind) { return Writer(std::string{own, kind}); }

Writer& put_blob(Writer& out, const BlobRef& blob) { return out.bytes(blob.digest()).be64(blob.size_bytes); }

}  // namespace

std::string partition_prefix(std::string_view name) {
    assert(!name.empty() && name.size() <= partition_max_bytes);
    return Writer().u8(static_cast<std::uint8_t>(name.size())).bytes(name).take();
}

std::string class_prefix(std::string_view name, Class which) { return partition_prefix(name) + static_cast<char>(which); }

std::string applied() { return own_key('a').take(); }
std::string version(std::string_view name) { return own_key('v').bytes(name).take(); }

std::string referrers(const BlobRef& blob) {
    Writer out = own_key('b');
    return put_blob(out, blob).take();
}
std::string referrers_of(std::string_view digest) { return own_key('b').bytes(digest).take(); }
std::string referrer(const BlobRef& blob, std::string_view name) { return referrers(blob).append(name); }

std::string released(const BlobRef& blob) {
    Writer out = own_key('d');
    return put_blob(out, blob).take();
}

std::string released_of(std::string_view digest) { return own_key('d').bytes(digest).take(); }
std::string all_released() { return own_key('d').take(); }

std::string reference(std::string_view name, const BlobRef& blob) {
    Writer out(class_prefix(name, Class::reference));
    return put_blob(out, blob).take();
}

std::string commit(std::string_view name, const CommitId& id) { return class_prefix(name, Class::commit).append(id.view()); }

std::optional<Parsed> parse(std::string_view key) {
    if (key.size() < 2) return std::nullopt;
    if (key[0] == own) return Parsed{{}, key[1], key.substr(2)};
    const std::size_t length = static_cast<unsigned char>(key[0]);
    if (length > partition_max_bytes || key.size() < length + 2) return std::nullopt;
    return Parsed{key.substr(1, length), key[length + 1], key.substr(length + 2)};
}

std::optional<BlobRef> parse_blob(std::string_view& rest) {
    RecordReader in(rest);
    BlobRef blob;
    const std::string_view digest = in.bytes(blob.sha256.size());
    blob.size_bytes = in.be64();
    if (in.failed()) return std::nullopt;
    std::ranges::copy(digest, blob.sha256.begin());
    rest = in.rest();
    return blob;
}

}  // namespace keys

namespace records {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::uint8_t stored_inline = 1;
constexpr std::uint8_t stored_in_log = 2;

}  // namespace

std::string number(std::uint64_t value) { return Writer().u8(format).varint(value).take(); }

std::optional<std::uint64_t> parse_number(std::string_view record) {
    RecordReader in(record);
    const bool known = in.u8() == format;
    const std::uint64_t value = in.varint();
    if (!known || !in.ok_and_done()) return std::nullopt;
    return value;
}

std::string mark() { return Writer().u8(format).take(); }
bool is_mark(std::string_view record) { return record == mark(); }

std::string time(Time when) { return Writer().u8(format).be64(static_cast<std::uint64_t>(when.micros)).take(); }

std::optional<Time> parse_time(std::string_view record) {
    RecordReader in(record);
    const bool known = in.u8() == format;
    const Time when{static_cast<std::int64_t>(in.be64())};
    if (!known || !in.ok_and_done()) return std::nullopt;
    return when;
}

std::string commit(std::uint64_t version, Time when, std::string_view result) {
    return Writer().u8(format).be64(static_cast<std::uint64_t>(when.micros)).varint(version).text(result).take();
}

std::optional<Commit> parse_commit(std::string_view record) {
    RecordReader in(record);
    const bool known = in.u8() == format;
    Commit commit;
    commit.when.micros = static_cast<std::int64_t>(in.be64());
    commit.version = in.varint();
    commit.result = in.text();
    if (!known || !in.ok_and_done()) return std::nullopt;
    return commit;
}

std::string position(LogPosition at) { return Writer().u8(format).be64(at.segment).be64(at.offset).take(); }

std::optional<LogPosition> parse_position(std::string_view record) {
    RecordReader in(record);
    const bool known = in.u8() == format;
    LogPosition at;
    at.segment = in.be64();
    at.offset = in.be64();
    if (!known || !in.ok_and_done()) return std::nullopt;
    return at;
}

std::string inline_value(std::string_view value) {
    std::string out;
    out.reserve(1 + value.size());
    out += static_cast<char>(stored_inline);
    out += value;
    return out;
}

std::string pointer(const Pointer& pointer) {
    return Writer()
        .u8(stored_in_log)
        .varint(pointer.at.segment)
        .varint(pointer.at.offset)
        .varint(pointer.size_bytes)
        .be32(pointer.crc)
        .take();
}

std::optional<Stored> parse_stored(std::string_view record) {
    RecordReader in(record);
    const std::uint8_t how = in.u8();
    if (how == stored_inline) return Stored{std::nullopt, record.substr(1)};
    if (how != stored_in_log) return std::nullopt;
    Pointer pointer;
    pointer.at.segment = in.varint();
    pointer.at.offset = in.varint();
    pointer.size_bytes = in.varint();
    pointer.crc = in.be32();
    if (!in.ok_and_done()) return std::nullopt;
    return Stored{pointer, {}};
}

}  // namespace records
}  // namespace packetboat::store
