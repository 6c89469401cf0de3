#include "cli/server_flags.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "agent/terminal_text.h"
#include "cli/password.h"

namespace packetboat::cli {

std::shared_ptr<ServerFlags> add_server_flags(CLI::App& command) {
    constexpr unsigned timeout_max_s = 3600;
    auto flags = std::make_shared<ServerFlags>();
    command.add_option("--server", flags->wish.server, "HOST[:PORT] (else the saved login's, else the try-out server's)");
    command.add_option("--user", flags->wish.user, "Who logs in");
    command.add_option("--password-file", flags->password_file, "Its first line is the password (- is standard input)");
    command.add_option("--tls", flags->wish.tls, "auto, implicit, starttls or none")
        ->check(CLI::IsMember({"auto", "implicit", "starttls", "none"}));
    command.add_flag("--insecure", flags->wish.insecure, "Accept any certificate");
    command.add_option("--login", flags->wish.login, "The saved login of that name (see packetboat login)");
    command.add_option("--timeout", flags->timeout_s, "Seconds that the server may take to answer")->check(CLI::Range(1U, timeout_max_s));
    return flags;
}

Result<agent::Server> find_server(const ServerFlags& flags, agent::Service service, const std::string& from) {
    const Result<agent::Logins> logins = agent::Logins::read(agent::Logins::usual_file());
    if (!logins) return fail(logins.error());
    agent::ServerWish wish = flags.wish;
    wish.from = from;
    // A password that is there says that somebody logs in; which one it is, is read when it is needed.
    if (!flags.password_file.empty()) wish.password = "";
    return agent::find_server(wish, service, *logins);
}

Result<> find_password(const ServerFlags& flags, agent::Server& server) {
    if (server.user.empty()) return {};
    if (flags.password_file.empty()) {
        Result<std::optional<std::string>> known = agent::password_of(server);
        if (!known) return fail(known.error());
        server.password = std::move(*known);
        if (server.password) return {};
    }
    const std::string question = "Password of " + agent::printable(server.user) + " at " + agent::printable(server.text()) + ": ";
    Result<std::string> asked = read_password(flags.password_file, question);
    if (!asked) return fail(asked.error());
    server.password = std::move(*asked);
    return {};
}

Result<agent::Server> choose_server(const ServerFlags& flags, agent::Service service, const std::string& from) {
    Result<agent::Server> server = find_server(flags, service, from);
    if (!server) return server;
    if (const Result<> password = find_password(flags, *server); !password) return fail(password.error());
    return server;
}

}  // namespace packetboat::cli
