#include "smtp/wire/client_command.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "smtp/wire/parameters.h"

namespace packetboat::smtp::wire {

namespace {

constexpr std::size_t shown_max_bytes = 100;

std::string shown(std::string_view argument) { return "\"" + escape_control(argument.substr(0, shown_max_bytes)) + "\""; }

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

// Whatever the grammars have let through: a line is one line, and not longer than a server must read.
Result<std::string> line(std::string text, std::size_t max_bytes = client_line_max_bytes) {
    if (std::ranges::any_of(text, is_control)) return fail(ErrorCode::invalid, "a control character in a command: " + shown(text));
    text += "\r\n";
    if (text.size() > max_bytes) return fail(ErrorCode::too_large, "a command that is too long: " + shown(text));
    return text;
}

Result<std::string> greeting(std::string_view verb, std::string_view name) {
    Cursor in(name);
    std::string client = client_name(in);
    if (!in.ok_and_done()) return fail(ErrorCode::invalid, shown(name) + " is no host name to introduce ourselves with");
    return line(std::string(verb) + " " + client);
}

// The address as the grammar writes it.
Result<std::string> address(std::string_view text, bool smtputf8) {
    Cursor in(text);
    const Mailbox parsed = mailbox(in, {});
    if (!in.ok_and_done()) return fail(ErrorCode::invalid, shown(text) + " is no address");
    if (!smtputf8 && !parsed.ascii()) return fail(ErrorCode::invalid, shown(text) + " is not ASCII, which needs SMTPUTF8");
    return parsed.text();
}

// "HOLDUNTIL=" an Internet-style-date-time-UTC                                              RFC 4865 §5, RFC 3339
bool is_date_char(char c) { return is_digit(c) || c == '-' || c == ':' || c == '.' || c == 'T' || c == 'Z' || c == '+'; }

// utf-8-addr-xtext: what is not ASCII as \x{1F6A2}                                          RFC 6533 §3
std::string utf8_xtext(std::string_view address) {
    std::string out;
    while (!address.empty()) {
        const std::uint32_t point = take_code_point(address);
        if (point < 0x80) {
            out += static_cast<char>(point);
        } else {
            std::array<char, 16> text{};
            const int size = std::snprintf(text.data(), text.size(), "\\x{%X}", point);
            out.append(text.data(), static_cast<std::size_t>(size));
        }
    }
    return out;
}

// As the server's own parser wants it, and without what the connection cannot carry.
Result<std::string> original_recipient(const RcptLine& rcpt) {
    if (rcpt.orcpt.empty()) return std::string();
    const std::string parameter = " ORCPT=" + rcpt.orcpt;
    Cursor whole(parameter);
    Rcpt parsed;
    if (!parameters(whole, {}, parsed).empty() || parsed.orcpt != rcpt.orcpt)
        return fail(ErrorCode::invalid, shown(rcpt.orcpt) + " is no original recipient");
    return rcpt.smtputf8 ? rcpt.orcpt : utf8_xtext(rcpt.orcpt);
}

}  // namespace

Result<std::string> ehlo_line(std::string_view name) { return greeting("EHLO", name); }
Result<std::string> helo_line(std::string_view name) { return greeting("HELO", name); }
Result<std::string> lhlo_line(std::string_view name) { return greeting("LHLO", name); }

Result<std::string> mail_line(const MailLine& mail) {
    std::string path;
    if (!mail.reverse_path.empty()) {
        Result<std::string> written = address(mail.reverse_path, mail.smtputf8);
        if (!written) return written;
        path = std::move(*written);
    }
    if (mail.envid.size() > envid_max_bytes || !is_xtext(mail.envid))
        return fail(ErrorCode::invalid, shown(mail.envid) + " is no envelope identifier");
    if (!std::ranges::all_of(mail.hold_until, is_date_char)) return fail(ErrorCode::invalid, shown(mail.hold_until) + " is no date");
    Mail parameters;
    parameters.size_bytes = mail.size_bytes;
    parameters.body = mail.body;
    parameters.smtputf8 = mail.smtputf8;
    parameters.ret = mail.ret;
    parameters.envid = mail.envid;
    std::string out = "MAIL FROM:<" + path + ">" + encode_parameters(parameters);
    if (mail.require_tls) out += " REQUIRETLS";
    if (mail.hold_for_s) out += " HOLDFOR=" + std::to_string(*mail.hold_for_s);
    if (!mail.hold_until.empty()) out += " HOLDUNTIL=" + mail.hold_until;
    return line(std::move(out));
}

Result<std::string> rcpt_line(const RcptLine& rcpt) {
    // RFC 5321 §4.1.1.3: the one address without a domain.
    const bool postmaster = iequals(rcpt.forward_path, "postmaster");
    const Result<std::string> path = postmaster ? Result<std::string>(rcpt.forward_path) : address(rcpt.forward_path, rcpt.smtputf8);
    if (!path) return fail(path.error());
    Result<std::string> orcpt = original_recipient(rcpt);
    if (!orcpt) return orcpt;
    Rcpt parameters;
    parameters.notify = rcpt.notify;
    parameters.orcpt = std::move(*orcpt);
    return line("RCPT TO:<" + *path + ">" + encode_parameters(parameters));
}

Result<std::string> auth_line(std::string_view mechanism, std::optional<std::string_view> initial_response) {
    // sasl-mech = 1*20( UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE )                         RFC 4422 §3.1
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
    if (mechanism.empty() || mechanism.size() > 20 || !std::ranges::all_of(mechanism, fits))
        return fail(ErrorCode::invalid, shown(mechanism) + " is no SASL mechanism");
    std::string out = "AUTH " + std::string(mechanism);
    if (initial_response) out += " " + (initial_response->empty() ? "=" : base64_encode(*initial_response));
    return line(std::move(out), client_auth_line_max_bytes);
}

Result<std::string> auth_answer_line(std::string_view response) { return line(base64_encode(response), client_auth_line_max_bytes); }

std::string bdat_line(std::uint64_t octets, bool last) { return encode(Bdat{.octets = octets, .last = last}) + "\r\n"; }

std::string orcpt_of(std::string_view address) {
    if (is_ascii(address)) return "rfc822;" + xtext_encode(address);
    // RFC 6533 §3, utf-8-addr-unitext: what xtext writes in hex is written as a code point here.
    std::string out = "utf-8;";
    for (const char c : address) {
        const bool plain = static_cast<unsigned char>(c) >= 0x80 || (c > ' ' && c != '+' && c != '=' && c != '\\' && c != 0x7f);
        if (plain) {
            out += c;
        } else {
            out += "\\x{" + upper(hex(std::string_view(&c, 1))) + "}";
        }
    }
    return out;
}

}  // namespace packetboat::smtp::wire
