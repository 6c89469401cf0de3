#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/login.h"
#include "base/error.h"

namespace packetboat::agent {

// What a command wants of a server.
enum class Service : std::uint8_t { submission, pop3 };

// What the command line says of it; all of it may be empty.
struct ServerWish {
    std::string server;  // HOST[:PORT]
    std::string user;    // who logs in
    std::string from;    // whose mail it is, where that is known: its saved login is preferred, and it is the user where none is named
    std::string tls;     // auto, implicit, starttls, none
    std::string login;   // the name of a saved login
    bool insecure = false;
    std::optional<std::string> password;  // from --password-file
};

// Where to connect, and as whom.
struct Server {
    std::string host;  // a name, or a numeric address without brackets
    std::uint16_t port = 0;
    TlsMode tls = TlsMode::automatic;  // never: see uses_implicit_tls()
    bool insecure = false;             // any certificate will do
    std::string user;                  // empty: nobody logs in
    std::optional<std::string> password;
    std::string password_command;  // where the password is to be had; empty: it has to be asked for
    std::string from;              // of the saved login: a mailbox, with its name; empty: the user
    bool try_out = false;          // it is the try-out server at its usual address

    std::string text() const;  // "mail.example.test:587", to be shown
    bool on_loopback() const;  // by its name or address: what is said does not leave this machine
};

// The try-out server's usual address: see `packetboat serve --dev`.
inline constexpr std::uint16_t try_out_submission_port = 20587;
inline constexpr std::uint16_t try_out_pop3_port = 20110;
inline constexpr std::string_view try_out_password = "packetboat";

// The wish over the saved login over the try-out server's usual address. A password of a saved login goes to that login's own servers and
// user only: with another --server or --user it is not used. Another server without --user is one where nobody logs in, unless there is a
// password for `from`.
// Errors: invalid (a text that is no host, port or mode), not_found (no such login; the login has no such service).
Result<Server> find_server(const ServerWish& wish, Service service, const Logins& logins);

// The password in it, or what its command says. nullopt: it has to be asked for (or nobody logs in).
Result<std::optional<std::string>> password_of(const Server& server);

// TLS from the first byte on: said so, or automatic and the port is one of those where that is the rule (465, 995 and the try-out
// server's).
bool uses_implicit_tls(const Server& server);
// Whether the connection may go on without TLS where the server offers none: said so, or automatic on loopback. Otherwise a password must
// not go over it, and the caller ends with ErrorCode::denied.
bool may_go_without_tls(const Server& server);

}  // namespace packetboat::agent
