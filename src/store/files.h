#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/file_system.h>

#include "base/error.h"

// The few things we ask of the file layer. All file operations of the store go through a rocksdb::FileSystem, so that one
// that injects faults covers the log, the blobs and RocksDB alike.
namespace packetboat::store::files {

using FileSystem = rocksdb::FileSystem;

// What the system said, as an error: not_found for a file that is not there, else unavailable.
Error error(const rocksdb::IOStatus& status, std::string_view doing);

// Makes the directory and those above it, each one's name on disk on return.
Result<> make_directory(FileSystem& files, const std::filesystem::path& path);
// Makes names in the directory durable.
Result<> sync_directory(FileSystem& files, const std::filesystem::path& path);

Result<std::vector<std::string>> list(FileSystem& files, const std::filesystem::path& path);
Result<std::uint64_t> size_bytes(FileSystem& files, const std::filesystem::path& path);

// Exactly `count` bytes, or an error; fewer only when `count` reaches beyond the end.
Result<std::string> read(const rocksdb::FSRandomAccessFile& file, std::uint64_t offset, std::size_t count);
Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> open(FileSystem& files, const std::filesystem::path& path);

}  // namespace packetboat::store::files
