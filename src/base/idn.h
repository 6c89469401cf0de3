#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace packetboat {

// A domain's name in A-labels ("xn--bcher-kva.example"), by UTS 46 without its transitional mappings, as browsers have it; ASCII stays as
// it is, whatever it is. Errors: invalid.
Result<std::string> to_a_labels(std::string_view name);

}  // namespace packetboat
