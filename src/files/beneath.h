#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/descriptor.h"
#include "base/error.h"
#include "files/files.h"

// The one way by which files are opened: the kernel resolves the path below a directory and refuses what would lead out of it, whatever
// anybody renames meanwhile (openat2(2), RESOLVE_BENEATH). Paths and names here end with a NUL.
namespace packetboat::files {

enum class LastLink : std::uint8_t { follow, refuse };  // the path's last name is a symbolic link; others are followed as long as they stay

// O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added, so that a FIFO or a device makes nobody wait.
Result<Descriptor> open_beneath(int directory, const char* path, int flags, LastLink last = LastLink::follow);
// A name of `directory` itself, on the same disk, no link.
Result<Descriptor> open_child_directory(int directory, const char* name);

struct OpenFile {
    Descriptor descriptor;
    struct stat status{};
};
// For reading. Errors: invalid for anything but a regular file.
Result<OpenFile> open_file(int directory, const char* path, LastLink last = LastLink::follow);

Result<struct stat> status_of(int descriptor);
// Of the name itself, not of what it links to; nullopt: there is none.
Result<std::optional<struct stat>> look(int directory, const char* name);

Entry entry_of(std::string_view name, const struct stat& status);
// What counts for the quota.
std::uint64_t counted_bytes(const struct stat& status);

}  // namespace packetboat::files
