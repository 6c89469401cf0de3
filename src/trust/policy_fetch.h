#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"

namespace packetboat::trust {

struct PolicyRequest {
    std::string domain;                // in lower case; the policy is at https://mta-sts.<domain>/.well-known/mta-sts.txt
    std::vector<IpAddress> addresses;  // of mta-sts.<domain>, at least one
};

// Addresses of one host that are tried; of more, the first.
inline constexpr std::size_t policy_addresses_max = 16;

// Fetches the bytes of a policy file. Errors say in plain words what went wrong.
using FetchPolicy = std::function<Task<Result<std::string>>(PolicyRequest)>;

// Over HTTPS by libcurl, on threads of its own (RFC 8461 §3.3): the certificate has to be for mta-sts.<domain>; redirects are not followed,
// only 200 and text/plain are taken, no proxy is used, nothing is kept of a connection. The file is at most sts_policy_max_bytes.
class PolicyFetcher {
public:
    struct Options {
        std::size_t threads = 8;                    // fetches side by side
        std::size_t waiting_max = 64;               // fetches that wait for a thread; more are refused
        std::chrono::milliseconds timeout{60'000};  // of one fetch (RFC 8461 §3.3: a minute)
        std::filesystem::path ca_file;              // PEM; empty: the system's authorities
        std::uint16_t port = 443;
    };
    explicit PolicyFetcher(Options options);
    ~PolicyFetcher();  // stops, and waits for the threads

    // Any thread. Errors: unavailable (no connection, another status, stopped, too many waiting), timed_out, denied (the certificate),
    // invalid (a media type that is not text/plain), too_large.
    Task<Result<std::string>> fetch(PolicyRequest request);

    // Fetches under way end within a second or so, and no new ones begin. Any thread.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::trust
