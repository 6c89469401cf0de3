#include "smtp/wire/parameters.h"

#include <algorithm>
#include <limits>

#include "smtp/wire/date_time.h"

namespace packetboat::smtp::wire {

namespace {

// What a parameter's value does to the command; false where it is malformed.
template <class C>
struct Parameter {
    std::string_view keyword;
    bool has_value;
    bool (*set)(std::string_view value, C& command);
};

// size-value = 1*20DIGIT                                                                   RFC 1870 §3
bool size(std::string_view value, Mail& mail) {
    if (value.size() > 20 || !std::ranges::all_of(value, is_digit)) return false;
    mail.size_bytes = parse_u64(value).value_or(std::numeric_limits<std::uint64_t>::max());
    return true;
}

// body-value = "7BIT" / "8BITMIME" / "BINARYMIME"                                          RFC 6152 §2, RFC 3030 §3
bool body(std::string_view value, Mail& mail) {
    if (iequals(value, "7BIT")) {
        mail.body = Body::seven_bit;
    } else if (iequals(value, "8BITMIME")) {
        mail.body = Body::eight_bit_mime;
    } else if (iequals(value, "BINARYMIME")) {
        mail.body = Body::binary_mime;
    } else {
        return false;
    }
    return true;
}

bool smtputf8(std::string_view, Mail& mail) {
    mail.smtputf8 = true;
    return true;
}

// "AUTH=" xtext: a mailbox or "<>"                                                         RFC 4954 §5
bool auth(std::string_view value, Mail& mail) {
    std::optional<std::string> decoded = value.size() <= auth_max_bytes ? xtext_decode(value) : std::nullopt;
    if (!decoded) return false;
    if (*decoded != "<>") {
        Cursor in(*decoded);
        mailbox(in, {});
        if (!in.ok_and_done()) return false;
    }
    mail.auth = std::move(*decoded);
    return true;
}

// ret-value = "FULL" / "HDRS"                                                              RFC 3461 §4.3
bool ret(std::string_view value, Mail& mail) {
    if (iequals(value, "FULL")) {
        mail.ret = Ret::full;
    } else if (iequals(value, "HDRS")) {
        mail.ret = Ret::headers;
    } else {
        return false;
    }
    return true;
}

// envid-parameter = "ENVID=" xtext                                                         RFC 3461 §4.4
bool envid(std::string_view value, Mail& mail) {
    if (value.size() > envid_max_bytes || !is_xtext(value)) return false;
    mail.envid = value;
    return true;
}

// "REQUIRETLS"                                                                             RFC 8689 §2
bool require_tls(std::string_view, Mail& mail) {
    mail.require_tls = true;
    return true;
}

// "HOLDFOR=" future-release-integer = %x31-39 *8DIGIT                                      RFC 4865 §4
bool hold_for(std::string_view value, Mail& mail) {
    const std::optional<std::uint64_t> seconds = value.size() <= 9 && value.front() != '0' ? parse_u64(value) : std::nullopt;
    if (!seconds) return false;
    mail.hold_for = std::chrono::seconds(*seconds);
    return true;
}

// "HOLDUNTIL=" future-release-date-time = date-time                                        RFC 4865 §4, erratum 2040
bool hold_until(std::string_view value, Mail& mail) {
    mail.hold_until = parse_date_time(value);
    return mail.hold_until.has_value();
}

// notify-esmtp-value = "NEVER" / 1#notify-list-element; element = "SUCCESS" / "FAILURE" / "DELAY"      RFC 3461 §4.1
bool notify(std::string_view value, Rcpt& rcpt) {
    if (iequals(value, "NEVER")) return rcpt.notify.never = true;
    for (bool last = false; !last;) {
        const std::size_t comma = value.find(',');
        last = comma == std::string_view::npos;
        const std::string_view element = value.substr(0, comma);
        if (iequals(element, "SUCCESS")) {
            rcpt.notify.success = true;
        } else if (iequals(element, "FAILURE")) {
            rcpt.notify.failure = true;
        } else if (iequals(element, "DELAY")) {
            rcpt.notify.delay = true;
        } else {
            return false;
        }
        if (!last) value.remove_prefix(comma + 1);
    }
    return true;
}

// original-recipient-address = addr-type ";" xtext; a utf-8 address may be given raw       RFC 3461 §4.2, RFC 6533 §3
bool orcpt(std::string_view value, Rcpt& rcpt) {
    const std::size_t semicolon = value.find(';');
    if (value.size() > orcpt_max_bytes || semicolon == std::string_view::npos || semicolon == 0) return false;
    const std::string_view type = value.substr(0, semicolon);
    const std::string_view address = value.substr(semicolon + 1);
    if (!std::ranges::all_of(type, [](char c) { return is_alnum(c) || c == '-'; }) || address.empty()) return false;
    const bool utf8 = iequals(type, "utf-8") && is_utf8(address);
    if (!utf8 && !is_xtext(address)) return false;
    rcpt.orcpt = value;
    return true;
}

constexpr Parameter<Mail> mail_parameters[] = {
    {"SIZE", true, size},
    {"BODY", true, body},
    {"SMTPUTF8", false, smtputf8},
    {"AUTH", true, auth},
    {"RET", true, ret},
    {"ENVID", true, envid},
    {"REQUIRETLS", false, require_tls},
    {"HOLDFOR", true, hold_for},
    {"HOLDUNTIL", true, hold_until},
};
constexpr Parameter<Rcpt> rcpt_parameters[] = {
    {"NOTIFY", true, notify},
    {"ORCPT", true, orcpt},
};

constexpr std::size_t shown_keyword_max_bytes = 40;

Reply bad(std::uint16_t code, std::string_view what, std::string_view keyword) {
    return {.code = code, .enhanced = "5.5.4", .text = std::string(what) + " " + upper(keyword.substr(0, shown_keyword_max_bytes))};
}

constexpr bool is_keyword_char(char c) { return is_alnum(c) || c == '-'; }
// esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii)                                    RFC 5321 §4.1.2, RFC 6531 §3.3
// A "=" is let through to the parameter's own rule, whose complaint says more.
constexpr bool is_value_char(char c) { return c > ' ' ? c != 0x7f : static_cast<unsigned char>(c) >= 0x80; }

template <class C, std::size_t n>
Reply parameters(Cursor& in, Syntax syntax, C& command, const Parameter<C> (&table)[n]) {
    unsigned seen = 0;
    while (in.take(' ')) {
        if (!syntax.strict) in.while_([](char c) { return c == ' '; });
        if (in.at_end()) break;
        const std::string_view keyword = in.some(is_keyword_char);
        const bool has_value = in.take('=');
        const std::string_view value = has_value ? in.some(is_value_char) : std::string_view{};
        if (in.failed()) return {.code = 501, .enhanced = "5.5.4", .text = "Malformed parameter"};
        const auto row = std::ranges::find_if(table, [&](const auto& one) { return iequals(one.keyword, keyword); });
        if (row == std::end(table)) return bad(555, "Unsupported parameter", keyword);
        const unsigned bit = 1U << (row - table);
        if ((seen & bit) != 0) return bad(501, "Repeated parameter", keyword);
        seen |= bit;
        if (row->has_value != has_value || !row->set(value, command)) return bad(501, "Bad value of parameter", keyword);
    }
    if (!in.ok_and_done()) return {.code = 501, .enhanced = "5.5.4", .text = "Malformed parameter"};
    return {};
}

}  // namespace

Reply parameters(Cursor& in, Syntax syntax, Mail& mail) { return parameters(in, syntax, mail, mail_parameters); }
Reply parameters(Cursor& in, Syntax syntax, Rcpt& rcpt) { return parameters(in, syntax, rcpt, rcpt_parameters); }

std::string encode_parameters(const Mail& mail) {
    std::string out;
    if (mail.size_bytes) out += " SIZE=" + std::to_string(*mail.size_bytes);
    if (mail.body == Body::eight_bit_mime) out += " BODY=8BITMIME";
    if (mail.body == Body::binary_mime) out += " BODY=BINARYMIME";
    if (mail.smtputf8) out += " SMTPUTF8";
    if (mail.auth) out += " AUTH=" + xtext_encode(*mail.auth);
    if (mail.ret == Ret::full) out += " RET=FULL";
    if (mail.ret == Ret::headers) out += " RET=HDRS";
    if (!mail.envid.empty()) out += " ENVID=" + mail.envid;
    if (mail.require_tls) out += " REQUIRETLS";
    if (mail.hold_for) out += " HOLDFOR=" + std::to_string(mail.hold_for->count());
    if (mail.hold_until) out += " HOLDUNTIL=" + format_date_time(*mail.hold_until);
    return out;
}

std::string encode_parameters(const Rcpt& rcpt) {
    std::string list;
    if (rcpt.notify.never) list += ",NEVER";
    if (rcpt.notify.success) list += ",SUCCESS";
    if (rcpt.notify.failure) list += ",FAILURE";
    if (rcpt.notify.delay) list += ",DELAY";
    std::string out;
    if (!list.empty()) out += " NOTIFY=" + list.substr(1);
    if (!rcpt.orcpt.empty()) out += " ORCPT=" + rcpt.orcpt;
    return out;
}

}  // namespace packetboat::smtp::wire
