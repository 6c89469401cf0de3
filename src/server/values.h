#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

// How values are written in the configuration.
namespace packetboat::server {

// "64 KiB", "1 MiB", "2 GiB", "512 B", or a plain number of bytes; powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

// "90 s", "5 m", "1 h", "2 d", or a plain number of seconds.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::seconds duration);

// "192.0.2.1:25", "[2001:db8::1]:25", "*:25" for 0.0.0.0.
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace packetboat::server
