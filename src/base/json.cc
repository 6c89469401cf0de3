#include "base/json.h"

#include <fmt/format.h>

#include "base/text.h"

namespace packetboat {

namespace {
constexpr std::string_view replacement_character = "\xef\xbf\xbd";
}

void append_json_string(std::string& out, std::string_view text) {
    const bool valid = is_utf8(text);
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else if (byte >= 0x80 && !valid) {
            out += replacement_character;
        } else {
            out += c;
        }
    }
    out += '"';
}

void JsonWriter::separate() {
    if (!after_key_ && !first_) out_ += ',';
    after_key_ = false;
    first_ = false;
}

JsonWriter& JsonWriter::open(char first, char last) {
    separate();
    out_ += first;
    open_ += last;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::end() {
    out_ += open_.back();
    open_.pop_back();
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    append_json_string(out_, text);
    return *this;
}

JsonWriter& JsonWriter::value(double number) { return raw(fmt::format("{}", number)); }

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

}  // namespace packetboat
