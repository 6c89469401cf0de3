#include <algorithm>

#include "base/cursor.h"
#include "base/ip.h"
#include "mime/address.h"
#include "mime/header_lexer.h"

namespace packetboat::mime {

namespace {

// RFC 5321 §4.5.3.1; a path of 256 has two brackets.
constexpr std::size_t local_part_max_bytes = 64;
constexpr std::size_t domain_max_bytes = 255;
constexpr std::size_t address_max_bytes = 254;
constexpr std::size_t label_max_bytes = 63;

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE                           RFC 5321 §4.1.2
std::string quoted_string(Cursor& in) {
    std::string text;
    in.expect('"');
    while (!in.at_end() && in.peek() != '"') {
        const bool pair = in.take('\\');
        const char c = in.peek();
        // quoted-pairSMTP = %d92 %d32-126
        if (is_control(c) || (pair && is_8bit(c))) in.fail();
        text += in.take_bytes(1);
    }
    in.expect('"');
    return text;
}

// Local-part = Dot-string / Quoted-string                               RFC 5321 §4.1.2, RFC 6531 §3.3
std::string local_part(Cursor& in) {
    if (in.peek() == '"') return quoted_string(in);
    const std::string_view local = in.some([](char c) { return is_atext(c) || c == '.'; });
    if (!is_dot_atom(local)) in.fail();
    return std::string(local);
}

// sub-domain = Let-dig [Ldh-str] / U-label
bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= label_max_bytes && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || is_8bit(c); });
}

// Domain = sub-domain *("." sub-domain)
bool is_domain(std::string_view domain) {
    for (;;) {
        const std::size_t dot = domain.find('.');
        if (!is_label(domain.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        domain.remove_prefix(dot + 1);
    }
}

// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"      RFC 5321 §4.1.3
bool is_address_literal(std::string_view text) {
    if (text.size() < 2 || !text.starts_with('[') || !text.ends_with(']')) return false;
    text = text.substr(1, text.size() - 2);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return IpAddress::parse(text) && std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
    const std::string_view tag = text.substr(0, colon);
    const std::string_view content = text.substr(colon + 1);
    if (iequals(tag, "IPv6")) return content.contains(':') && IpAddress::parse(content);
    const auto is_dcontent = [](char c) { return c > ' ' && c < 0x7f && c != '[' && c != '\\' && c != ']'; };
    return is_label(tag) && is_ascii(tag) && !std::ranges::all_of(tag, is_digit) && !content.empty() &&
           std::ranges::all_of(content, is_dcontent) && !IpAddress::parse(text);
}

}  // namespace

// Mailbox = Local-part "@" ( Domain / address-literal )                 RFC 5321 §4.1.2
std::optional<Mailbox> parse_address(std::string_view text) {
    const std::string_view address = trim(text);
    if (address.size() > address_max_bytes || !is_utf8(address)) return std::nullopt;
    Cursor in(address);
    Mailbox mailbox;
    mailbox.local = local_part(in);
    const std::size_t local_bytes = in.offset();
    in.expect('@');
    mailbox.domain = std::string(in.take_rest());
    if (in.failed() || local_bytes > local_part_max_bytes || mailbox.domain.size() > domain_max_bytes) return std::nullopt;
    if (!is_domain(mailbox.domain) && !is_address_literal(mailbox.domain)) return std::nullopt;
    return mailbox;
}

}  // namespace packetboat::mime
