#pragma once

#include "base/error.h"

namespace packetboat::files {

// What is done with a tree, entry by entry. An error ends the walk.
class Visitor {
public:
    virtual ~Visitor() = default;
    // A name in the directory. `type` as in dirent, never DT_UNKNOWN. Removing it is allowed.
    virtual Result<> visit(int directory, const char* name, unsigned char type) = 0;
    // A directory below `parent`, after all in it.
    virtual Result<> leave(int parent, const char* name) = 0;
    // A directory that cannot be looked into.
    virtual Result<> closed(const Error& error) = 0;
};

// Everything below the directory, whatever its depth: two descriptors are open at a time, and what is in memory are the names of the
// directories beside the way down. No link is followed, no other disk entered. What comes and goes meanwhile may be visited or not; when a
// directory is moved away under the walk, it ends with conflict.
Result<> walk(int root, Visitor& visitor);

}  // namespace packetboat::files
