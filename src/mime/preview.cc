#include "mime/preview.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mime/header_lexer.h"
#include "mime/lines.h"
#include "mime/reading.h"

namespace packetboat::mime {

namespace {

// Of each part, before decoding. Newsletters have 100 KB of style before the first word.
constexpr std::size_t html_read_max_bytes = 256 * 1024;
constexpr std::size_t text_read_max_bytes = 32 * 1024;
constexpr std::size_t html_text_max_bytes = 8 * 1024;
constexpr std::size_t parts_read_max = 8;

std::string text_of_part(const EmailBodyPart& part, std::string_view message) {
    const bool html = part.type == "text/html";
    EmailBodyPart beginning = part;
    const std::size_t read_max = html ? html_read_max_bytes : text_read_max_bytes;
    beginning.body.end = part.body.begin + static_cast<std::uint32_t>(std::min<std::size_t>(part.body.size(), read_max));
    std::string text = body_value(beginning, message).value;
    if (html) return html_text(text, {.links = false, .max_bytes = html_text_max_bytes});
    return part.flowed ? unflow(text, part.delsp) : text;
}

bool is_quote(std::string_view line) { return line.starts_with('>'); }

// Where what the author wrote has ended.
bool ends_text(std::string_view line) {
    return line == "-- " || line == "--" || line.starts_with("-----Original Message") || line.starts_with("---------- Forwarded message");
}

// Adds words, one space between them.
class Collector {
public:
    Collector(std::string& out, std::size_t characters) : out_(out), left_(characters) {}

    bool full() const { return left_ == 0; }
    void add(std::string_view line) {
        space_ = true;
        while (!line.empty() && left_ > 0) {
            const std::size_t size = character_size(line);
            const std::string_view character = line.substr(0, size);
            line.remove_prefix(size);
            if (is_space_character(character)) {
                space_ = true;
            } else if (!is_invisible(character)) {
                add_character(character);
            }
        }
    }

private:
    static std::size_t character_size(std::string_view utf8) {
        std::size_t size = 1;
        while (size < utf8.size() && (static_cast<unsigned char>(utf8[size]) & 0xc0) == 0x80) ++size;
        return size;
    }
    static bool is_space_character(std::string_view character) {
        if (character.size() == 1) return is_control(character[0]) || character[0] == ' ';
        // U+00A0, U+2007, U+202F, U+3000, U+2028, U+2029
        constexpr std::string_view spaces[] = {"\u00a0", "\u2007", "\u202f", "\u3000", "\u2028", "\u2029"};
        return std::ranges::find(spaces, character) != std::end(spaces);
    }
    // Soft hyphen, joiners and marks that are seen only between letters; U+200C and U+200D belong to words of some languages.
    bool is_invisible(std::string_view character) const {
        constexpr std::string_view always[] = {"\u00ad", "\u034f", "\u180e", "\u200b", "\u200e", "\u200f", "\u2060", "\ufeff"};
        constexpr std::string_view joiners[] = {"\u200c", "\u200d"};
        if (std::ranges::find(always, character) != std::end(always)) return true;
        return (space_ || out_.empty()) && std::ranges::find(joiners, character) != std::end(joiners);
    }
    void add_character(std::string_view character) {
        if (space_ && !out_.empty()) {
            // The space and what follows it, or neither.
            if (left_ < 2) {
                left_ = 0;
                return;
            }
            out_ += ' ';
            --left_;
        }
        space_ = false;
        out_ += character;
        --left_;
    }

    std::string& out_;
    std::size_t left_;
    bool space_ = false;
};

void add_text(Collector& words, std::string_view text, bool own_words_only) {
    Lines lines(text);
    std::string_view held;  // "On Monday, John Doe wrote:", which goes when a quote follows
    while (!lines.at_end() && !words.full()) {
        const std::string_view line = lines.take();
        if (!own_words_only) {
            words.add(line);
            continue;
        }
        if (ends_text(line)) break;
        if (is_quote(line)) {
            held = {};
            continue;
        }
        if (trim(line).empty()) continue;
        words.add(std::exchange(held, {}));
        if (trim(line).ends_with(':')) {
            held = line;
        } else {
            words.add(line);
        }
    }
    words.add(held);
}

std::string preview_of(const EmailBody& body, const std::vector<std::uint32_t>& list, std::string_view message, std::size_t characters,
                       bool own_words_only) {
    std::string out;
    Collector words(out, characters);
    std::size_t read = 0;
    for (const std::uint32_t number : list) {
        const EmailBodyPart& part = body.parts[number];
        if (!part.type.starts_with("text/")) continue;
        if (words.full() || read++ == parts_read_max) break;
        add_text(words, text_of_part(part, message), own_words_only);
    }
    return out;
}

}  // namespace

std::string preview(const EmailBody& body, std::string_view message, std::size_t characters) {
    for (const bool own_words_only : {true, false}) {
        for (const std::vector<std::uint32_t>* list : {&body.text_body, &body.html_body}) {
            std::string out = preview_of(body, *list, message, characters, own_words_only);
            if (!out.empty()) return out;
        }
    }
    return {};
}

}  // namespace packetboat::mime
