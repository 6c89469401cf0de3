#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"

// The [[route]] tables of the configuration: ways that an operator has laid down for some domains.
namespace packetboat::server {

struct RouteSettings {
    std::uint64_t line = 0;  // in the file
    std::vector<std::string> domains;
    std::string host;
    std::uint64_t port = 0;
    bool mx = false;
    std::string protocol = "smtp";
    std::string tls;
    bool implicit_tls = false;
    std::string user;
    std::string password_file;
    bool password_without_tls = false;
    std::vector<std::string> sources;

    friend bool operator==(const RouteSettings&, const RouteSettings&) = default;
};

// One key of such a table.
struct RouteKey {
    std::string_view name;
    std::string_view example;  // as it would be written
    std::string_view help;
    // Exactly one of them.
    std::string RouteSettings::* text = nullptr;
    std::vector<std::string> RouteSettings::* list = nullptr;
    std::uint64_t RouteSettings::* number = nullptr;
    bool RouteSettings::* flag = nullptr;
};
const std::vector<RouteKey>& route_keys();

// The section of docs/configuration.md, and an example for the commented file.
std::string routes_page();
std::string routes_example();

}  // namespace packetboat::server
