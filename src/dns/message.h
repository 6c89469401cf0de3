#pragma once

#include <optional>
#include <string>
#include <string_view>

// What libunbound's answer says only in the DNS message that it comes with. Pure.
namespace packetboat::dns {

struct MessageFacts {
    std::string canonical_name;  // where the CNAMEs of the answer section lead from the name that was asked for
    bool has_soa = false;        // in the authority section: how long a negative answer holds is known (RFC 2308 §3)
};

// `name` normalized. nullopt: not a DNS message (RFC 1035 §4).
std::optional<MessageFacts> read_message(std::string_view message, std::string name);

}  // namespace packetboat::dns
