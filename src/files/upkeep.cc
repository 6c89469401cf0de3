#include "files/upkeep.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>

#include "files/hidden_names.h"
#include "files/system_error.h"
#include "files/walk.h"

namespace packetboat::files {

namespace {

class Counter final : public Visitor {
public:
    Result<> visit(int directory, const char* name, unsigned char type) override {
        ++amount_.files;
        if (type != DT_REG) return {};
        const Result<std::optional<struct stat>> status = look(directory, name);
        if (!status) return fail(status.error());
        if (*status) amount_.bytes += counted_bytes(**status);
        return {};
    }
    Result<> leave(int, const char*) override { return {}; }
    // Somebody else has put it there: who cannot look into it cannot use it either.
    Result<> closed(const Error& error) override {
        if (error.code == ErrorCode::unavailable) return fail(error);
        return {};
    }
    Amount amount() const { return amount_; }

private:
    Amount amount_;
};

class Sweeper final : public Visitor {
public:
    Sweeper(Time before, Common& common, Usage* usage) : before_(before), common_(&common), usage_(usage) {}

    Result<> visit(int directory, const char* name, unsigned char type) override {
        if (type == DT_DIR || !is_unfinished(name)) return {};
        const Result<struct stat> parent = status_of(directory);
        if (!parent) return fail(parent.error());
        const Result<Lock> lock = common_->locks.take({parent->st_dev, parent->st_ino, name});
        if (!lock) return {};  // it is being written
        const Result<std::optional<struct stat>> status = look(directory, name);
        if (!status) return fail(status.error());
        if (!*status || (**status).st_mtim.tv_sec >= before_.seconds()) return {};
        if (common_->disk->unlink(directory, name, 0) != 0) return system_failure(errno);
        if (usage_ != nullptr) usage_->give_back({.bytes = counted_bytes(**status), .files = 1});
        ++removed_;
        return {};
    }
    Result<> leave(int, const char*) override { return {}; }
    Result<> closed(const Error& error) override {
        if (error.code == ErrorCode::unavailable) return fail(error);
        return {};
    }
    std::uint64_t removed() const { return removed_; }

private:
    Time before_;
    Common* common_;
    Usage* usage_;
    std::uint64_t removed_ = 0;
};

class Remover final : public Visitor {
public:
    explicit Remover(Disk& disk) : disk_(&disk) {}
    Result<> visit(int directory, const char* name, unsigned char type) override {
        return type == DT_DIR ? Result<>() : unlink(directory, name, 0);
    }
    Result<> leave(int parent, const char* name) override { return unlink(parent, name, AT_REMOVEDIR); }
    Result<> closed(const Error& error) override { return fail(error); }
    Result<> unlink(int directory, const char* name, int flags) {
        if (disk_->unlink(directory, name, flags) != 0 && errno != ENOENT) return system_failure(errno);
        return {};
    }

private:
    Disk* disk_;
};

}  // namespace

Result<Amount> count(int directory) {
    Counter counter;
    if (Result<> walked = walk(directory, counter); !walked) return fail(walked.error());
    return counter.amount();
}

Result<std::uint64_t> sweep_unfinished(int directory, Time before, Common& common, Usage* usage) {
    Sweeper sweeper(before, common, usage);
    Result<> walked = walk(directory, sweeper);
    // What has been moved under our feet is for the next sweep.
    if (!walked && walked.error().code != ErrorCode::conflict) return fail(walked.error());
    return sweeper.removed();
}

Result<> remove_tree(int parent, const char* name, Disk& disk) {
    Remover remover(disk);
    const Result<Descriptor> directory = open_child_directory(parent, name);
    if (!directory) {
        // Gone already, or no directory at all.
        if (directory.error().code == ErrorCode::not_found) return remover.unlink(parent, name, 0);
        return fail(directory.error());
    }
    if (Result<> walked = walk(directory->get(), remover); !walked) return walked;
    return remover.unlink(parent, name, AT_REMOVEDIR);
}

}  // namespace packetboat::files
