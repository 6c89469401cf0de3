#include "directory/address.h"

#include <algorithm>
#include <memory>

#include "base/cursor.h"
#include "base/idn.h"
#include "base/ip.h"
#include "base/text.h"

namespace packetboat::directory {

namespace {

constexpr std::size_t local_part_max_bytes = 64;  // RFC 5321 §4.5.3.1.1
constexpr std::size_t domain_max_bytes = 255;     // §4.5.3.1.2
constexpr std::size_t label_max_bytes = 63;       // RFC 1035 §2.3.4
constexpr std::size_t unicode_domain_max_bytes = 4 * domain_max_bytes;
// A quoted local part may need two bytes for each of its own.
constexpr std::size_t text_max_bytes(std::size_t local_part_bytes) { return 2 * local_part_bytes + 3 + unicode_domain_max_bytes; }

// atext of RFC 5322 §3.2.3 with UTF8-non-ascii (RFC 6531 §3.3).
bool is_atext(char c) {
    return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// qtextSMTP = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii       RFC 5321 §4.1.2
bool is_qtext(char c) { return static_cast<unsigned char>(c) >= 0x80 || (c >= ' ' && c <= '~' && c != '"' && c != '\\'); }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// U+0080 to U+009F, in UTF-8.
bool has_c1_control(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const auto next = static_cast<unsigned char>(text[i + 1]);
        if (text[i] == '\xc2' && next >= 0x80 && next < 0xa0) return true;
    }
    return false;
}

// Dot-string = Atom *("." Atom)                                    RFC 5321 §4.1.2
std::string_view dot_string(Cursor& in) {
    const std::string_view all = in.rest();
    do in.some(is_atext);
    while (in.take('.'));
    return all.substr(0, all.size() - in.rest().size());
}

// Quoted-string = DQUOTE *(qtextSMTP / quoted-pairSMTP) DQUOTE; what is quoted, without the quotes.
std::string quoted_string(Cursor& in) {
    std::string text;
    in.expect('"');
    while (!in.at_end() && in.peek() != '"') {
        if (in.take('\\')) {
            const std::string_view pair = in.take_bytes(1);  // quoted-pairSMTP = %d92 %d32-126
            if (pair.empty() || pair[0] < ' ' || pair[0] > '~') in.fail();
            text += pair;
        } else {
            text += in.some(is_qtext);
        }
    }
    in.expect('"');
    return text;
}

bool is_dot_string(std::string_view text) {
    Cursor in(text);
    dot_string(in);
    return in.ok_and_done();
}

// sub-domain = Let-dig [Ldh-str]                                   RFC 5321 §4.1.2
bool is_label(std::string_view label, bool underscores) {
    return !label.empty() && label.size() <= label_max_bytes && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), [&](char c) { return is_alnum(c) || c == '-' || (underscores && c == '_'); });
}

bool is_domain(std::string_view name, bool underscores) {
    if (name.empty() || name.size() > domain_max_bytes) return false;
    for (;;) {
        const std::size_t dot = name.find('.');
        const std::string_view label = name.substr(0, dot);
        if (!is_label(label, underscores)) return false;
        // No top-level domain is all digits (RFC 3696 §2), so that 192.0.2.1 is never a name.
        if (dot == std::string_view::npos) return !std::all_of(label.begin(), label.end(), is_digit);
        name.remove_prefix(dot + 1);
    }
}

Result<std::string> normalize(std::string_view name, bool underscores) {
    if (name.starts_with('[')) return fail(ErrorCode::invalid, "an address literal is not a domain name");
    std::string ascii;
    if (is_ascii(name)) {
        if (name.size() <= domain_max_bytes) ascii = lower(name);
    } else {
        Result<std::string> converted = to_a_labels(name);
        if (!converted) return converted;
        ascii = lower(*converted);
    }
    if (!is_domain(ascii, underscores)) return fail(ErrorCode::invalid, "not a valid domain name");
    return ascii;
}

// A domain as others have them: a name, or the literal of an address that mail can go to, in its one form.
Result<std::string> normalize_any(std::string_view domain) {
    if (!domain.starts_with('[')) return normalize(domain, true);
    const std::optional<IpAddress> host = IpAddress::parse_literal(domain);
    if (!host) return fail(ErrorCode::invalid, "an address literal that mail cannot go to");
    return host->literal();
}

Result<> check_local_part(std::string_view local_part, std::size_t max_bytes) {
    if (local_part.empty() || local_part.size() > max_bytes)
        return fail(ErrorCode::invalid, "the part before the @ must have 1 to " + std::to_string(max_bytes) + " bytes");
    if (std::any_of(local_part.begin(), local_part.end(), is_control) || !is_utf8(local_part) || has_c1_control(local_part))
        return fail(ErrorCode::invalid, "the part before the @ has characters that an address may not have");
    return {};
}

struct Parts {
    std::string local_part;
    std::string_view domain;
};

// Mailbox = Local-part "@" ( Domain / address-literal )            RFC 5321 §4.1.2
Result<Parts> split(std::string_view text, std::size_t max_bytes) {
    if (text.size() > max_bytes) return fail(ErrorCode::invalid, "too long for an address");
    Cursor in(text);
    Parts parts;
    parts.local_part = in.peek() == '"' ? quoted_string(in) : std::string(dot_string(in));
    in.expect('@');
    if (in.failed()) return fail(ErrorCode::invalid, "not of the form name@domain");
    parts.domain = in.rest();
    return parts;
}

}  // namespace

Result<std::string> normalize_domain(std::string_view name) { return normalize(name, false); }

Result<Address> Address::of(std::string_view local_part, Result<std::string> domain) {
    if (!domain) return fail(std::move(domain).error());
    Address address;
    address.local_part_ = lower(local_part);
    address.domain_ = *std::move(domain);
    return address;
}

Result<Address> Address::from_parts(std::string_view local_part, std::string_view domain) {
    if (Result<> checked = check_local_part(local_part, local_part_max_bytes); !checked) return fail(std::move(checked).error());
    return of(local_part, normalize(domain, false));
}

Result<Address> Address::any_from_parts(std::string_view local_part, std::string_view domain) {
    if (Result<> checked = check_local_part(local_part, any_local_part_max_bytes); !checked) return fail(std::move(checked).error());
    return of(local_part, normalize_any(domain));
}

Result<Address> Address::parse(std::string_view text) {
    const Result<Parts> parts = split(text, text_max_bytes(local_part_max_bytes));
    if (!parts) return fail(parts.error());
    return from_parts(parts->local_part, parts->domain);
}

Result<Address> Address::parse_any(std::string_view text) {
    const Result<Parts> parts = split(text, text_max_bytes(any_local_part_max_bytes));
    if (!parts) return fail(parts.error());
    return any_from_parts(parts->local_part, parts->domain);
}

std::string Address::text() const {
    if (is_dot_string(local_part_)) return local_part_ + "@" + domain_;
    std::string quoted = "\"";
    for (const char c : local_part_) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "\"@" + domain_;
}

}  // namespace packetboat::directory
