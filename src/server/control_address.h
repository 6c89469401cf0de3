#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

#include "base/descriptor.h"

namespace packetboat::server {

// The socket of a data directory. Paths in sockaddr_un are short (108 bytes) and those of data directories need not be, so the address
// goes by way of the directory's descriptor, which `directory` holds.
struct ControlAddress {
    Descriptor directory;
    sockaddr_un address{};

    static ControlAddress in(const std::filesystem::path& data);
    const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&address); }
};

}  // namespace packetboat::server
