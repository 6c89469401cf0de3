#include "mime/encoded_word.h"

#include <algorithm>
#include <string>

#include "mime/decode.h"
#include "mime/header_lexer.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t charset_max_bytes = 64;

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    c = to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_base64_char(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '='; }

// The Q encoding (RFC 2047 §4.2). A fold inside a word was put there by a mailer that folds by length alone, and is no part of it.
std::string decode_q(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' || text[i] == '\n') {
            while (i + 1 < text.size() && is_space(text[i + 1])) ++i;
        } else if (text[i] == '_') {
            out += ' ';
        } else if (text[i] == '=' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

// Bytes beyond ASCII that stand in a word as they are have been converted to UTF-8 with all the text around them, and the label was not.
bool was_converted(std::string_view q_text, std::string_view bytes) { return !is_ascii(q_text) && is_utf8(bytes); }

// What a run of encoded words says. Characters, and even base64 groups, that were split over two words of one charset come together again,
// so bytes are converted only when the run or the charset ends.
class Run {
public:
    explicit Run(std::string& out) : out_(out) {}

    bool open() const { return open_; }

    void add(const EncodedWord& word) {
        if (word.encoding == 'b') {
            begin(word.charset);
            add_base64(word.text);
            return;
        }
        const std::string bytes = decode_q(word.text);
        begin(was_converted(word.text, bytes) ? "utf-8" : word.charset);
        end_base64();
        add_bytes(bytes);
    }

    void close() {
        end_base64();
        convert();
        open_ = false;
    }

private:
    void begin(std::string_view charset) {
        if (open_ && !iequals(charset_, charset)) close();
        charset_ = charset;
        open_ = true;
    }
    void add_base64(std::string_view text) {
        std::ranges::copy_if(text, std::back_inserter(base64_), is_base64_char);
        const std::size_t whole = base64_.contains('=') ? base64_.size() : base64_.size() / 4 * 4;
        add_bytes(decode_base64(std::string_view(base64_).substr(0, whole)));
        base64_.erase(0, whole);
    }
    void end_base64() {
        if (!base64_.empty()) add_bytes(decode_base64(base64_));
        base64_.clear();
    }
    // ISO 2022: a word that begins with an escape sequence does not go on where the last one stopped.
    void add_bytes(const std::string& bytes) {
        if (bytes.starts_with('\x1b')) convert();
        bytes_ += bytes;
    }
    void convert() {
        out_ += without_controls(text_of(charset_, bytes_));
        bytes_.clear();
    }

    std::string& out_;
    std::string_view charset_;
    std::string bytes_;
    std::string base64_;  // less than a group of four
    bool open_ = false;
};

std::string without_line_ends(std::string_view text) {
    std::string out(text);
    std::erase_if(out, [](char c) { return c == '\r' || c == '\n'; });
    return out;
}

// `plain` says what becomes of the text between.
template <class Plain>
std::string decode_with(std::string_view text, Plain plain) {
    std::string out;
    out.reserve(text.size());
    Run run(out);
    std::size_t done = 0;
    for (std::size_t at = text.find("=?"); at != std::string_view::npos;) {
        const std::optional<EncodedWord> word = encoded_word(text.substr(at));
        if (!word) {
            at = text.find("=?", at + 2);
            continue;
        }
        const std::string_view between = text.substr(done, at - done);
        // RFC 2047 §6.2: white space between two encoded words is no text.
        if (!run.open() || !std::ranges::all_of(between, is_space)) {
            run.close();
            out += plain(between);
        }
        run.add(*word);
        done = at + word->size;
        at = text.find("=?", done);
    }
    run.close();
    out += plain(text.substr(done));
    return out;
}

std::string_view trim_space(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

std::optional<EncodedWord> encoded_word(std::string_view text) {
    if (!text.starts_with("=?")) return std::nullopt;
    EncodedWord word;
    std::size_t at = 2;
    while (at < text.size() && at - 2 <= charset_max_bytes && text[at] != '?' && !is_space(text[at]) && !is_control(text[at])) ++at;
    word.charset = text.substr(2, at - 2);
    word.charset = word.charset.substr(0, word.charset.find('*'));
    if (text.size() < at + 3 || text[at] != '?' || text[at + 2] != '?') return std::nullopt;
    word.encoding = to_lower(text[at + 1]);
    if (word.encoding != 'q' && word.encoding != 'b') return std::nullopt;
    const std::size_t begin = at + 3;
    for (at = begin; at + 1 < text.size(); ++at) {
        if (text[at] == '?' && text[at + 1] == '=') {
            word.text = text.substr(begin, at - begin);
            word.size = at + 2;
            return word;
        }
        // The next one begins, this one was never ended; "=?=" is an "=" before the end.
        if (text[at] == '=' && text[at + 1] == '?' && (at + 2 == text.size() || text[at + 2] != '=')) return std::nullopt;
    }
    return std::nullopt;
}

std::string decode_words(std::string_view text) {
    return decode_with(text, [](std::string_view plain) { return plain; });
}

std::string unfold(std::string_view value) { return without_line_ends(trim_space(value)); }

std::string unstructured(std::string_view value) {
    const auto plain = [](std::string_view text) { return text_of(without_line_ends(text)); };
    return without_controls(decode_with(trim_space(value), plain));
}

}  // namespace packetboat::mime
