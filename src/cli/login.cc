#include "cli/login.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "agent/compose.h"
#include "agent/login.h"
#include "base/json.h"
#include "cli/password.h"
#include "cli/render.h"
#include "server/admin.h"

namespace packetboat::cli {

namespace {

using agent::Login;
using agent::Logins;

struct Options {
    std::string name;
    std::string server;
    std::string pop3;
    std::string user;
    std::string from;
    std::string tls = "auto";
    bool insecure = false;
    std::string password_command;
    std::string password_file;
    bool no_password = false;
    bool usual = false;
};

// Never the password.
void describe(JsonWriter& json, const Login& login, bool usual) {
    json.object().field("name", login.name).field("server", login.server.text()).field("user", login.user);
    json.field("pop3", login.pop3 ? login.pop3->text() : std::string());
    json.field("from", login.from).field("tls", agent::to_string(login.tls)).field("insecure", login.insecure);
    json.field("password", !login.password.empty() ? "saved" : login.password_command.empty() ? "asked for" : "from a command");
    json.field("password_command", login.password_command).field("usual", usual).end();
}

bool is_usual(const Logins& logins, const Login& login) { return logins.usual() && logins.usual()->name == login.name; }

Result<std::string> list(const Logins& logins) {
    JsonWriter json;
    json.array();
    for (const Login& login : logins.all()) describe(json, login, is_usual(logins, login));
    return json.end().take();
}

Result<std::string> show_one(const Logins& logins, const std::string& name) {
    const Login* login = logins.find(name);
    if (!login) return fail(ErrorCode::not_found, "there is no login \"" + name + "\"");
    JsonWriter json;
    describe(json, *login, is_usual(logins, *login));
    return json.take();
}

Result<Login> login_of(const Options& options) {
    Login login{.name = options.name};
    const Result<agent::HostPort> server = agent::parse_host_port(options.server);
    if (!server) return fail(server.error().code, "--server: " + server.error().text);
    login.server = *server;
    if (!options.pop3.empty()) {
        const Result<agent::HostPort> pop3 = agent::parse_host_port(options.pop3);
        if (!pop3) return fail(pop3.error().code, "--pop3: " + pop3.error().text);
        login.pop3 = *pop3;
    }
    if (!options.from.empty()) {
        if (const Result<mime::Mailbox> from = agent::parse_sender(options.from); !from)
            return fail(from.error().code, "--from: " + from.error().text);
    }
    login.user = options.user;
    login.from = options.from;
    login.tls = agent::tls_mode(options.tls).value_or(agent::TlsMode::automatic);
    login.insecure = options.insecure;
    login.password_command = options.password_command;
    if (!options.password_command.empty() || options.no_password) return login;
    Result<std::string> password = options.password_file.empty() && isatty(STDIN_FILENO) == 0
                                       ? read_password("-", "")
                                       : read_password(options.password_file, "Password of " + options.user + ": ");
    if (!password) return fail(password.error());
    login.password = std::move(*password);
    return login;
}

Result<std::string> add(Logins& logins, const Options& options) {
    Result<Login> login = login_of(options);
    if (!login) return fail(login.error());
    if (const Result<> put = logins.put(std::move(*login)); !put) return fail(put.error());
    if (options.usual || logins.all().size() == 1) {
        if (const Result<> set = logins.set_usual(options.name); !set) return fail(set.error());
    }
    if (const Result<> written = logins.write(Logins::usual_file()); !written) return fail(written.error());
    return show_one(logins, options.name);
}

Result<std::string> change(Logins& logins, const std::function<Result<>(Logins&)>& what) {
    if (const Result<> done = what(logins); !done) return fail(done.error());
    if (const Result<> written = logins.write(Logins::usual_file()); !written) return fail(written.error());
    return std::string("null");
}

int run(const Global& global, const std::function<Result<std::string>(Logins&)>& command) {
    Result<Logins> logins = Logins::read(Logins::usual_file());
    const Result<std::string> done = logins ? command(*logins) : Result<std::string>(fail(logins.error()));
    if (!done) return complain(global, done.error());
    if (global.json) {
        print_document(*done);
    } else if (!global.quiet) {
        std::fputs(render(*done).c_str(), stdout);
    }
    return 0;
}

}  // namespace

void add_login(CLI::App& app, const Global& global, int& exit) {
    CLI::App& noun = *app.add_subcommand("login", "Your saved logins at mail servers");
    noun.require_subcommand(1);
    noun.fallthrough();
    const auto options = std::make_shared<Options>();
    const auto verb = [&](const char* name, const char* help, std::function<Result<std::string>(Logins&)> what) -> CLI::App& {
        CLI::App& command = *noun.add_subcommand(name, help);
        command.callback([&global, &exit, what = std::move(what)] { exit = run(global, what); });
        return command;
    };
    CLI::App& adding =
        verb("add", "Save a login, or change the one of that name", [options](Logins& logins) { return add(logins, *options); });
    adding.add_option("name", options->name, "What you call it")->required();
    adding.add_option("--server", options->server, "HOST[:PORT] where mail is submitted")->required();
    adding.add_option("--user", options->user, "Who logs in, mostly an address")->required();
    adding.add_option("--pop3", options->pop3, "HOST[:PORT] where mail is read (else the same host)");
    adding.add_option("--from", options->from, "Whose mail it is, with the name: 'Alice <alice@example.test>' (else the user)");
    adding.add_option("--tls", options->tls, "auto, implicit, starttls or none")
        ->check(CLI::IsMember({"auto", "implicit", "starttls", "none"}));
    adding.add_flag("--insecure", options->insecure, "Accept any certificate of this server");
    CLI::Option* command = adding.add_option("--password-command", options->password_command, "Its first line of output is the password");
    CLI::Option* file =
        adding.add_option("--password-file", options->password_file, "Its first line is the password, which is saved")->excludes(command);
    adding.add_flag("--no-password", options->no_password, "Save none: it is asked for every time")->excludes(command)->excludes(file);
    adding.add_flag("--usual", options->usual, "It is used where no login is named");
    verb("list", "All of them", [](Logins& logins) { return list(logins); });
    verb("show", "One of them, but for its password", [options](Logins& logins) { return show_one(logins, options->name); })
        .add_option("name", options->name)
        ->required();
    verb("rm", "Forget one", [options](Logins& logins) { return change(logins, [&](Logins& all) { return all.erase(options->name); }); })
        .add_option("name", options->name)
        ->required();
    verb("use", "Use it where no login is named",
         [options](Logins& logins) { return change(logins, [&](Logins& all) { return all.set_usual(options->name); }); })
        .add_option("name", options->name)
        ->required();
}

}  // namespace packetboat::cli
