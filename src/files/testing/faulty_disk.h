#pragma once

#include <cerrno>

#include "files/disk.h"

namespace packetboat::files::testing {

// A disk whose n-th change fails; a write that fails writes half of it first, as full disks do.
class FaultyDisk final : public Disk {
public:
    // The `nth` call from now on (1 is the next) fails with `number`; 0: none. `lasting`: and all after it.
    void fail_at(int nth, int number, bool lasting = false) {
        number_ = number;
        lasting_ = lasting;
        fails_in_ = nth;
        failed_ = false;
    }
    bool failed() const { return failed_; }

    int create(int directory, const char* name, mode_t mode) override { return fails() ? -1 : Disk::create(directory, name, mode); }
    ssize_t write(int file, const char* bytes, std::size_t count, off_t offset) override {
        if (half_written_) {
            half_written_ = false;
            errno = number_;
            return -1;
        }
        if (!fails()) return Disk::write(file, bytes, count, offset);
        if (count < 2) return -1;
        half_written_ = true;
        return Disk::write(file, bytes, count / 2, offset);
    }
    ssize_t copy(int from, off_t from_offset, int to, off_t to_offset, std::size_t count) override {
        return fails() ? -1 : Disk::copy(from, from_offset, to, to_offset, count);
    }
    int truncate(int file, off_t size) override { return fails() ? -1 : Disk::truncate(file, size); }
    int sync(int descriptor) override { return fails() ? -1 : Disk::sync(descriptor); }
    int set_mode(int descriptor, mode_t mode) override { return fails() ? -1 : Disk::set_mode(descriptor, mode); }
    int set_modified(int descriptor, std::int64_t modified_ns) override {
        return fails() ? -1 : Disk::set_modified(descriptor, modified_ns);
    }
    int rename(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) override {
        return fails() ? -1 : Disk::rename(from_directory, from, to_directory, to, flags);
    }
    int unlink(int directory, const char* name, int flags) override { return fails() ? -1 : Disk::unlink(directory, name, flags); }
    int make_directory(int parent, const char* name, mode_t mode) override {
        return fails() ? -1 : Disk::make_directory(parent, name, mode);
    }

private:
    bool fails() {
        if (lasting_ && failed_) {
            errno = number_;
            return true;
        }
        if (fails_in_ == 0 || --fails_in_ != 0) return false;
        failed_ = true;
        errno = number_;
        return true;
    }

    int number_ = 0;
    bool lasting_ = false;
    int fails_in_ = 0;
    bool half_written_ = false;
    bool failed_ = false;
};

}  // namespace packetboat::files::testing
