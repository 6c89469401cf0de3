#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace packetboat::mime {

// Conversions by ICU's converters, of which each thread keeps a few open. `name` is one of ICU's, or an alias it knows.

// nullopt: ICU does not have this converter. What is malformed becomes U+FFFD.
std::optional<std::string> icu_to_utf8(std::string_view name, std::string_view bytes);
// nullopt also when a character cannot be said. `utf8` is valid UTF-8.
std::optional<std::string> icu_from_utf8(std::string_view name, std::string_view utf8);
// An alias that ICU knows, by its table alone: never asks the disk for a file of that name.
bool icu_knows(std::string_view name);

}  // namespace packetboat::mime
