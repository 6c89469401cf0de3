#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace packetboat::agent {

enum class TlsMode : std::uint8_t {
    automatic,  // from the first byte where the port says so, else STARTTLS, which is required unless the server is on loopback
    implicit,
    starttls,  // required
    none,
};
std::string_view to_string(TlsMode mode);  // "auto" …
std::optional<TlsMode> tls_mode(std::string_view text);

struct HostPort {
    std::string host;        // without brackets
    std::uint16_t port = 0;  // 0: not said

    std::string text() const;  // "mail.example.test:587", "[::1]:587"
    friend bool operator==(const HostPort&, const HostPort&) = default;
};
// HOST, HOST:PORT, [ADDRESS]:PORT, or an IPv6 address alone. Errors: invalid.
Result<HostPort> parse_host_port(std::string_view text);

// An account on somebody's server, as it is saved.
struct Login {
    std::string name;
    HostPort server;               // submission
    std::optional<HostPort> pop3;  // none: the submission server's host
    std::string user;
    std::string from;  // a mailbox with its display name; empty: the user
    TlsMode tls = TlsMode::automatic;
    bool insecure = false;
    std::string password;          // empty: from the command, or it is asked for
    std::string password_command;  // its first line of output is the password

    friend bool operator==(const Login&, const Login&) = default;
};

// The saved logins: a TOML file that nobody else can read.
class Logins {
public:
    // $XDG_CONFIG_HOME/packetboat/login.toml, else ~/.config/packetboat/login.toml.
    static std::filesystem::path usual_file();
    // No file: no logins. Errors: denied (others may read or write the file, or it is not ours), invalid (what is wrong in it, with the
    // line), too_large, unavailable (it cannot be read).
    static Result<Logins> read(const std::filesystem::path& file);
    // Replaces the file as a whole, with mode 0600, in folders that are made with 0700. Errors: unavailable, denied.
    Result<> write(const std::filesystem::path& file) const;

    const std::vector<Login>& all() const { return logins_; }
    const Login* find(std::string_view name) const;
    const Login* find_user(std::string_view address) const;  // the first one of that user
    const Login* usual() const;                              // the one that is used when none is named; null: there are none

    // Adds it, or takes the place of the one of that name. Errors: invalid (a name, user or command that cannot be), too_many.
    Result<> put(Login login);
    Result<> erase(std::string_view name);      // not_found
    Result<> set_usual(std::string_view name);  // not_found

    static constexpr std::size_t logins_max = 100;
    static constexpr std::size_t file_max_bytes = 256 * 1024;
    static constexpr std::size_t value_max_bytes = 4096;

private:
    std::vector<Login> logins_;
    std::string usual_;
};

}  // namespace packetboat::agent
