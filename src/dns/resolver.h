#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"

// The domain name system (RFC 1034, 1035), asked by a resolver of our own that validates (RFC 4035) and caches by TTL.
namespace packetboat::dns {

enum class Type : std::uint16_t { a = 1, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28, srv = 33, tlsa = 52 };

enum class Outcome : std::uint8_t {
    found,
    no_data,       // the name exists, but has no record of this type
    no_such_name,  // NXDOMAIN
    failed,        // no name server gave an answer (SERVFAIL, REFUSED, silence): ask again later
    bogus,         // DNSSEC says that the answer is forged or broken: as failed, but never to be used
};

// RFC 1035 §3.3.9. Names here and below: lower case, without the final dot; the root is "".
struct Mx {
    std::uint16_t preference = 0;
    std::string exchange;
    friend bool operator==(const Mx&, const Mx&) = default;
};

struct Srv {  // RFC 2782
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string target;
    friend bool operator==(const Srv&, const Srv&) = default;
};

struct Tlsa {  // RFC 6698 §2.1
    std::uint8_t usage = 0;
    std::uint8_t selector = 0;
    std::uint8_t matching = 0;
    std::string data;  // bytes
    friend bool operator==(const Tlsa&, const Tlsa&) = default;
};

// What was asked for, in the member of its type; the others are empty. Records that are broken are left out and counted; found has at least
// one that is not.
struct Answer {
    Outcome outcome = Outcome::failed;
    bool secure = false;         // validated by DNSSEC, the whole way through CNAMEs; also for no_data and no_such_name
    std::string canonical_name;  // where CNAMEs led; the name asked for, when there were none
    std::chrono::seconds ttl{};  // how long this holds, negative answers included; 0: for now only
    std::string why;             // of failed and bogus, in plain words: "no name server of example.org answers"

    std::vector<IpAddress> addresses;  // a, aaaa
    std::vector<Mx> mx;                // in the order they came
    std::vector<std::string> texts;    // txt: each one's strings joined
    std::vector<std::string> names;    // ptr, cname
    std::vector<Srv> srv;
    std::vector<Tlsa> tlsa;
    std::uint64_t broken = 0;
};

// Any thread; a query goes on on the executor that awaits it.
class Resolver {
public:
    virtual ~Resolver() = default;
    // `name` in ASCII (A-labels), with or without a final dot. A name that cannot be one is no_such_name. Never throws, never waits longer
    // than ResolverOptions::timeout.
    virtual Task<Answer> query(std::string name, Type type) = 0;
    // Queries under way, and later ones that memory has no answer for, are answered `failed` at once. From any thread but one of its own,
    // once.
    virtual void stop() {}
};

struct ResolverOptions {
    std::vector<Endpoint> servers;                 // recursive, or authoritative for all that is asked; empty: those of resolv_conf
    std::string resolv_conf = "/etc/resolv.conf";  // read once; without a name server in it: the one on 127.0.0.1
    bool dnssec = true;                            // validate, with the root's trust anchor
    // More of them, as DS or DNSKEY records in text, for zones of one's own. Without `dnssec`: what lies below these is validated, nothing
    // else.
    std::vector<std::string> trust_anchors;
    std::chrono::milliseconds timeout{30'000};
    std::uint64_t queries_max = 1'000;  // different ones under way; more are answered `failed` at once
    std::uint64_t cache_bytes = 16 << 20;
};

// Over libunbound; see README.md for what it does with the options. Starts two threads. Destroying it answers the queries under way as
// failed; no thread may be calling query() then. Errors: unavailable, invalid (a trust anchor, no time, no queries).
Result<std::unique_ptr<Resolver>> make_resolver(ResolverOptions options);

}  // namespace packetboat::dns
