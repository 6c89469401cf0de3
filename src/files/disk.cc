#include "files/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace packetboat::files {

int Disk::create(int directory, const char* name, mode_t mode) {
    return ::openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
}

ssize_t Disk::write(int file, const char* bytes, std::size_t count, off_t offset) { return ::pwrite(file, bytes, count, offset); }

ssize_t Disk::copy(int from, off_t from_offset, int to, off_t to_offset, std::size_t count) {
    return ::copy_file_range(from, &from_offset, to, &to_offset, count, 0);
}

int Disk::truncate(int file, off_t size) { return ::ftruncate(file, size); }

int Disk::sync(int descriptor) { return ::fsync(descriptor); }

int Disk::set_mode(int descriptor, mode_t mode) { return ::fchmod(descriptor, mode); }

int Disk::set_modified(int descriptor, std::int64_t modified_ns) {
    constexpr std::int64_t ns_per_s = 1'000'000'000;
    std::int64_t seconds = modified_ns / ns_per_s;
    if (modified_ns % ns_per_s < 0) --seconds;
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = modified_ns - seconds * ns_per_s}};
    return ::futimens(descriptor, times);
}

int Disk::rename(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
    return ::renameat2(from_directory, from, to_directory, to, flags);
}

int Disk::unlink(int directory, const char* name, int flags) { return ::unlinkat(directory, name, flags); }

int Disk::make_directory(int parent, const char* name, mode_t mode) { return ::mkdirat(parent, name, mode); }

Disk& Disk::real() {
    static Disk disk;
    return disk;
}

}  // namespace packetboat::files
