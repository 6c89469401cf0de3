#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/ip.h"

namespace packetboat::dns::testing {

// Knot DNS, an authoritative name server, as a child process on 127.0.0.1 with zones of the test's; gone at the end.
class Knot {
public:
    struct Zone {
        std::string name;        // "example.org"
        std::string records;     // in the zone file's form, below SOA and NS; $ORIGIN is the zone and $TTL 300
        bool is_signed = false;  // by knot itself, with a new key
    };

    static bool installed();
    // Answers when the constructor is done. Throws std::runtime_error where it does not start.
    explicit Knot(const std::vector<Zone>& zones);
    ~Knot();
    Knot(const Knot&) = delete;
    Knot& operator=(const Knot&) = delete;

    Endpoint endpoint() const { return endpoint_; }
    // The DS record of a signed zone, for ResolverOptions::trust_anchors.
    std::string trust_anchor(const std::string& zone) const;

private:
    bool start(const std::vector<Zone>& zones);
    void stop();

    std::filesystem::path folder_;
    Endpoint endpoint_;
    pid_t child_ = -1;
};

}  // namespace packetboat::dns::testing
