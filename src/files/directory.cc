#include "files/directory.h"

#include <fcntl.h>

#include <cerrno>
#include <string_view>

#include "files/system_error.h"

namespace packetboat::files {

Result<Directory> Directory::open(Descriptor descriptor) {
    DIR* const stream = ::fdopendir(descriptor.get());
    if (stream == nullptr) return system_failure(errno);
    (void)descriptor.release();
    return Directory(stream);
}

// A duplicate would share its place with the original, and with whoever reads that one at the same time.
Result<Directory> Directory::open_again(int descriptor) {
    Descriptor again(::openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!again) return system_failure(errno);
    return open(std::move(again));
}

Result<const dirent*> Directory::next() {
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(stream_.get());
        if (entry == nullptr) {
            if (errno != 0 && errno != ENOENT) return system_failure(errno);  // ENOENT: the directory has been removed
            return nullptr;
        }
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..") return entry;
    }
}

}  // namespace packetboat::files
