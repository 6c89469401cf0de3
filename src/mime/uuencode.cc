#include <cstdint>
#include <optional>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/lines.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t spare_max = 3;  // what some encoders add to a line: a check sum, a space that keeps its end

struct Begin {
    bool base64 = false;
    std::string_view name;
};

// begin = ("begin" / "begin-base64") SP 3*4OCTDIGIT SP name            uuencode(5)
std::optional<Begin> parse_begin(std::string_view line) {
    Begin begin;
    if (line.starts_with("begin-base64 ")) {
        begin.base64 = true;
        line.remove_prefix(13);
    } else if (line.starts_with("begin ")) {
        line.remove_prefix(6);
    } else {
        return std::nullopt;
    }
    std::size_t digits = 0;
    while (digits < line.size() && line[digits] >= '0' && line[digits] <= '7') ++digits;
    if (digits < 3 || digits > 4 || digits == line.size() || line[digits] != ' ') return std::nullopt;
    begin.name = trim(line.substr(digits));
    if (begin.name.empty()) return std::nullopt;
    return begin;
}

constexpr bool is_uu(char c) { return c >= ' ' && c <= '`'; }
constexpr std::uint32_t uu_value(char c) { return static_cast<std::uint32_t>(c - ' ') & 63; }

// length 1*(4 characters of 6 bits each). Transport may have eaten spaces at the end, which are zeros: they are made up, and taken from
// `lost`, the bytes of them that there may still be. false: no such line, or one that lost more than that; nothing added.
bool add_line(std::string_view line, std::size_t& lost, std::string& out) {
    if (line.empty()) return false;
    for (const char c : line) {
        if (!is_uu(c)) return false;
    }
    std::size_t bytes = uu_value(line.front());
    line.remove_prefix(1);
    if (bytes == 0 || line.size() > (bytes + 2) / 3 * 4 + spare_max) return false;
    const std::size_t whole = (line.size() * 6 + 7) / 8;  // bytes of which some bits are there
    const std::size_t made_up = bytes > whole ? bytes - whole : 0;
    if (made_up > lost) return false;
    lost -= made_up;
    const auto value = [line](std::size_t i) { return i < line.size() ? uu_value(line[i]) : 0; };
    for (std::size_t i = 0; bytes > 0; i += 4) {
        const std::uint32_t bits = value(i) << 18 | value(i + 1) << 12 | value(i + 2) << 6 | value(i + 3);
        for (unsigned shift = 16; bytes > 0; shift -= 8) {
            out += static_cast<char>(bits >> shift);
            --bytes;
            if (shift == 0) break;
        }
    }
    return true;
}

// Its last line says that there are no more bytes; many encoders left it out, and spaces go on the way.
bool is_zero_line(std::string_view line) { return line.empty() || line == "`" || trim(line).empty(); }

// Lines up to "end", or to the first that cannot be one; it is not taken.
void read_uu(Lines& lines, std::size_t& lost, EncodedFile& file) {
    while (!lines.at_end()) {
        std::string_view line = lines.take();
        const bool zero = is_zero_line(line);
        if (!zero && add_line(line, lost, file.bytes)) continue;
        if (zero) {
            if (lines.at_end()) return;
            line = lines.take();
        }
        file.whole = trim(line) == "end";
        if (!file.whole) lines.put_back();
        return;
    }
}

// begin-base64: lines of base64 up to "====".
void read_base64(Lines& lines, EncodedFile& file) {
    std::string text;
    while (!lines.at_end()) {
        const std::string_view line = lines.take();
        if (line == "====") {
            file.whole = true;
            break;
        }
        for (const char c : trim(line)) {
            if (is_alnum(c) || c == '+' || c == '/' || c == '=') continue;
            lines.put_back();
            file.bytes = decode_base64(text);
            return;
        }
        text += line;
    }
    file.bytes = decode_base64(text);
}

}  // namespace

std::vector<EncodedFile> uuencoded_files(std::string_view text, std::size_t files_max) {
    std::vector<EncodedFile> files;
    Lines lines(text);
    std::size_t lost = text.size() + lost_spaces_max_bytes;
    while (!lines.at_end() && files.size() < files_max) {
        const std::optional<Begin> begin = parse_begin(lines.take());
        if (!begin) continue;
        EncodedFile file;
        file.begin = lines.begin();
        if (begin->base64) {
            read_base64(lines, file);
        } else {
            read_uu(lines, lost, file);
        }
        // A sentence may begin like that; a file has a line of data or an end.
        if (file.bytes.empty() && !file.whole) continue;
        file.name = to_utf8({}, begin->name);
        file.end = lines.next();
        files.push_back(std::move(file));
    }
    return files;
}

}  // namespace packetboat::mime
