#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/store.h"
#include "trust/mta_sts.h"

// How MTA-STS policies lie in the store: keys, and values that begin with a version byte. Internal to the room.
//
//   p domain           the domain's policy
//   x expires domain   nothing: the policies in the order in which they expire
//   n                  how many policies there are
namespace packetboat::trust {

// A policy as it was fetched: in force from `fetched` until `expires`.
struct KeptPolicy {
    std::string id;  // of the TXT record that announced it
    Time fetched;
    Time expires;
    StsPolicy policy;
    friend bool operator==(const KeptPolicy&, const KeptPolicy&) = default;
};

store::Partition trust_partition();
inline constexpr std::string_view policy_count_key = "n";
std::string policy_key(std::string_view domain);
std::string expiry_key(Time expires, std::string_view domain);

struct Expiry {
    Time expires;
    std::string domain;
    friend bool operator==(const Expiry&, const Expiry&) = default;
};

// nullopt: broken.
std::optional<Expiry> decode_expiry_key(std::string_view key);
std::string encode_policy(const KeptPolicy& kept);
std::optional<KeptPolicy> decode_policy(std::string_view record);
std::string encode_count(std::uint64_t count);
std::optional<std::uint64_t> decode_count(std::string_view record);

}  // namespace packetboat::trust
