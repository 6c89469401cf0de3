#include "pop3/wire/reply_decoder.h"

#include <utility>

#include "base/text.h"

namespace packetboat::pop3::wire {

namespace {

constexpr std::size_t shown_max_bytes = 80;

// Control characters, also those of two bytes that some terminals obey (U+0080 to U+009F), and what is no UTF-8 become "?".
std::string fit_to_show(std::string_view text) {
    const bool utf8 = is_utf8(text);
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto byte = static_cast<unsigned char>(out[i]);
        const bool c1 = byte == 0xc2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xa0;
        if (c1 && utf8) {
            out[i] = out[i + 1] = '?';
        } else if (byte < ' ' || byte == 0x7f || (byte >= 0x80 && !utf8)) {
            out[i] = '?';
        }
    }
    return out;
}

std::string quoted(std::string_view text) {
    return "\"" + escape_control(text.substr(0, shown_max_bytes)) + (text.size() > shown_max_bytes ? "…\"" : "\"");
}

// The status in front of the text; what follows it is a blank or nothing.
bool take_status(std::string_view& text, std::string_view status) {
    if (!iequals(text.substr(0, status.size()), status)) return false;
    if (text.size() > status.size() && text[status.size()] != ' ' && text[status.size()] != '\t') return false;
    text.remove_prefix(status.size());
    text = trim(text);
    return true;
}

}  // namespace

std::optional<ReplyEvent> ReplyDecoder::next(Mode mode, std::string_view input, std::size_t& consumed) {
    consumed = 0;
    if (input.empty()) return std::nullopt;
    if (broken_) {
        consumed = input.size();
        return bad("an answer after one that made no sense");
    }
    if (mode == Mode::body) {
        const BodyReader::Step step = body_.next(input);
        consumed = step.consumed;
        if (step.end) {
            body_ = {};
            return MultiLineEnd{};
        }
        if (step.consumed == 0) return std::nullopt;
        return BodyPiece{step.content};
    }
    const std::size_t lf = input.substr(0, server_line_max_bytes).find('\n');
    if (lf == std::string_view::npos) {
        if (input.size() < server_line_max_bytes) return std::nullopt;
        consumed = input.size();
        return bad("an answer without an end: " + quoted(input));
    }
    consumed = lf + 1;
    std::string_view text = input.substr(0, lf);
    while (text.ends_with('\r')) text.remove_suffix(1);
    return line(mode, text);
}

// response = "+OK" / "-ERR" [SP [resp-code SP] text] CRLF         RFC 2449 §3
// "+" [SP base64] CRLF                                            RFC 5034 §4
ReplyEvent ReplyDecoder::line(Mode mode, std::string_view text) {
    if (mode == Mode::listing) {
        if (text == ".") return MultiLineEnd{};
        if (text.starts_with('.')) text.remove_prefix(1);
        return ListingLine{text};
    }
    std::string_view rest = text;
    const bool positive = take_status(rest, "+OK");
    if (positive || take_status(rest, "-ERR"))
        return ServerReply{.positive = positive, .code = response_code(rest), .text = fit_to_show(rest)};
    if (mode == Mode::sasl && take_status(rest, "+")) return Continuation{std::string(rest)};
    return bad("an answer that is no POP3: " + quoted(text));
}

ReplyEvent ReplyDecoder::bad(std::string why) {
    broken_ = true;
    return BadReply{std::move(why)};
}

}  // namespace packetboat::pop3::wire
