#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/lines.h"

namespace packetboat::mime {

namespace {

consteval std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xedb8'8320U : 0U);
        table[i] = value;
    }
    return table;
}

// CRC-32 of ISO 3309, which zip files have too.
std::uint32_t crc32(std::string_view bytes) {
    constexpr std::array<std::uint32_t, 256> table = crc_table();
    std::uint32_t crc = 0xffff'ffff;
    for (const char byte : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff];
    return ~crc;
}

// " key=value" of a "=y" line; a name stands last and may hold anything.
std::optional<std::string_view> keyword(std::string_view line, std::string_view key) {
    const std::size_t name = line.find(" name=");
    if (key == "name") return name == std::string_view::npos ? std::nullopt : std::optional(trim(line.substr(name + 6)));
    line = line.substr(0, name);
    for (std::size_t at = line.find(' '); at != std::string_view::npos; at = line.find(' ', at + 1)) {
        std::string_view word = line.substr(at + 1);
        if (!word.starts_with(key) || !word.substr(key.size()).starts_with('=')) continue;
        word.remove_prefix(key.size() + 1);
        return word.substr(0, word.find(' '));
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number(std::string_view line, std::string_view key) {
    const std::optional<std::string_view> value = keyword(line, key);
    return value ? parse_u64(*value) : std::nullopt;
}

std::optional<std::uint32_t> checksum(std::string_view line, std::string_view key) {
    const std::optional<std::string_view> value = keyword(line, key);
    std::uint32_t sum = 0;
    if (!value || std::from_chars(value->data(), value->data() + value->size(), sum, 16).ec != std::errc{}) return std::nullopt;
    return sum;
}

// Every byte is what it was and 42; a critical one stands after "=" and 64 more.
void add_line(std::string_view line, std::string& out) {
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool escaped = line[i] == '=' && i + 1 < line.size();
        if (escaped) ++i;
        if (line[i] == '\r') continue;
        out += static_cast<char>(static_cast<std::uint8_t>(line[i]) - 42 - (escaped ? 64 : 0));
    }
}

struct Header {
    std::optional<std::uint64_t> size;  // of the whole file
    bool is_part = false;
    bool is_all = true;  // the part is the file
};

// Whether what its lines say of the file agrees with its bytes.
bool agrees(const Header& header, std::string_view end_line, const std::string& bytes) {
    if (!header.is_all) return false;
    if (number(end_line, "size").value_or(bytes.size()) != bytes.size()) return false;
    if (header.size.value_or(bytes.size()) != bytes.size()) return false;
    std::optional<std::uint32_t> sum = checksum(end_line, "crc32");
    if (!sum && header.is_part) sum = checksum(end_line, "pcrc32");
    return !sum || *sum == crc32(bytes);
}

void read_lines(Lines& lines, Header header, EncodedFile& file) {
    while (!lines.at_end()) {
        const std::string_view line = lines.take();
        if (line.starts_with("=yend ")) {
            file.whole = agrees(header, line, file.bytes);
            return;
        }
        if (line.starts_with("=ybegin ")) return lines.put_back();
        if (line.starts_with("=ypart ")) {
            const std::optional<std::uint64_t> end = number(line, "end");
            header.is_all = number(line, "begin") == std::uint64_t{1} && end == header.size;
            continue;
        }
        add_line(line, file.bytes);
    }
}

}  // namespace

std::vector<EncodedFile> yencoded_files(std::string_view text, std::size_t files_max) {
    std::vector<EncodedFile> files;
    Lines lines(text);
    while (!lines.at_end() && files.size() < files_max) {
        const std::string_view line = lines.take();
        // Draft 1.3: both must be there for a line to begin a file.
        if (!line.starts_with("=ybegin ")) continue;
        const std::optional<std::string_view> name = keyword(line, "name");
        if (!name || !number(line, "line")) continue;
        EncodedFile file;
        file.begin = lines.begin();
        std::string_view bare = *name;
        if (bare.size() > 1 && bare.starts_with('"') && bare.ends_with('"')) bare = bare.substr(1, bare.size() - 2);
        file.name = to_utf8({}, bare);
        read_lines(lines, {.size = number(line, "size"), .is_part = number(line, "part").has_value()}, file);
        file.end = lines.next();
        files.push_back(std::move(file));
    }
    return files;
}

}  // namespace packetboat::mime
