#include <unistd.h>

#include <cerrno>
#include <utility>

#include "files/files.h"
#include "files/system_error.h"

namespace packetboat::files {

Download::Download(int descriptor, std::uint64_t size_bytes, std::int64_t modified_ns)
    : descriptor_(descriptor), size_bytes_(size_bytes), modified_ns_(modified_ns) {}

Download::Download(Download&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_bytes_(other.size_bytes_), modified_ns_(other.modified_ns_) {}

Download::~Download() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::size_t> Download::read(std::uint64_t offset, char* into, std::size_t into_bytes) const {
    if (offset >= size_bytes_) return 0;
    for (;;) {
        const ssize_t got =
            ::pread(descriptor_, into, std::min<std::uint64_t>(into_bytes, size_bytes_ - offset), static_cast<off_t>(offset));
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) return system_failure(errno);
    }
}

}  // namespace packetboat::files
