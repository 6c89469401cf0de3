#pragma once

#include <memory>

#include "files/tree.h"

namespace packetboat::files {

// What clients may see of a directory's names.
bool is_shown(std::string_view name);

// Errors: invalid when it is not a directory.
Result<Descriptor> open_directory(const Tree& tree, const Path& path);
// `tree` is shared: a listing goes on when the session has put its area away.
Result<std::unique_ptr<Listing>> open_listing(std::shared_ptr<const Tree> tree, const Path& path);

}  // namespace packetboat::files
