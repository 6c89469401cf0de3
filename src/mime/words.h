#pragma once

#include <string>
#include <vector>

namespace packetboat::mime {

// How the words of a field are given: decoded and UTF-8, or the bytes as they came but for quotes, escapes and folds, as IMAP tells them.
enum class Words : unsigned char { decoded, raw };

// A text of a field in which no encoded words count: without line ends and NUL and, where it is decoded, other controls.
std::string field_text(std::string bytes, Words words);

// A parameter with its value as it came: no encoded words decoded and no charset guessed. A value of the extended form of RFC 2231 is
// decoded to UTF-8 all the same, as RFC 9051 §7.5.2 has it.
struct RawParameter {
    std::string name;  // lower case, without * marks
    std::string value;
    bool extended = false;
    friend bool operator==(const RawParameter&, const RawParameter&) = default;
};

// A Content-Type or, then without a subtype, a Content-Disposition.
struct RawContent {
    std::string type;  // lower case
    std::string subtype;
    std::vector<RawParameter> parameters;
    friend bool operator==(const RawContent&, const RawContent&) = default;
};

}  // namespace packetboat::mime
