#include <algorithm>

#include "mime/header_lexer.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t line_should_bytes = 78;  // RFC 5322 §2.1.1, without CRLF
constexpr std::size_t line_must_bytes = 998;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Writes a field line by line. A piece is white space and what follows it up to the next, so a line can end before any piece.
class Folder {
public:
    explicit Folder(std::string_view name) : out_(name) {
        out_ += ':';
        line_ = out_.size();
    }

    // `whole`: pieces that belong together, a quoted string, and are kept so where a line is long enough.
    void add(std::string_view whole) {
        if (line_ + whole.size() <= line_should_bytes || whole.size() <= line_should_bytes) {
            add_piece(whole);
            return;
        }
        while (!whole.empty()) {
            const std::string_view piece = first_piece(whole);
            add_piece(piece);
            whole.remove_prefix(piece.size());
        }
    }
    std::string finish() {
        out_ += "\r\n";
        return std::move(out_);
    }

    static std::string_view first_piece(std::string_view text) {
        std::size_t end = 0;
        while (end < text.size() && is_blank(text[end])) ++end;
        while (end < text.size() && !is_blank(text[end])) ++end;
        return text.substr(0, end);
    }

private:
    void add_piece(std::string_view piece) {
        const bool fits = line_ + piece.size() <= line_should_bytes;
        // A piece that is too long for any line stays where it is, rather than leave a line with a name alone.
        const bool helps = piece.size() <= line_should_bytes || line_ + piece.size() > line_must_bytes;
        // A piece of white space alone would make a line that seems empty.
        const bool has_text = std::ranges::any_of(piece, [](char c) { return !is_blank(c); });
        if (!fits && helps && has_text && is_blank(piece.front())) end_line();
        append(piece);
    }
    void end_line() {
        out_ += "\r\n";
        line_ = 0;
    }
    // What has no white space within 998 bytes gets a space, between characters: there is no other way to send it.
    void append(std::string_view text) {
        while (line_ + text.size() > line_must_bytes) {
            std::size_t room = line_must_bytes - line_;
            while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xc0) == 0x80) --room;
            if (room == 0) room = line_must_bytes - line_;
            if (room > 1 && is_blank(text[room - 1]) && !is_blank(text[room])) --room;
            put(text.substr(0, room));
            text.remove_prefix(room);
            end_line();
            if (!is_blank(text.front())) put(" ");
        }
        put(text);
    }
    void put(std::string_view text) {
        out_ += text;
        line_ += text.size();
    }

    std::string out_;
    std::size_t line_ = 0;
};

// Whether a quoted string is open after this piece.
bool in_quotes_after(std::string_view piece, bool in_quotes) {
    for (std::size_t i = 0; i < piece.size(); ++i) {
        if (piece[i] == '\\' && in_quotes) {
            ++i;
        } else if (piece[i] == '"') {
            in_quotes = !in_quotes;
        }
    }
    return in_quotes;
}

}  // namespace

std::string fold(std::string_view name, std::string_view value) {
    std::string text(value);
    std::erase(text, '\0');
    text = " " + unfold(text);
    Folder folder(name);
    bool in_quotes = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view piece = Folder::first_piece(std::string_view(text).substr(at));
        in_quotes = in_quotes_after(piece, in_quotes);
        at += piece.size();
        if (in_quotes && at < text.size()) continue;
        folder.add(std::string_view(text).substr(begin, at - begin));
        begin = at;
    }
    return folder.finish();
}

}  // namespace packetboat::mime
