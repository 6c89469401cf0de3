#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace packetboat::delivery {

// A delivery status notification, as whoever gets it takes it apart.
struct ReadReport {
    using Fields = std::vector<std::pair<std::string, std::string>>;  // unfolded
    Fields header;
    std::string text;  // for people
    std::string status_type;
    std::vector<Fields> groups;  // of the message, then of each recipient
    std::string returned_type;
    std::string returned;
};

// Errors: invalid, for anything that is no multipart/report of three parts in lines that every transport carries.
Result<ReadReport> read_report(std::string_view message);

// The value of the first field of this name; "(none)" when there is none.
std::string value_of(const ReadReport::Fields& fields, std::string_view name);

}  // namespace packetboat::delivery
