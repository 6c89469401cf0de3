#include <cstdint>

#include "mime/decode.h"
#include "mime/lines.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t encoded_line_max = 76;  // RFC 2045 §6.7 (5)
constexpr std::size_t text_line_max = 998;    // RFC 5322 §2.1.1
constexpr std::size_t data_line_max = 78;

constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_literal(char c) { return (c >= '!' && c <= '~' && c != '=') || is_space(c); }

// Lines of quoted-printable, kept short by soft breaks.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    // `rest`: this character and what follows it on its line.
    void add(std::string_view rest) {
        const char c = rest.front();
        const bool last = rest.size() == 1;
        const bool literal = is_literal(c) && !(last && is_space(c));
        // Before the last character of a line no room for "=" is needed. At a new line what begins it may be another thing: look again.
        const std::size_t width = literal ? 1 : 3;
        if (column_ + width + (last ? 0 : 1) > encoded_line_max) {
            out_ += "=\r\n";
            column_ = 0;
        }
        if (literal && !(column_ == 0 && is_changed_on_the_way(rest))) {
            out_ += c;
            ++column_;
            return;
        }
        constexpr std::string_view digits = "0123456789ABCDEF";
        const auto byte = static_cast<std::uint8_t>(c);
        out_ += {'=', digits[byte >> 4], digits[byte & 15]};
        column_ += 3;
    }
    void end_line() {
        out_ += "\r\n";
        column_ = 0;
    }

private:
    // Mailboxes put ">" before "From " at the start of a line, and careless SMTP takes or adds a dot.
    static bool is_changed_on_the_way(std::string_view line) { return line.front() == '.' || line.starts_with("From "); }

    std::string& out_;
    std::size_t column_ = 0;
};

// What of a content decides its encoding; one pass.
struct Survey {
    std::size_t escaped = 0;  // bytes that quoted-printable cannot leave as they are
    bool plain = true;        // tab and printable ASCII only
    bool crlf_only = true;    // no line ends with a bare LF
    bool ends_with_space = false;
    bool is_changed = false;  // a line that begins with "From "
    std::size_t longest_line = 0;
};

Survey survey(std::string_view bytes) {
    Survey out;
    Lines lines(bytes);
    while (!lines.at_end()) {
        const std::string_view line = lines.take();
        const std::size_t after = lines.begin() + line.size();
        if (after != lines.next() && bytes[after] != '\r') out.crlf_only = false;
        if (line.size() > out.longest_line) out.longest_line = line.size();
        if (!line.empty() && is_space(line.back())) out.ends_with_space = true;
        if (line.starts_with("From ")) out.is_changed = true;
        for (const char c : line) {
            if (is_literal(c)) continue;
            ++out.escaped;
            if (c != '=') out.plain = false;
        }
    }
    return out;
}

}  // namespace

std::string encode_quoted_printable(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    Writer writer(out);
    Lines lines(text);
    while (!lines.at_end()) {
        std::string_view line = lines.take();
        const bool ended = lines.begin() + line.size() != lines.next();
        for (; !line.empty(); line.remove_prefix(1)) writer.add(line);
        if (ended) writer.end_line();
    }
    return out;
}

Form best_form(std::string_view bytes, bool is_text) {
    const Survey found = survey(bytes);
    if (!is_text) {
        // Other than of a text, its line ends and its spaces are of its content: nothing on the way may find a reason to touch them.
        const bool safe = found.plain && found.crlf_only && !found.ends_with_space && !found.is_changed;
        return safe && found.longest_line <= data_line_max ? Form::seven_bit : Form::base64;
    }
    if (found.plain && !found.is_changed && found.longest_line <= text_line_max) return Form::seven_bit;
    // Quoted-printable adds two bytes for each that it escapes, base64 one for every three: beyond a sixth base64 is shorter, but text that
    // is mostly ASCII stays readable to whoever looks at the source.
    return found.escaped * 6 <= bytes.size() ? Form::quoted_printable : Form::base64;
}

}  // namespace packetboat::mime
