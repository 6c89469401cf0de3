#pragma once

#include <string>
#include <vector>

namespace packetboat::cli {

// sendmail, as half a century of programs call it: `arguments` without the program's name. Answers a status of sysexits.h.
int sendmail(const std::vector<std::string>& arguments);

}  // namespace packetboat::cli
