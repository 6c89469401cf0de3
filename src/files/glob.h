#pragma once

#include "files/tree.h"

namespace packetboat::files {

// Area::glob, without the grant.
Result<std::vector<Path>> glob(const Tree& tree, const Path& from, std::string_view pattern);

}  // namespace packetboat::files
