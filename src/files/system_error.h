#pragma once

#include <string_view>

#include "base/error.h"

namespace packetboat::files {

// What the kernel said (an errno), in our own words; the one place where the two meet. What leads out of an area is answered like what
// does not exist.
Unexpected system_failure(int number);

}  // namespace packetboat::files
