#include "smtp/wire/reply_decoder.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace packetboat::smtp::wire {

namespace {

constexpr std::size_t shown_max_bytes = 80;

// Reply-code = %x32-35 %x30-35 %x30-39                                                     RFC 5321 §4.2
// The second digit is any: servers have invented some, and only the first one decides.
bool is_code(std::string_view text) {
    return text.size() >= 3 && text[0] >= '2' && text[0] <= '5' && is_digit(text[1]) && is_digit(text[2]);
}

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

}  // namespace

std::optional<ReplyEvent> ReplyDecoder::next(Mode, std::string_view input, std::size_t& consumed) {
    consumed = 0;
    if (input.empty()) return std::nullopt;
    while (!broken_ && consumed < input.size()) {
        const std::string_view rest = input.substr(consumed);
        const std::size_t lf = rest.substr(0, server_line_max_bytes).find('\n');
        if (lf == std::string_view::npos) {
            if (rest.size() < server_line_max_bytes) return std::nullopt;
            consumed = input.size();
            return bad("an answer without an end: " + quoted(rest));
        }
        consumed += lf + 1;
        if (std::optional<Event> event = line(rest.substr(0, lf))) return event;
    }
    if (!broken_) return std::nullopt;
    consumed = input.size();
    return bad("an answer after one that made no sense");
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF    RFC 5321 §4.2
std::optional<ReplyEvent> ReplyDecoder::line(std::string_view text) {
    bytes_ += text.size() + 1;
    while (text.ends_with('\r')) text.remove_suffix(1);
    if (!is_code(text)) return bad("an answer that is no SMTP reply: " + quoted(text));
    const auto code = static_cast<std::uint16_t>(*parse_u64(text.substr(0, 3)));
    std::string_view rest = text.substr(3);
    const bool more = rest.starts_with('-');
    if (!rest.empty() && !more && rest.front() != ' ' && rest.front() != '\t')
        return bad("an answer that is no SMTP reply: " + quoted(text));
    if (!reply_.lines.empty() && code != reply_.code) return bad("one answer with two codes: " + quoted(text));
    if (bytes_ > server_reply_max_bytes || reply_.lines.size() >= server_reply_max_lines) return bad("an answer that is too long");
    if (!rest.empty()) rest.remove_prefix(1);
    reply_.code = code;
    const std::optional<EnhancedStatus> enhanced = EnhancedStatus::parse(rest);
    if (enhanced && enhanced->kind == code / 100) {
        if (!reply_.enhanced) reply_.enhanced = enhanced;
        rest.remove_prefix(std::min(rest.find(' '), rest.size()));
    }
    reply_.lines.push_back(fit_to_show(trim(rest)));
    if (more) return std::nullopt;
    bytes_ = 0;
    return std::exchange(reply_, {});
}

ReplyEvent ReplyDecoder::bad(std::string why) {
    broken_ = true;
    reply_ = {};
    return BadReply{std::move(why)};
}

}  // namespace packetboat::smtp::wire
