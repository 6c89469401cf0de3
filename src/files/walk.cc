#include "files/walk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <vector>

#include "files/beneath.h"
#include "files/directory.h"
#include "files/system_error.h"

namespace packetboat::files {

namespace {

struct Level {
    std::string name;  // in the level above
    std::vector<std::string> directories;
    std::uint64_t device = 0, inode = 0;
};

class Walk {
public:
    explicit Walk(Visitor& visitor) : visitor_(&visitor) {}

    Result<> run(int root) {
        Descriptor here(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!here) return system_failure(errno);
        if (Result<> entered = enter(std::move(here), ""); !entered) return entered;
        for (;;) {
            Level& level = levels_.back();
            if (level.directories.empty()) {
                if (levels_.size() == 1) return {};
                if (Result<> left = leave(); !left) return left;
                continue;
            }
            std::string name = std::move(level.directories.back());
            level.directories.pop_back();
            if (Result<> down = descend(std::move(name)); !down) return down;
        }
    }

private:
    Result<> descend(std::string name) {
        Result<Descriptor> below = open_child_directory(here_.get(), name.c_str());
        if (below) return enter(std::move(*below), std::move(name));
        if (below.error().code == ErrorCode::not_found) {
            // Gone meanwhile; or another disk, which is not ours to look into.
            const Result<std::optional<struct stat>> there = look(here_.get(), name.c_str());
            if (there && !*there) return {};
        }
        return visitor_->closed(below.error());
    }

    Result<> enter(Descriptor directory, std::string name) {
        const Result<struct stat> status = status_of(directory.get());
        if (!status) return fail(status.error());
        Level level{.name = std::move(name), .directories = {}, .device = status->st_dev, .inode = status->st_ino};
        here_ = std::move(directory);
        Result<Directory> names = Directory::open_again(here_.get());
        if (!names) return fail(names.error());
        for (;;) {
            const Result<const dirent*> entry = names->next();
            if (!entry) return fail(entry.error());
            if (*entry == nullptr) break;
            if (Result<> visited = visit(**entry, level); !visited) return visited;
        }
        levels_.push_back(std::move(level));
        return {};
    }

    Result<> visit(const dirent& entry, Level& level) {
        unsigned char type = entry.d_type;
        if (type == DT_UNKNOWN) {
            const Result<std::optional<struct stat>> status = look(here_.get(), entry.d_name);
            if (!status) return fail(status.error());
            if (!*status) return {};
            type = static_cast<unsigned char>(IFTODT((**status).st_mode));
        }
        if (type == DT_DIR) level.directories.emplace_back(entry.d_name);
        return visitor_->visit(here_.get(), entry.d_name, type);
    }

    // Up by "..", so that no more than one level need be open; by its inode it is known to be where we came from.
    Result<> leave() {
        const std::string name = std::move(levels_.back().name);
        levels_.pop_back();
        Descriptor above(::openat(here_.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!above) return system_failure(errno);
        const Result<struct stat> status = status_of(above.get());
        if (!status) return fail(status.error());
        if (status->st_dev != levels_.back().device || status->st_ino != levels_.back().inode) {
            return fail(ErrorCode::conflict, "a directory has been moved meanwhile");
        }
        here_ = std::move(above);
        return visitor_->leave(here_.get(), name.c_str());
    }

    Visitor* visitor_;
    Descriptor here_;
    std::vector<Level> levels_;
};

}  // namespace

Result<> walk(int root, Visitor& visitor) { return Walk(visitor).run(root); }

}  // namespace packetboat::files
