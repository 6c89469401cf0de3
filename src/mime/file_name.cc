#include <algorithm>
#include <array>

#include "mime/charset.h"
#include "mime/content.h"
#include "mime/header_lexer.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t file_name_max_bytes = 200;
constexpr std::size_t extension_max_bytes = 20;

constexpr std::string_view devices[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};

// Windows opens a device for these names, whatever their extension.
bool is_device(std::string_view name) {
    const std::string stem = lower(trim(name.substr(0, name.find('.'))));
    if (std::ranges::find(devices, stem) != std::end(devices)) return true;
    if (!stem.starts_with("com") && !stem.starts_with("lpt")) return false;
    const std::string_view port = std::string_view(stem).substr(3);
    return (port.size() == 1 && is_digit(port[0])) || port == "\xC2\xB9" || port == "\xC2\xB2" || port == "\xC2\xB3";
}

// Characters that are not seen and turn the order of others around, to make "exe.txt" of "txt.exe": U+061C, U+200E, U+200F, U+202A to
// U+202E, U+2066 to U+2069; and the line and paragraph separators U+2028, U+2029.
bool is_invisible(std::string_view character) {
    if (character == "\xD8\x9C") return true;
    if (character.size() != 3 || character[0] != '\xE2') return false;
    const auto last = static_cast<unsigned char>(character[2]);
    return (character[1] == '\x80' && (last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae))) ||
           (character[1] == '\x81' && last >= 0xa6 && last <= 0xa9);
}

std::size_t character_size(std::string_view utf8, std::size_t at) {
    std::size_t end = at + 1;
    while (end < utf8.size() && (static_cast<unsigned char>(utf8[end]) & 0xc0) == 0x80) ++end;
    return end - at;
}

std::string visible(std::string_view utf8) {
    std::string out;
    for (std::size_t i = 0; i < utf8.size();) {
        const std::string_view character = utf8.substr(i, character_size(utf8, i));
        i += character.size();
        if (character == "\t") {
            out += ' ';
        } else if (character.size() == 1 && std::string_view("<>:\"|?*").contains(character[0])) {
            out += '_';
        } else if (!is_invisible(character)) {
            out += character;
        }
    }
    return out;
}

// The last component that is one: "C:\docs\a.txt" and "../../a.txt" are "a.txt".
std::string_view last_component(std::string_view name) {
    const std::size_t last = name.find_last_not_of("/\\ ");
    if (last == std::string_view::npos) return {};
    name = name.substr(0, last + 1);
    return name.substr(name.find_last_of("/\\") + 1);
}

std::string_view without_outer_dots(std::string_view name) {
    const std::size_t first = name.find_first_not_of(". ");
    if (first == std::string_view::npos) return {};
    return name.substr(first, name.find_last_not_of(". ") - first + 1);
}

std::string_view cut(std::string_view utf8, std::size_t max_bytes) {
    if (utf8.size() <= max_bytes) return utf8;
    std::size_t end = max_bytes;
    while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xc0) == 0x80) --end;
    return utf8.substr(0, end);
}

// Cut in the stem, so that the extension still says what it is.
std::string shortened(std::string_view name) {
    if (name.size() <= file_name_max_bytes) return std::string(name);
    const std::size_t dot = name.rfind('.');
    const std::string_view extension =
        dot != std::string_view::npos && name.size() - dot <= extension_max_bytes ? name.substr(dot) : std::string_view{};
    const std::string_view stem = cut(name.substr(0, name.size() - extension.size()), file_name_max_bytes - extension.size());
    return std::string(without_outer_dots(stem)) + std::string(extension);
}

}  // namespace

std::string file_name(const ContentType& type, const std::optional<ContentDisposition>& disposition) {
    const std::string_view of_disposition = disposition ? disposition->parameter("filename") : std::string_view{};
    return std::string(of_disposition.empty() ? type.parameter("name") : of_disposition);
}

std::string safe_file_name(std::string_view name) {
    const std::string clean = visible(without_controls(valid_utf8(name)));
    std::string safe = shortened(without_outer_dots(last_component(clean)));
    if (safe.empty()) return "attachment";
    return is_device(safe) ? "_" + std::string(without_outer_dots(cut(safe, file_name_max_bytes - 1))) : safe;
}

}  // namespace packetboat::mime
