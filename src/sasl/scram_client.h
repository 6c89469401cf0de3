#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

// The client's side of SCRAM-SHA-256 (RFC 5802, 7677), without and with channel binding. Pure.
namespace packetboat::sasl {

// How much work a server may ask for: less than the least makes the password easy to guess for whoever has listened (RFC 7677 §4), more
// than the most is an attack on us.
struct ScramWork {
    std::uint64_t iterations_min = 4096;
    std::uint64_t iterations_max = 2'000'000;
};

class ScramClient {
public:
    // What the client says of channel binding.
    enum class Binding : std::uint8_t {
        unsupported,  // "n"
        unoffered,    // "y": we could, but the server does not offer it
        used,         // "p="
    };
    struct Channel {
        Binding binding = Binding::unsupported;
        std::string name;  // with used: "tls-exporter"
        std::string data;  // with used
    };
    // `nonce` is printable and without commas. Passwords and names that are not ASCII are taken as they are (as the server's side does).
    ScramClient(std::string_view user, std::string_view authorize_as, Channel channel, std::string nonce);

    std::string client_first() const { return gs2_header_ + first_bare_; }

    // What the salted password is to be made of: salted_password() takes its time.
    struct Salting {
        std::string salt;
        std::uint64_t iterations = 0;
    };
    // Errors: invalid (malformed; it does not answer our message), denied (less work than `allowed`), too_large (more).
    Result<Salting> read_server_first(std::string_view message, const ScramWork& allowed = {});
    std::string client_final(std::string_view salted_password);
    // Errors: denied (it does not know the password, or says that we do not).
    Result<> read_server_final(std::string_view message);
    bool server_verified() const { return verified_; }

private:
    std::string gs2_header_;
    std::string first_bare_;
    std::string binding_data_;
    std::string nonce_;  // ours, then with the server's half
    std::string server_first_;
    std::string server_signature_;
    bool verified_ = false;
};

// SaltedPassword := Hi(Normalize(password), salt, i)                                       RFC 5802 §3
std::string salted_password(std::string_view password, const ScramClient::Salting& salting);

// 144 random bits.
std::string new_scram_nonce();

}  // namespace packetboat::sasl
