#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/store.h"

// How the RocksDB engine lays out keys, and the engine's own records. A record of a partition:
//
//   one byte: length of the partition's name · the name · a class byte · the key
//     'b' digest size        how often the partition refers to this blob
//     'c' commit id          what a commit answered
//     'u' the caller's key   the caller's record
//
// No partition has an empty name, so what begins with a zero byte is the engine's own, for all partitions:
//
//     0 'a'                      the log position up to which records have been applied
//     0 'b' digest size name     the partition refers to this blob: for the sweep, which asks by blob
//     0 'd' digest size          when a partition last let go of this blob
//     0 'v' name                 the partition's version; in the order of names, so this is the list of partitions too
namespace packetboat::store::keys {

enum class Class : char { reference = 'b', commit = 'c', user = 'u' };

// Prefix of everything in a partition, and of one class of it.
std::string partition_prefix(std::string_view name);
std::string class_prefix(std::string_view name, Class which);

std::string applied();
std::string version(std::string_view name);
std::string referrer(const BlobRef& blob, std::string_view name);
std::string referrers(const BlobRef& blob);         // prefix of referrer() for every name
std::string referrers_of(std::string_view digest);  // the same whatever the size
std::string released(const BlobRef& blob);
std::string released_of(std::string_view digest);  // prefix of released() for every size
std::string all_released();                        // prefix of all of them
std::string reference(std::string_view name, const BlobRef& blob);
std::string commit(std::string_view name, const CommitId& id);

// A key taken apart.
struct Parsed {
    std::string_view partition;  // empty: the engine's own
    char kind = 0;
    std::string_view rest;
};
std::optional<Parsed> parse(std::string_view key);
// Of a digest and a size, as keys carry them; `rest` keeps what follows.
std::optional<BlobRef> parse_blob(std::string_view& rest);

}  // namespace packetboat::store::keys

namespace packetboat::store::records {

// Version and reference counts.
std::string number(std::uint64_t value);
std::optional<std::uint64_t> parse_number(std::string_view record);

// A reference exists: no more to say than the record's version.
std::string mark();
bool is_mark(std::string_view record);

std::string time(Time when);
std::optional<Time> parse_time(std::string_view record);

struct Commit {
    std::uint64_t version = 0;
    Time when;
    std::string result;
};
std::string commit(std::uint64_t version, Time when, std::string_view result);
std::optional<Commit> parse_commit(std::string_view record);

// Where a value, or a frame, lies in the log.
struct LogPosition {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};
std::string position(LogPosition at);
std::optional<LogPosition> parse_position(std::string_view record);

// A value too large to be moved by compactions stays where the log has it; its record says where.
struct Pointer {
    LogPosition at;
    std::uint64_t size_bytes = 0;
    std::uint32_t crc = 0;
    friend bool operator==(const Pointer&, const Pointer&) = default;
};
std::string inline_value(std::string_view value);
std::string pointer(const Pointer& pointer);

struct Stored {
    std::optional<Pointer> pointer;
    std::string_view value;  // without a pointer
};
std::optional<Stored> parse_stored(std::string_view record);

}  // namespace packetboat::store::records
