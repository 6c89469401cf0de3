#include "agent/server.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/program.h"
#include "base/ip.h"
#include "base/text.h"

namespace packetboat::agent {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view try_out_domain = "@example.test";
constexpr std::uint16_t implicit_ports[] = {465, 995, 20465, 20995};  // RFC 8314 §7.3, and the try-out server's
constexpr std::chrono::seconds password_command_timeout = 120s;       // somebody may have to type something

std::uint16_t usual_port(Service service, TlsMode tls) {
    if (service == Service::submission) return tls == TlsMode::implicit ? 465 : 587;
    // RFC 8314 §3.2: for POP3 TLS from the start is what is preferred.
    return tls == TlsMode::implicit || tls == TlsMode::automatic ? 995 : 110;
}

// Which saved login is meant. null: none.
Result<const Login*> choose(const ServerWish& wish, const Logins& logins) {
    if (!wish.login.empty()) {
        const Login* named = logins.find(wish.login);
        if (!named) return fail(ErrorCode::not_found, "there is no login \"" + escape_control(wish.login) + "\"");
        return named;
    }
    if (!wish.user.empty()) {
        const Login* of_user = logins.find_user(wish.user);
        return of_user ? of_user : logins.usual();
    }
    if (const Login* of_sender = wish.from.empty() ? nullptr : logins.find_user(wish.from)) return of_sender;
    return logins.usual();
}

HostPort place_of(const Login& login, Service service) {
    if (service == Service::submission) return login.server;
    return login.pop3.value_or(HostPort{.host = login.server.host});
}

Server try_out(const ServerWish& wish, Service service) {
    Server server{.host = "127.0.0.1",
                  .port = service == Service::submission ? try_out_submission_port : try_out_pop3_port,
                  .insecure = true,  // it made its certificate itself, and all this is on loopback
                  .try_out = true};
    server.user = !wish.user.empty() ? wish.user : wish.from;
    if (server.user.empty()) server.user = "alice" + std::string(try_out_domain);
    if (server.user.ends_with(try_out_domain)) server.password = std::string(try_out_password);
    return server;
}

}  // namespace

std::string Server::text() const { return HostPort{host, port}.text(); }

bool Server::on_loopback() const {
    const std::optional<IpAddress> address = IpAddress::parse(host);
    return address ? address->is_loopback() : iequals(host, "localhost");
}

Result<Server> find_server(const ServerWish& wish, Service service, const Logins& logins) {
    std::optional<TlsMode> tls;
    if (!wish.tls.empty()) {
        tls = tls_mode(wish.tls);
        if (!tls) return fail(ErrorCode::invalid, "--tls is auto, implicit, starttls or none: not \"" + escape_control(wish.tls) + "\"");
    }
    const Result<const Login*> login = choose(wish, logins);
    if (!login) return fail(login.error());
    Server server;
    if (wish.server.empty() && !*login) server = try_out(wish, service);
    if (const Login* saved = *login) {
        const HostPort place = place_of(*saved, service);
        server = {.host = place.host, .port = place.port, .tls = saved->tls, .insecure = saved->insecure, .user = saved->user};
        server.from = saved->from;
        if (!saved->password.empty()) server.password = saved->password;
        server.password_command = saved->password_command;
    }
    if (!wish.server.empty()) {
        const Result<HostPort> place = parse_host_port(wish.server);
        if (!place) return fail(place.error());
        // A password is for the server that it was saved for: its host, whichever of its ports.
        if (!iequals(place->host, server.host)) server = {.user = wish.password ? wish.from : ""};
        server.host = place->host;
        server.port = place->port;
    }
    if (!wish.user.empty() && !iequals(wish.user, server.user)) {
        server.user = wish.user;
        server.from.clear();
        server.password.reset();
        server.password_command.clear();
    }
    if (tls) server.tls = *tls;
    if (wish.insecure) server.insecure = true;
    if (wish.password) server.password = wish.password;
    if (server.port == 0) server.port = usual_port(service, server.tls);
    return server;
}

Result<std::optional<std::string>> password_of(const Server& server) {
    if (server.password) return server.password;
    if (server.password_command.empty()) return std::optional<std::string>();
    Result<std::string> output = output_of(server.password_command, password_command_timeout);
    if (!output) return fail(output.error().code, "the password command: " + output.error().text);
    std::string line = output->substr(0, output->find('\n'));
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) return fail(ErrorCode::denied, "the password command said nothing");
    return std::optional<std::string>(std::move(line));
}

bool uses_implicit_tls(const Server& server) {
    if (server.tls == TlsMode::implicit) return true;
    return server.tls == TlsMode::automatic && std::ranges::find(implicit_ports, server.port) != std::end(implicit_ports);
}

bool may_go_without_tls(const Server& server) {
    return server.tls == TlsMode::none || (server.tls == TlsMode::automatic && server.on_loopback());
}

}  // namespace packetboat::agent
