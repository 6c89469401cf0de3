#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "files/beneath.h"
#include "files/disk.h"
#include "files/locks.h"
#include "files/usage.h"

namespace packetboat::files {

// What all areas share; outlives them.
struct Common {
    Limits limits;
    std::shared_ptr<Disk> disk;
    Locks locks;
};

// What all who have one area open share.
struct AreaState {
    Usage usage;
    std::atomic<bool> removed = false;
    std::mutex counting;  // over `counted`, and over the walk that makes it true
    bool counted = false;
};

// A name in a directory that is held open: the directory may be moved meanwhile, what is done with the name is done in it.
struct Place {
    Descriptor parent;
    std::string name;
    std::string unfinished;  // unfinished_name(name)
    std::uint64_t device = 0, inode = 0;

    LockKey key() const { return {device, inode, unfinished}; }
};

// An area as one account has it open.
struct Tree {
    Common& common;
    std::shared_ptr<AreaState> state;  // shared: uploads hold it as well, and so does who opens the area next
    Descriptor root;
    Quota quota;

    // Errors: not_found when the area has been removed.
    Result<> check_there() const;
    // Where the path's last name stands. Errors: invalid for the root.
    Result<Place> place(const Path& path) const;
    Result<> sync(int descriptor) const;
    // Of the disk. Errors: unavailable.
    Result<> has_room(std::uint64_t bytes) const;
    // Removes a name that is no directory and gives back what it counted. Not synced.
    Result<> unlink(int directory, const char* name, const struct stat& status) const;
    // What an upload to this place has left, for a file that goes or is replaced. Who calls holds the place's lock. Not synced.
    Result<> forget_unfinished(const Place& place) const;
};

}  // namespace packetboat::files
