#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace packetboat::files {

// Everything that changes the disk goes through this, each function as the system call of its name: -1 and errno for an error. Tests put
// one in its place that fails (testing/faulty_disk.h). Any thread.
class Disk {
public:
    virtual ~Disk() = default;
    virtual int create(int directory, const char* name, mode_t mode);  // O_EXCL, for reading and writing
    virtual ssize_t write(int file, const char* bytes, std::size_t count, off_t offset);
    virtual ssize_t copy(int from, off_t from_offset, int to, off_t to_offset, std::size_t count);  // copy_file_range
    virtual int truncate(int file, off_t size);
    virtual int sync(int descriptor);
    virtual int set_mode(int descriptor, mode_t mode);
    virtual int set_modified(int descriptor, std::int64_t modified_ns);
    virtual int rename(int from_directory, const char* from, int to_directory, const char* to, unsigned flags);  // renameat2
    virtual int unlink(int directory, const char* name, int flags);
    virtual int make_directory(int parent, const char* name, mode_t mode);

    static Disk& real();
};

}  // namespace packetboat::files
