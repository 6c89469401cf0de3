#include "agent/login_text.h"

#include <toml++/toml.h>
#include <sstream>
#include <utility>

#include "base/text.h"

namespace packetboat::agent {

namespace {

std::string at(const toml::node& node) { return "line " + std::to_string(node.source().begin.line) + ": "; }

Unexpected wrong(const toml::node& node, const std::string& what) { return fail(ErrorCode::invalid, at(node) + what); }

struct TextKey {
    std::string_view name;
    std::string Login::* member;
};
constexpr TextKey text_keys[] = {
    {"user", &Login::user}, {"from", &Login::from}, {"password", &Login::password}, {"password-command", &Login::password_command}};

Result<> take(Login& login, std::string_view key, const toml::node& node) {
    if (key == "insecure") {
        if (!node.is_boolean()) return wrong(node, "insecure is true or false");
        login.insecure = node.as_boolean()->get();
        return {};
    }
    const auto* text = node.as_string();
    for (const TextKey& one : text_keys) {
        if (one.name != key) continue;
        if (!text) return wrong(node, std::string(key) + " is a text in quotes");
        login.*one.member = text->get();
        return {};
    }
    if (key == "server" || key == "pop3") {
        const Result<HostPort> parsed = text ? parse_host_port(text->get()) : Result<HostPort>(fail(ErrorCode::invalid, "it is no text"));
        if (!parsed) return wrong(node, std::string(key) + ": " + parsed.error().text);
        key == "server" ? login.server = *parsed : login.pop3.emplace(*parsed);
        return {};
    }
    if (key == "tls") {
        const std::optional<TlsMode> mode = text ? tls_mode(text->get()) : std::nullopt;
        if (!mode) return wrong(node, "tls is \"auto\", \"implicit\", \"starttls\" or \"none\"");
        login.tls = *mode;
        return {};
    }
    return wrong(node, "there is no key \"" + escape_control(key) + "\" of a login");
}

Result<> take_logins(LoginText& out, const toml::table& table) {
    for (const auto& [name, node] : table) {
        const toml::table* keys = node.as_table();
        if (!keys) return wrong(node, "a login is a table: [login.NAME]");
        Login login{.name = std::string(name.str())};
        for (const auto& [key, value] : *keys) {
            if (Result<> taken = take(login, key.str(), value); !taken) return taken;
        }
        out.logins.push_back(std::move(login));
    }
    return {};
}

}  // namespace

Result<LoginText> parse_login_text(std::string_view text) {
    toml::table document;
    try {
        document = toml::parse(text);
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::invalid, "line " + std::to_string(error.source().begin.line) + ": " + escape_control(error.description()));
    }
    LoginText out;
    for (const auto& [key, node] : document) {
        if (key.str() == "usual" && node.is_string()) {
            out.usual = node.as_string()->get();
        } else if (key.str() == "login" && node.is_table()) {
            if (Result<> taken = take_logins(out, *node.as_table()); !taken) return fail(taken.error());
        } else {
            return wrong(node, "there is no key \"" + escape_control(key.str()) + "\" (usual = \"NAME\", or [login.NAME])");
        }
    }
    return out;
}

std::string login_text(const LoginText& text) {
    toml::table logins;
    for (const Login& login : text.logins) {
        toml::table keys;
        keys.insert("server", login.server.text());
        if (login.pop3) keys.insert("pop3", login.pop3->text());
        for (const TextKey& one : text_keys) {
            if (!(login.*one.member).empty()) keys.insert(one.name, login.*one.member);
        }
        if (login.tls != TlsMode::automatic) keys.insert("tls", to_string(login.tls));
        if (login.insecure) keys.insert("insecure", true);
        logins.insert(login.name, std::move(keys));
    }
    toml::table document;
    if (!text.usual.empty()) document.insert("usual", text.usual);
    document.insert("login", std::move(logins));
    std::ostringstream out;
    out << document << '\n';
    return out.str();
}

}  // namespace packetboat::agent
