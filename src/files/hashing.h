#pragma once

#include <memory>

#include "files/beneath.h"

namespace packetboat::files {

// Of the bytes from `first` to `last`, or to the end. Errors: invalid when that is no range of the file's; unavailable (an algorithm that
// this machine's libcrypto refuses).
Result<std::unique_ptr<Hashing>> open_hashing(OpenFile file, HashAlgorithm algorithm, std::uint64_t first,
                                              std::optional<std::uint64_t> last);

}  // namespace packetboat::files
