#pragma once

#include <string>
#include <vector>

namespace packetboat::mime::testing {

// A message that breaks readers. Its name is a file's, too.
struct Nasty {
    std::string name;
    std::string message;
};

// Small ones: each breaks one rule, or stands at the edge of one.
std::vector<Nasty> nasties();
// Those of ten thousand parts and of header fields of a megabyte.
std::vector<Nasty> large_nasties();

}  // namespace packetboat::mime::testing
