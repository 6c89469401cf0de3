#include "pop3/wire/client_command.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::pop3::wire {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

Result<std::string> line(std::string_view verb, std::string_view argument, std::string_view what, std::size_t max_bytes) {
    if (std::ranges::any_of(argument, is_control))
        return fail(ErrorCode::invalid, "there is a control character in the " + std::string(what));
    std::string out(verb);
    if (!verb.empty()) out += ' ';
    out.append(argument).append("\r\n");
    if (out.size() > max_bytes) return fail(ErrorCode::too_large, "the " + std::string(what) + " is too long for POP3");
    return out;
}

std::string numbered(std::string_view verb, std::uint64_t number) { return std::string(verb) + " " + std::to_string(number) + "\r\n"; }

}  // namespace

Result<std::string> user_line(std::string_view name) {
    if (trim(name).empty()) return fail(ErrorCode::invalid, "there is no user name");
    return line("USER", name, "user name", client_line_max_bytes);
}

Result<std::string> pass_line(std::string_view password) { return line("PASS", password, "password", client_line_max_bytes); }

Result<std::string> auth_line(std::string_view mechanism, std::optional<std::string_view> initial_response) {
    if (mechanism.empty() || !std::ranges::all_of(mechanism, [](char c) { return is_alnum(c) || c == '-' || c == '_'; }))
        return fail(ErrorCode::invalid, "\"" + escape_control(mechanism.substr(0, 100)) + "\" is no mechanism to log in by");
    std::string arguments(mechanism);
    if (initial_response) arguments += " " + (initial_response->empty() ? "=" : base64_encode(*initial_response));
    return line("AUTH", arguments, "login", client_initial_line_max_bytes);
}

Result<std::string> auth_answer_line(std::string_view response) {
    return line("", base64_encode(response), "login", client_sasl_line_max_bytes);
}

std::string uidl_line(std::uint64_t message) { return numbered("UIDL", message); }
std::string top_line(std::uint64_t message, std::uint64_t body_lines) { return numbered("TOP " + std::to_string(message), body_lines); }
std::string retr_line(std::uint64_t message) { return numbered("RETR", message); }
std::string dele_line(std::uint64_t message) { return numbered("DELE", message); }

}  // namespace packetboat::pop3::wire
