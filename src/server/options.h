#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/configuration.h"

// The table of everything that can be set: one row is the parser, the default and the documentation.
namespace packetboat::server {

// Where a value of each kind lives in a Configuration.
using TextField = std::string& (*)(Configuration&);
using PathField = std::filesystem::path& (*)(Configuration&);
using FlagField = bool& (*)(Configuration&);
struct CountField {
    std::uint64_t& (*at)(Configuration&);
    std::uint64_t min = 0;
    std::uint64_t max = UINT32_MAX;
};
struct SizeField {
    std::uint64_t& (*at)(Configuration&);
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
};
struct DurationField {
    std::chrono::seconds& (*at)(Configuration&);
    std::chrono::seconds min;
    std::chrono::seconds max;
};
using DurationsField = std::vector<std::chrono::seconds>& (*)(Configuration&);  // at least one, at most 32, each from 1 s to 30 d
using AddressesField = std::vector<IpAddress>& (*)(Configuration&);
using EndpointsField = std::vector<Endpoint>& (*)(Configuration&);
// One of a few words.
struct ChoiceField {
    std::string_view words;                           // "debug info warning error"
    void (*set)(Configuration&, std::size_t chosen);  // the word's position
    std::size_t (*get)(const Configuration&);
};
using Field = std::variant<TextField, PathField, FlagField, CountField, SizeField, DurationField, DurationsField, AddressesField,
                           EndpointsField, ChoiceField>;

struct Option {
    std::string_view key;  // "smtp.message_max"
    Field field;
    std::string_view default_text;  // as it would be written in the file, without TOML's quotes; lists comma-separated
    bool restart = false;           // a reload does not change it
    std::string_view help;          // one or two sentences
};

std::span<const Option> options();

// Sets one option from a text in its default_text form. Error: what is wrong with it, and what would be right.
Result<> set_option(Configuration& configuration, const Option& option, std::string_view text);
Result<> set_option(Configuration& configuration, const Option& option, const std::vector<std::string>& list);
// The value as a text in the same form.
std::string option_text(const Configuration& configuration, const Option& option);

// Whether the file has a list for it.
bool is_list(const Option& option);

// What the file writes: "50 MiB" as a quoted text, true and numbers bare, lists in brackets.
std::string toml_value(const Option& option, std::string_view text);

}  // namespace packetboat::server
