#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mime/charset.h"
#include "mime/header_lexer.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

// RFC 2047 §2 allows 75; with "Subject: " before it a word of 66 still stands in a line of 76.
constexpr std::size_t word_max_bytes = 66;
constexpr std::string_view q_prefix = "=?utf-8?Q?";
constexpr std::string_view b_prefix = "=?utf-8?B?";
constexpr std::size_t room_bytes = word_max_bytes - q_prefix.size() - 2;
// What no line can be folded at is encoded, so that it can.
constexpr std::size_t unbroken_max_bytes = 200;
constexpr std::size_t blanks_max = 20;

// The characters that may stand for themselves wherever encoded words may (RFC 2047 §5 (3)).
bool is_q_plain(char c) { return is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/'; }

std::size_t character_size(std::string_view utf8, std::size_t at) {
    std::size_t end = at + 1;
    while (end < utf8.size() && (static_cast<unsigned char>(utf8[end]) & 0xc0) == 0x80) ++end;
    return end - at;
}

// Whether a code point belongs to the character before it, as a person sees it (UAX #29, without emoji sequences' and flags' finer points).
bool continues(UChar32 code_point) {
    switch (u_getIntPropertyValue(code_point, UCHAR_GRAPHEME_CLUSTER_BREAK)) {
        case U_GCB_EXTEND:
        case U_GCB_ZWJ:
        case U_GCB_SPACING_MARK:
        case U_GCB_V:
        case U_GCB_T: return true;
        default: return false;
    }
}

// What a person sees as one character: a letter with its marks, emoji that are joined. No more is looked at than fits into a word.
std::size_t cluster_size(std::string_view utf8, std::size_t at) {
    constexpr UChar32 joiner = 0x200d;
    std::size_t end = at + character_size(utf8, at);
    bool joined = false;
    while (end < utf8.size() && end - at <= room_bytes && is_8bit(utf8[end])) {
        auto next = static_cast<std::int64_t>(end);
        UChar32 code_point = 0;
        U8_NEXT(utf8.data(), next, static_cast<std::int64_t>(utf8.size()), code_point);
        if (!joined && !continues(code_point)) break;
        joined = code_point == joiner;
        end = static_cast<std::size_t>(next);
    }
    return end - at;
}

std::string q_encoded(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        if (is_q_plain(c)) {
            out += c;
        } else if (c == ' ') {
            out += '_';
        } else {
            out += fmt::format("={:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::size_t q_size(std::string_view bytes) {
    std::size_t size = 0;
    for (const char c : bytes) size += is_q_plain(c) || c == ' ' ? 1 : 3;
    return size;
}

// How many bytes of `utf8` go into a word with so much room: whole characters as a person sees them; of one that is larger than a word,
// whole code points.
std::size_t fitting(std::string_view utf8, bool q, std::size_t room) {
    const auto fill = [&](auto size_at) {
        std::size_t end = 0;
        for (std::size_t used = 0; end < utf8.size();) {
            const std::string_view next = utf8.substr(end, size_at(utf8, end));
            used += q ? q_size(next) : next.size();
            if (used > room) break;
            end += next.size();
        }
        return end;
    };
    const std::size_t whole = fill(cluster_size);
    return whole > 0 ? whole : fill(character_size);
}

// One or more encoded words.
std::string encoded(std::string_view utf8) {
    const std::size_t q_bytes = q_size(utf8);
    const bool q = q_bytes <= (utf8.size() + 2) / 3 * 4;
    const std::size_t room = q ? room_bytes : room_bytes / 4 * 3;

    std::string out;
    for (std::size_t begin = 0; begin < utf8.size();) {
        const std::string_view part = utf8.substr(begin, fitting(utf8.substr(begin), q, room));
        if (!out.empty()) out += ' ';
        out += q ? std::string(q_prefix) + q_encoded(part) : std::string(b_prefix) + base64_encode(part);
        out += "?=";
        begin += part.size();
    }
    return out;
}

// White space, a word, and whether the two can stand as they are.
struct Piece {
    std::string_view blanks;
    std::string_view word;
    bool plain = true;
};

std::vector<Piece> pieces_of(std::string_view utf8) {
    std::vector<Piece> pieces;
    for (std::size_t at = 0; at < utf8.size();) {
        const std::size_t word = std::min(utf8.find_first_not_of(" \t", at), utf8.size());
        const std::size_t end = std::min(utf8.find_first_of(" \t", word), utf8.size());
        pieces.push_back({.blanks = utf8.substr(at, word - at), .word = utf8.substr(word, end - word)});
        at = end;
    }
    return pieces;
}

bool is_plain(std::string_view word) {
    return word.size() <= unbroken_max_bytes && !word.contains("=?") && std::ranges::none_of(word, is_8bit);
}

std::string encode_unstructured(std::string_view utf8) {
    std::vector<Piece> pieces = pieces_of(utf8);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        // White space around the whole value is lost on the way, and long runs of it cannot be folded.
        const bool outer = (i == 0 && !pieces[i].blanks.empty()) || pieces[i].word.empty();
        pieces[i].plain = is_plain(pieces[i].word) && !outer && pieces[i].blanks.size() <= blanks_max;
        if (i > 0 && (pieces[i].word.empty() || pieces[i].blanks.size() > blanks_max)) pieces[i - 1].plain = false;
    }
    std::string out;
    for (std::size_t i = 0; i < pieces.size();) {
        if (pieces[i].plain) {
            out.append(pieces[i].blanks).append(pieces[i].word);
            ++i;
            continue;
        }
        // A run goes into its words with the white space inside it, for that between two words is not read.
        std::size_t end = i;
        while (end < pieces.size() && !pieces[end].plain) ++end;
        if (i > 0) out.append(pieces[i].blanks);
        const char* const begin = i > 0 ? pieces[i].word.data() : pieces[i].blanks.data();
        const std::string_view last = pieces[end - 1].word;
        out += encoded({begin, static_cast<std::size_t>(last.data() + last.size() - begin)});
        i = end;
    }
    return out;
}

// phrase = 1*(atom / encoded-word): single spaces are all that stays between atoms.
std::string encode_phrase(std::string_view utf8) {
    const std::vector<Piece> pieces = pieces_of(utf8);
    const auto is_atom = [](const Piece& piece) {
        return is_plain(piece.word) && !piece.word.empty() && std::ranges::all_of(piece.word, is_atext);
    };
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (!is_atom(pieces[i]) || pieces[i].blanks != (i == 0 ? "" : " ")) return encoded(utf8);
    }
    return std::string(utf8);
}

}  // namespace

std::string encode_words(std::string_view utf8, WordPlace place) {
    const std::string text = without_controls(valid_utf8(utf8));
    return place == WordPlace::phrase ? encode_phrase(text) : encode_unstructured(text);
}

}  // namespace packetboat::mime
