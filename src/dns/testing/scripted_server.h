#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "dns/question.h"

namespace packetboat::dns::testing {

// A name server on 127.0.0.1, UDP and TCP, that answers what the test says, however wrong. Throws std::system_error where it cannot start.
class ScriptedServer {
public:
    struct Query {
        Question question;  // other types than ours are here too
        bool tcp = false;
        std::string bytes;
    };
    struct Reply {
        int rcode = 0;
        bool truncated = false;
        std::vector<std::string> answers;  // from record()
        std::vector<std::string> authority;
        bool silent = false;
        std::uint16_t id_offset = 0;  // added to the id of the query
        std::string raw;              // where not empty: these bytes instead of all of the above
    };
    // Runs on the server's thread.
    using Script = std::function<Reply(const Query&)>;

    explicit ScriptedServer(Script script);
    ~ScriptedServer();

    Endpoint endpoint() const;
    std::vector<Query> queries() const;
    std::size_t times_asked(const Question& question) const;

    // A resource record in wire form (RFC 1035 §3.2.1).
    static std::string record(std::string_view name, std::uint16_t type, std::uint32_t ttl, std::string_view rdata);
    static std::string a(std::string_view name, std::uint32_t ttl, std::uint8_t last);  // 192.0.2.last
    static std::string cname(std::string_view name, std::uint32_t ttl, std::string_view target);
    static std::string soa(std::string_view name, std::uint32_t ttl, std::uint32_t minimum);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::dns::testing
