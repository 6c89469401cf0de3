#pragma once

#include <dirent.h>

#include <memory>

#include "base/descriptor.h"
#include "base/error.h"

namespace packetboat::files {

// The names in a directory, as the disk has them, without "." and "..".
class Directory {
public:
    // Takes the descriptor, which must have been opened for reading.
    static Result<Directory> open(Descriptor descriptor);
    // One that another one goes on using.
    static Result<Directory> open_again(int descriptor);

    int descriptor() const { return ::dirfd(stream_.get()); }
    // nullptr at the end; valid until the next call. d_type may be DT_UNKNOWN.
    Result<const dirent*> next();

private:
    struct Close {
        void operator()(DIR* stream) const { ::closedir(stream); }
    };
    explicit Directory(DIR* stream) : stream_(stream) {}
    std::unique_ptr<DIR, Close> stream_;
};

}  // namespace packetboat::files
