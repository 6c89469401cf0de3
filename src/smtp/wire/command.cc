#include "smtp/wire/command.h"

#include <algorithm>
#include <array>

#include "smtp/wire/parameters.h"

namespace packetboat::smtp::wire {

namespace {

Reply syntax_is(std::string_view syntax) { return {.code = 501, .enhanced = "5.5.4", .text = "Syntax: " + std::string(syntax)}; }
std::unexpected<Reply> wrong(Reply reply) { return std::unexpected<Reply>(std::move(reply)); }

// 1*SP, where one is the rule and more are the practice.
void spaces(Cursor& in) {
    in.expect(' ');
    in.while_([](char c) { return c == ' '; });
}
void trailing_spaces(Cursor& in) {
    in.while_([](char c) { return c == ' '; });
    in.expect_end();
}
// String, up to the end of the line.
std::string text(Cursor& in) {
    spaces(in);
    std::string out(trim(in.take_rest()));
    if (out.empty()) in.fail();
    return out;
}

// helo = "HELO" SP Domain CRLF                                                             RFC 5321 §4.1.1.1
// ehlo = "EHLO" SP ( Domain / address-literal ) CRLF
// lhlo likewise                                                                            RFC 2033 §4.1
template <class Greeting>
Parsed greeting(Cursor& in, Syntax, std::string_view syntax) {
    spaces(in);
    std::string domain = client_name(in);
    trailing_spaces(in);
    if (in.failed()) return wrong(syntax_is(syntax));
    return Greeting{std::move(domain)};
}
Parsed helo(Cursor& in, Syntax syntax) { return greeting<Helo>(in, syntax, "HELO hostname"); }
Parsed ehlo(Cursor& in, Syntax syntax) { return greeting<Ehlo>(in, syntax, "EHLO hostname"); }
Parsed lhlo(Cursor& in, Syntax syntax) { return greeting<Lhlo>(in, syntax, "LHLO hostname"); }

// A verb that stands alone.
template <class C>
Parsed alone(Cursor& in, std::string_view syntax) {
    trailing_spaces(in);
    if (in.failed()) return wrong(syntax_is(syntax));
    return C{};
}
Parsed starttls(Cursor& in, Syntax) { return alone<StartTls>(in, "STARTTLS"); }
Parsed data(Cursor& in, Syntax) { return alone<Data>(in, "DATA"); }
Parsed rset(Cursor& in, Syntax) { return alone<Rset>(in, "RSET"); }
Parsed quit(Cursor& in, Syntax) { return alone<Quit>(in, "QUIT"); }

// "AUTH" SP sasl-mech [SP initial-response] *(CRLF [base64]) [CRLF cancel-response] CRLF   RFC 4954 §4
// sasl-mech = 1*20mech-char                                                                RFC 4422 §3.1
Parsed auth(Cursor& in, Syntax) {
    Auth auth;
    spaces(in);
    auth.mechanism = upper(in.some([](char c) { return is_alnum(c) || c == '-' || c == '_'; }));
    if (auth.mechanism.size() > 20) in.fail();
    if (in.peek() == ' ') {
        spaces(in);
        const std::string_view response = in.while_([](char c) { return c != ' '; });
        if (!response.empty()) auth.initial_response = response;
        trailing_spaces(in);
    }
    in.expect_end();
    if (in.failed()) return wrong(syntax_is("AUTH mechanism [initial-response]"));
    return auth;
}

// "FROM:" or "TO:", after which strict syntax has no space.
void colon_word(Cursor& in, std::string_view word, Syntax syntax) {
    spaces(in);
    in.expect_word(word);
    if (!syntax.strict) in.while_([](char c) { return c == ' '; });
}

// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF                               RFC 5321 §4.1.1.2
Parsed mail(Cursor& in, Syntax syntax) {
    Mail mail;
    colon_word(in, "FROM:", syntax);
    if (in.failed() || in.at_end()) return wrong(syntax_is("MAIL FROM:<address> [parameters]"));
    mail.reverse_path = reverse_path(in, syntax);
    if (in.failed()) return wrong({.code = 501, .enhanced = "5.1.7", .text = "Bad sender address syntax"});
    Reply mistake = parameters(in, syntax, mail);
    if (!mistake.empty()) return wrong(std::move(mistake));
    if (mail.hold_for && mail.hold_until)  // RFC 4865 §4
        return wrong({.code = 501, .enhanced = "5.5.4", .text = "HOLDFOR and HOLDUNTIL exclude each other"});
    // RFC 6531 §3.5
    if (mail.reverse_path && !mail.reverse_path->ascii() && !mail.smtputf8)
        return wrong({.code = 553, .enhanced = "5.6.7", .text = "A non-ASCII sender address needs the parameter SMTPUTF8"});
    return mail;
}

// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF    RFC 5321 §4.1.1.3
Parsed rcpt(Cursor& in, Syntax syntax) {
    Rcpt rcpt;
    colon_word(in, "TO:", syntax);
    if (in.failed() || in.at_end()) return wrong(syntax_is("RCPT TO:<address> [parameters]"));
    rcpt.forward_path = forward_path(in, syntax);
    if (in.failed()) return wrong({.code = 501, .enhanced = "5.1.3", .text = "Bad recipient address syntax"});
    Reply mistake = parameters(in, syntax, rcpt);
    if (!mistake.empty()) return wrong(std::move(mistake));
    return rcpt;
}

// bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CRLF, chunk-size = 1*DIGIT, end-marker = "LAST"            RFC 3030 §2
// How many octets follow a malformed one nobody knows, and none of them may be read as a command: the connection ends.
Parsed bdat(Cursor& in, Syntax) {
    Bdat bdat;
    spaces(in);
    bdat.octets = in.number();
    if (in.peek() == ' ') {
        spaces(in);
        bdat.last = in.take_word("LAST");
        trailing_spaces(in);
    }
    in.expect_end();
    if (in.failed()) return wrong(syntax_is("BDAT octets [LAST]").and_close());
    return bdat;
}

// vrfy = "VRFY" SP String CRLF, expn = "EXPN" SP String CRLF                               RFC 5321 §4.1.1.6, §4.1.1.7
// each with [ SP "SMTPUTF8" ]                                                              RFC 6531 §3.7.4.2
template <class C>
Parsed asks(Cursor& in, std::string_view syntax) {
    constexpr std::string_view flag = " SMTPUTF8";
    const std::string argument = text(in);
    if (in.failed()) return wrong(syntax_is(syntax));
    std::string_view who = argument;
    const bool utf8 = who.size() > flag.size() && iequals(who.substr(who.size() - flag.size()), flag);
    if (utf8) who = trim(who.substr(0, who.size() - flag.size()));
    return C{std::string(who), utf8};
}
Parsed vrfy(Cursor& in, Syntax) { return asks<Vrfy>(in, "VRFY address"); }
Parsed expn(Cursor& in, Syntax) { return asks<Expn>(in, "EXPN list"); }

// help = "HELP" [ SP String ] CRLF                                                         RFC 5321 §4.1.1.8
Parsed help(Cursor& in, Syntax) { return Help{upper(trim(in.take_rest()))}; }

// noop = "NOOP" [ SP String ] CRLF                                                         RFC 5321 §4.1.1.9
Parsed noop(Cursor&, Syntax) { return Noop{}; }

using V = Verb;
constexpr std::array<Verb, std::variant_size_v<Command>> table{{
    {"HELO", helo, "HELO hostname", V::before_greeting | V::before_tls | V::last_in_group | V::junk | V::smtp_only},
    {"EHLO", ehlo, "EHLO hostname", V::before_greeting | V::before_tls | V::last_in_group | V::junk | V::smtp_only},
    {"LHLO", lhlo, "LHLO hostname", V::before_greeting | V::before_tls | V::last_in_group | V::junk | V::lmtp_only},
    {"STARTTLS", starttls, "STARTTLS", V::before_tls | V::last_in_group | V::junk},
    {"AUTH", auth, "AUTH mechanism [initial-response]", V::last_in_group | V::junk},
    {"MAIL", mail,
     "MAIL FROM:<address> [SIZE=n] [BODY=7BIT|8BITMIME|BINARYMIME] [SMTPUTF8] [AUTH=x] [RET=FULL|HDRS] [ENVID=x] "
     "[REQUIRETLS] [HOLDFOR=seconds|HOLDUNTIL=time]",
     0},
    {"RCPT", rcpt, "RCPT TO:<address> [NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=type;x]", 0},
    {"DATA", data, "DATA", V::last_in_group},
    {"BDAT", bdat, "BDAT octets [LAST]", 0},
    {"RSET", rset, "RSET", V::before_greeting | V::junk},
    {"VRFY", vrfy, "VRFY address", V::before_greeting | V::junk},
    {"EXPN", expn, "EXPN list", V::before_greeting | V::junk},
    {"HELP", help, "HELP [verb]", V::before_greeting | V::before_tls | V::junk},
    {"NOOP", noop, "NOOP [text]", V::before_greeting | V::before_tls | V::junk},
    {"QUIT", quit, "QUIT", V::before_greeting | V::before_tls},
}};

// Verbs of old or of others that we know and do not do: RFC 5321 appendix F, RFC 1985, RFC 4468, RFC 4865 and private ones.
constexpr std::string_view not_implemented[] = {"SEND", "SOML", "SAML", "TURN", "ETRN", "ATRN", "BURL", "XCLIENT", "XFORWARD"};

// What web browsers and their like begin with. Pages have been made to talk to mail servers through them, so nothing that follows is read.
constexpr std::string_view not_mail[] = {"GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view one) { return iequals(one, word); });
}

bool has_control(std::string_view line) {
    return std::ranges::any_of(line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

Parsed unknown(std::string_view name) {
    if (is_one_of(name, not_mail))
        return wrong({.code = 421, .enhanced = "4.7.0", .text = "This is a mail server, goodbye", .close = true});
    if (is_one_of(name, not_implemented)) return wrong({.code = 502, .enhanced = "5.5.1", .text = "Command not implemented"});
    return wrong({.code = 500, .enhanced = "5.5.1", .text = "Command not recognized"});
}

}  // namespace

std::span<const Verb> verbs() { return table; }

const Verb& verb_of(const Command& command) { return table[command.index()]; }

Parsed parse_command(std::string_view line, Syntax syntax) {
    if (has_control(line)) return wrong({.code = 500, .enhanced = "5.5.2", .text = "Control character in a command"});
    if (!is_utf8(line)) return wrong({.code = 500, .enhanced = "5.5.2", .text = "A command is ASCII or UTF-8"});
    Cursor in(line);
    const std::string_view name = in.while_([](char c) { return c != ' '; });
    const auto row = std::ranges::find_if(table, [&](const Verb& verb) { return iequals(verb.name, name); });
    return row == table.end() ? unknown(name) : row->parse(in, syntax);
}

}  // namespace packetboat::smtp::wire
