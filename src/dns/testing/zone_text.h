#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dns/resolver.h"

namespace packetboat::dns::testing {

// A name's records of one type, or what is said instead of them.
struct RecordSet {
    Answer answer;       // its outcome is found, failed or bogus
    bool secure = true;  // every line says so itself
};

// What a zone's text says; names normalized.
struct ZoneText {
    struct Node {
        std::map<Type, RecordSet> sets;
        std::optional<RecordSet> any;
    };
    std::map<std::string, Node, std::less<>> nodes;   // names that exist; also those that only have names below them
    std::map<std::string, bool, std::less<>> secure;  // $secure and $insecure lines
    std::chrono::seconds ttl{3600};                   // of negative answers

    bool is_secure(std::string_view name) const;
};

// Throws std::invalid_argument.
ZoneText parse_zone(std::string_view text);

// The name without its first label; nullopt for the root.
std::optional<std::string_view> parent(std::string_view name);

}  // namespace packetboat::dns::testing
