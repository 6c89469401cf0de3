#include "files/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "files/system_error.h"

namespace packetboat::files {

namespace {

// While anybody on the machine renames, the kernel may be unsure whether ".." of a link stayed beneath, and says EAGAIN.
constexpr int unsure_tries_max = 100;

Result<Descriptor> open_below(int directory, const char* path, int flags, std::uint64_t resolve) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    // With O_PATH nothing is opened, and the kernel refuses flags that mean nothing then.
    if ((flags & O_PATH) == 0) how.flags |= static_cast<std::uint64_t>(O_NOCTTY | O_NONBLOCK);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve;
    for (int tries = 0;; ++tries) {
        const long opened = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (opened >= 0) return Descriptor(static_cast<int>(opened));
        if (errno == EINTR) continue;
        if (errno == EAGAIN && tries < unsure_tries_max) continue;
        return system_failure(errno);
    }
}

Kind kind_of(const struct stat& status) {
    if (S_ISREG(status.st_mode)) return Kind::file;
    return S_ISDIR(status.st_mode) ? Kind::directory : Kind::other;
}

}  // namespace

Result<Descriptor> open_beneath(int directory, const char* path, int flags, LastLink last) {
    return open_below(directory, path, last == LastLink::refuse ? flags | O_NOFOLLOW : flags, 0);
}

Result<Descriptor> open_child_directory(int directory, const char* name) {
    return open_below(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

Result<OpenFile> open_file(int directory, const char* path, LastLink last) {
    Result<Descriptor> opened = open_beneath(directory, path, O_RDONLY, last);
    if (!opened) return fail(opened.error());
    OpenFile file{.descriptor = std::move(*opened)};
    const Result<struct stat> status = status_of(file.descriptor.get());
    if (!status) return fail(status.error());
    if (S_ISDIR(status->st_mode)) return fail(ErrorCode::invalid, "it is a directory");
    if (!S_ISREG(status->st_mode)) return fail(ErrorCode::invalid, "it is not a file");
    file.status = *status;
    return file;
}

Result<struct stat> status_of(int descriptor) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return system_failure(errno);
    return status;
}

Result<std::optional<struct stat>> look(int directory, const char* name) {
    struct stat status{};
    if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
    if (errno == ENOENT) return std::nullopt;
    return system_failure(errno);
}

Entry entry_of(std::string_view name, const struct stat& status) {
    return {.name = std::string(name),
            .kind = kind_of(status),
            .size_bytes = static_cast<std::uint64_t>(status.st_size),
            .modified_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
            .mode = status.st_mode & 0777,
            .links = static_cast<std::uint32_t>(status.st_nlink),
            .device = status.st_dev,
            .inode = status.st_ino};
}

std::uint64_t counted_bytes(const struct stat& status) { return S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0; }

}  // namespace packetboat::files
