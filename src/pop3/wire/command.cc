#include "pop3/wire/command.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::pop3::wire {

namespace {

// RFC 2449 §3: param = 1*VCHAR. Bytes above ASCII are let through, for user names in UTF-8.
bool is_param(char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; }
bool is_base64(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '='; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The end of a command whose arguments hold no blanks.
void end(Cursor& in) {
    in.while_(is_blank);
    in.expect_end();
}

// A blank and something after it; blanks alone are the end of the line.
bool another(Cursor& in) {
    const std::string_view rest = in.rest();
    if (!std::any_of(rest.begin(), rest.end(), [](char c) { return !is_blank(c); })) return false;
    in.expect(' ');
    return !in.failed();
}

template <class Plain>
Command plain(Cursor& in) {
    end(in);
    return Plain{};
}

// "USER" SP name CRLF                                             RFC 1939 §7
// The only argument, so all of the line is its.
Command user(Cursor& in) {
    in.expect(' ');
    if (in.at_end()) in.fail();
    return User{std::string(in.take_rest())};
}

// "PASS" SP string CRLF                                           RFC 1939 §7
Command pass(Cursor& in) {
    in.expect(' ');
    return Pass{std::string(in.take_rest())};
}

// "APOP" SP name SP digest CRLF                                   RFC 1939 §7
Command apop(Cursor& in) {
    Apop apop;
    in.expect(' ');
    apop.name = in.some(is_param);
    in.expect(' ');
    apop.digest = in.some(is_param);
    end(in);
    return apop;
}

// initial-response = base64 / "="                                 RFC 5034 §4
std::string initial_response(Cursor& in) {
    const std::string_view text = in.some(is_base64);
    if (text == "=") return {};
    std::optional<std::string> bytes = base64_decode(text);
    if (!bytes) in.fail();
    return std::move(bytes).value_or("");
}

// "AUTH" [SP mechanism [SP initial-response]] CRLF                RFC 5034 §4; without a mechanism: RFC 1734's clients
Command auth(Cursor& in) {
    Auth auth;
    if (another(in)) auth.mechanism = in.some(is_param);
    if (another(in)) auth.initial_response = initial_response(in);
    end(in);
    return auth;
}

// "LANG" [SP lang-range] CRLF                                     RFC 6856 §3.2
Command lang(Cursor& in) {
    Lang lang;
    if (another(in)) lang.range = in.some(is_param);
    end(in);
    return lang;
}

// ("LIST" / "UIDL") [SP msg] CRLF                                 RFC 1939 §5, §7
template <class Listing>
Command listing(Cursor& in) {
    Listing listing;
    if (another(in)) listing.message = in.number();
    end(in);
    return listing;
}

// ("RETR" / "DELE") SP msg CRLF                                   RFC 1939 §5
template <class OfMessage>
Command of_message(Cursor& in) {
    OfMessage command;
    in.expect(' ');
    command.message = in.number();
    end(in);
    return command;
}

// "TOP" SP msg SP n CRLF                                          RFC 1939 §7
Command top(Cursor& in) {
    Top top;
    in.expect(' ');
    top.message = in.number();
    in.expect(' ');
    top.lines = in.number();
    end(in);
    return top;
}

// A page can make a browser send a request with our commands in its body to our port: the request line gives it away.
constexpr std::string_view http_methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};

Error no_such(std::string_view name) {
    const auto same = [&](std::string_view method) { return iequals(method, name); };
    if (std::any_of(std::begin(http_methods), std::end(http_methods), same)) return {Error::Kind::other_protocol, "this is POP3, not HTTP"};
    return {Error::Kind::unknown, "no such command"};
}

std::string number(const std::optional<std::uint64_t>& message) { return message ? " " + std::to_string(*message) : ""; }

// What follows the name on the line.
struct Arguments {
    std::string operator()(const User& user) const { return " " + user.name; }
    std::string operator()(const Pass& pass) const { return " " + pass.password; }
    std::string operator()(const Apop& apop) const { return " " + apop.name + " " + apop.digest; }
    std::string operator()(const Auth& auth) const {
        if (auth.mechanism.empty()) return "";
        if (!auth.initial_response) return " " + auth.mechanism;
        return " " + auth.mechanism + " " + (auth.initial_response->empty() ? "=" : base64_encode(*auth.initial_response));
    }
    std::string operator()(const Lang& lang) const { return lang.range ? " " + *lang.range : ""; }
    std::string operator()(const List& list) const { return number(list.message); }
    std::string operator()(const Uidl& uidl) const { return number(uidl.message); }
    std::string operator()(const Retr& retr) const { return number(retr.message); }
    std::string operator()(const Dele& dele) const { return number(dele.message); }
    std::string operator()(const Top& top) const { return number(top.message) + number(top.lines); }
    template <class Plain>
    std::string operator()(const Plain&) const {
        return "";
    }
};

}  // namespace

constexpr std::array<Verb, std::variant_size_v<Command>> verbs = {{
    {"USER", user, in_authorization, "USER name"},
    {"PASS", pass, in_authorization, "PASS password"},
    {"APOP", apop, in_authorization, "APOP name digest"},
    {"AUTH", auth, in_authorization, "AUTH [mechanism [initial-response]]"},
    {"STLS", plain<Stls>, in_authorization, "STLS"},
    {"UTF8", plain<Utf8>, in_authorization, "UTF8"},
    {"CAPA", plain<Capa>, in_both, "CAPA"},
    {"LANG", lang, in_both, "LANG [language]"},
    {"STAT", plain<Stat>, in_transaction, "STAT"},
    {"LIST", listing<List>, in_transaction, "LIST [message]"},
    {"RETR", of_message<Retr>, in_transaction, "RETR message"},
    {"DELE", of_message<Dele>, in_transaction, "DELE message"},
    {"NOOP", plain<Noop>, in_transaction, "NOOP"},
    {"RSET", plain<Rset>, in_transaction, "RSET"},
    {"TOP", top, in_transaction, "TOP message lines"},
    {"UIDL", listing<Uidl>, in_transaction, "UIDL [message]"},
    {"QUIT", plain<Quit>, in_both, "QUIT"},
}};

const Verb& verb_of(const Command& command) { return verbs[command.index()]; }

bool allowed(const Command& command, State state) { return (verb_of(command).states & static_cast<unsigned>(state)) != 0; }

std::variant<Command, Error> parse_command(std::string_view line) {
    Cursor in(line);
    const std::string_view name = in.while_(is_param);
    const auto row = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return iequals(verb.name, name); });
    if (row == verbs.end()) return no_such(name);
    Command command = row->arguments(in);
    if (!in.ok_and_done()) return Error{Error::Kind::syntax, "expected: " + std::string(row->syntax)};
    return command;
}

std::string encode(const Command& command) { return std::string(verb_of(command).name) + std::visit(Arguments{}, command) + "\r\n"; }

}  // namespace packetboat::pop3::wire
