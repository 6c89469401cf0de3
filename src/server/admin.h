#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/task.h"
#include "delivery/outbound.h"
#include "server/services.h"

// The operator's commands, as values: run by the server that listens on the control socket, or by the command itself when no
// server runs. The same code both ways.
namespace packetboat::server {

// The command's exit statuses (the contract of the command line).
enum class Exit : std::uint8_t {
    done = 0,
    failed = 1,
    usage = 2,
    not_found = 3,
    denied = 4,
    unreachable = 5,
    timed_out = 6,
    conflict = 7,
    over_limit = 8,
    refused = 9,
    deferred = 10,
    partly_done = 11,
    findings = 12,
    not_running = 13,
};
Exit exit_status(ErrorCode code);

// Whether the command is what a new store begins with; all others need one that is there.
bool makes_store(std::string_view command);

struct AdminRequest {
    std::string command;                                   // "account.add"
    std::map<std::string, std::vector<std::string>> args;  // one value for most, several for lists

    std::string json() const;
    static Result<AdminRequest> parse(std::string_view json);
};

struct AdminResponse {
    Exit exit = Exit::done;
    std::string error;   // in plain words; empty when all went well
    std::string result;  // a JSON text; "null" when there is nothing to say

    std::string json() const;
    static Result<AdminResponse> parse(std::string_view json);
};

class Admin {
public:
    // `status` adds what only a running server knows, and `outbound` is its sending side; null: no server runs here.
    using Status = std::function<void(JsonWriter&)>;
    Admin(Services& services, std::string hostname, Status status, delivery::Outbound* outbound = nullptr);

    // Long commands end with `unavailable` soon after `stopping` has been requested.
    Task<AdminResponse> execute(AdminRequest request, std::stop_token stopping = {});

private:
    Services& services_;
    std::string hostname_;
    Status status_;
    delivery::Outbound* outbound_;
};

}  // namespace packetboat::server
