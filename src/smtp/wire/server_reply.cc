#include "smtp/wire/server_reply.h"

#include "base/cursor.h"

namespace packetboat::smtp::wire {

namespace {

// 1*3DIGIT
std::uint16_t small_number(Cursor& in) {
    const std::string_view digits = in.some(is_digit);
    if (digits.size() > 3) in.fail();
    return in.failed() ? std::uint16_t{0} : static_cast<std::uint16_t>(*parse_u64(digits));
}

}  // namespace

std::optional<EnhancedStatus> EnhancedStatus::parse(std::string_view text) {
    Cursor in(text);
    EnhancedStatus status;
    const char kind = in.peek();
    if (kind != '2' && kind != '4' && kind != '5') return std::nullopt;
    in.expect(kind);
    in.expect('.');
    status.kind = static_cast<std::uint8_t>(kind - '0');
    status.subject = small_number(in);
    in.expect('.');
    status.detail = small_number(in);
    if (in.failed() || (!in.at_end() && in.peek() != ' ')) return std::nullopt;
    return status;
}

std::string EnhancedStatus::text() const { return std::to_string(kind) + "." + std::to_string(subject) + "." + std::to_string(detail); }

EnhancedStatus ServerReply::status() const {
    if (enhanced) return *enhanced;
    // RFC 3463 has no class for 3yz; a server that goes on so far is well.
    const unsigned first = code / 100U;
    return {.kind = static_cast<std::uint8_t>(first < 4 ? 2 : first), .subject = 0, .detail = 0};
}

std::string ServerReply::text() const {
    std::string out = std::to_string(code);
    if (enhanced) out += " " + enhanced->text();
    for (const std::string& line : lines) {
        if (!line.empty()) out += " " + line;
    }
    return out;
}

}  // namespace packetboat::smtp::wire
