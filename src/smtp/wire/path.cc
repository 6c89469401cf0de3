#include "smtp/wire/path.h"

#include <algorithm>

#include "base/ip.h"
#include "base/text.h"

namespace packetboat::smtp::wire {

namespace {

constexpr bool is_dot_atext(char c) { return is_atext(c) || c == '.'; }
constexpr bool is_ldh(char c) { return is_alnum(c) || c == '-'; }
// Underscores are in many a host's name, and U-labels in RFC 6531's domains.
constexpr bool is_domain_char(char c) { return is_ldh(c) || c == '.' || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
// dcontent = %d33-90 / %d94-126
constexpr bool is_dcontent(char c) { return (c >= 33 && c <= 90) || (c >= 94 && c <= 126); }
constexpr bool is_printable(char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; }

// Dot-string = Atom *("." Atom)
bool is_dot_string(std::string_view text) {
    return !text.empty() && text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos &&
           std::ranges::all_of(text, is_dot_atext);
}

// Quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE
std::string quoted_string(Cursor& in) {
    std::string out;
    in.expect('"');
    while (!in.failed() && !in.take('"')) {
        in.take('\\');
        const std::string_view byte = in.take_bytes(1);
        if (!byte.empty() && !is_printable(byte.front())) in.fail();
        out += byte;
    }
    return out;
}

// Local-part = Dot-string / Quoted-string
// Mailboxes such as "a..b@" and "a.@" do exist (Japanese mobile operators made them), so only strict syntax refuses them.
std::string local_part(Cursor& in, Syntax syntax) {
    const bool quoted = in.peek() == '"';
    std::string out = quoted ? quoted_string(in) : std::string(in.some(is_dot_atext));
    if (syntax.strict && !quoted && !is_dot_string(out)) in.fail();
    if (out.size() > (syntax.strict ? strict_local_part_max_bytes : local_part_max_bytes) || !is_utf8(out)) in.fail();
    return out;
}

// sub-domain = Let-dig [Ldh-str]
bool is_label(std::string_view label) {
    return !label.empty() && label.front() != '-' && label.back() != '-' && (label.size() <= label_max_bytes || !is_ascii(label));
}

// Domain = sub-domain *("." sub-domain)
std::string_view domain(Cursor& in) {
    const std::string_view whole = in.some(is_domain_char);
    std::string_view rest = whole;
    for (bool last = false; !last;) {
        const std::size_t dot = rest.find('.');
        last = dot == std::string_view::npos;
        if (!is_label(rest.substr(0, dot))) in.fail();
        if (!last) rest.remove_prefix(dot + 1);
    }
    if (whole.size() > domain_max_bytes || !is_utf8(whole)) in.fail();
    return whole;
}

// What an address literal has between its brackets: an IPv4 address, "IPv6:" and one, or a tag, ":" and something   RFC 5321 §4.1.3
bool is_literal(std::string_view inside) {
    const std::size_t colon = inside.find(':');
    if (colon == std::string_view::npos) {
        const std::optional<IpAddress> address = IpAddress::parse(inside);
        return address && address->is_v4();
    }
    const std::string_view tag = inside.substr(0, colon);
    const std::string_view value = inside.substr(colon + 1);
    if (iequals(tag, "IPv6")) return value.find(':') != std::string_view::npos && IpAddress::parse(value).has_value();
    return !tag.empty() && std::ranges::all_of(tag, is_ldh) && tag.back() != '-' && !value.empty();
}

// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
std::string address_literal(Cursor& in) {
    in.expect('[');
    const std::string_view inside = in.some(is_dcontent);
    in.expect(']');
    if (!is_literal(inside) || inside.size() + 2 > domain_max_bytes) in.fail();
    return "[" + std::string(inside) + "]";
}

// [ A-d-l ":" ], A-d-l = At-domain *( "," At-domain ), At-domain = "@" Domain: accepted and ignored    RFC 5321 §4.1.1.3, appendix C
void source_route(Cursor& in) {
    if (in.peek() != '@') return;
    do {
        in.expect('@');
        domain(in);
    } while (in.take(','));
    in.expect(':');
}

// Path = "<" [ A-d-l ":" ] Mailbox ">"
Mailbox path(Cursor& in, Syntax syntax) {
    // Scripts and people at a terminal leave the brackets out; everybody understands them.
    const bool bare = !syntax.strict && in.peek() != '<';
    if (bare) return mailbox(in, syntax);
    in.expect('<');
    source_route(in);
    Mailbox out = mailbox(in, syntax);
    in.expect('>');
    return out;
}

constexpr bool is_xchar(char c) { return c >= '!' && c <= '~' && c != '+' && c != '='; }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }

}  // namespace

std::string Mailbox::text() const {
    std::string out;
    if (is_dot_string(local_part)) {
        out = local_part;
    } else {
        out = '"';
        for (const char c : local_part) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return domain.empty() ? out : out + "@" + domain;
}

bool Mailbox::ascii() const { return is_ascii(local_part) && is_ascii(domain); }

Mailbox mailbox(Cursor& in, Syntax syntax) {
    Mailbox out;
    out.local_part = local_part(in, syntax);
    in.expect('@');
    out.domain = in.peek() == '[' ? address_literal(in) : std::string(domain(in));
    return out;
}

std::optional<Mailbox> reverse_path(Cursor& in, Syntax syntax) {
    if (in.take_word("<>")) return std::nullopt;
    return path(in, syntax);
}

Mailbox forward_path(Cursor& in, Syntax syntax) {
    if (in.take_word("<postmaster>")) return {.local_part = "postmaster", .domain = {}};
    return path(in, syntax);
}

std::string client_name(Cursor& in) {
    if (in.peek() == '[') {
        in.expect('[');
        const std::string_view inside = in.some(is_dcontent);
        in.expect(']');
        if (inside.size() + 2 > domain_max_bytes || inside.find_first_of("()<>\"\\") != std::string_view::npos) in.fail();
        return "[" + std::string(inside) + "]";
    }
    const std::string_view name =
        in.some([](char c) { return c > ' ' && c <= '~' && std::string_view("()<>[]\\\",;@").find(c) == std::string_view::npos; });
    if (name.size() > domain_max_bytes) in.fail();
    return std::string(name);
}

bool is_xtext(std::string_view text) { return xtext_decode(text).has_value(); }

std::string xtext_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_xchar(c)) {
            out += c;
        } else {
            out += '+' + upper(hex(std::string_view(&c, 1)));
        }
    }
    return out;
}

std::optional<std::string> xtext_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_xchar(text[i])) {
            out += text[i];
        } else if (text[i] == '+' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            out += *unhex(text.substr(i + 1, 2));
            i += 2;
        } else {
            return std::nullopt;
        }
    }
    return out;
}

}  // namespace packetboat::smtp::wire
