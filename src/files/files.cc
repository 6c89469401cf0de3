#include "files/files.h"

#include <fcntl.h>

#include <cerrno>
#include <map>
#include <vector>

#include "files/area.h"
#include "files/directory.h"
#include "files/hidden_names.h"
#include "files/system_error.h"
#include "files/upkeep.h"

namespace packetboat::files {

namespace {

Result<> check_area_name(std::string_view name) {
    if (name.empty() || name.size() > name_max_bytes || name.starts_with('.') ||
        name.find_first_of(std::string_view("/\0\r\n", 4)) != std::string_view::npos) {
        return fail(ErrorCode::invalid, "these files cannot have that name");
    }
    return {};
}

// Names of the directory that begin so.
template <class Wanted>
Result<std::vector<std::string>> names_in(int directory, Wanted wanted) {
    Result<Directory> names = Directory::open_again(directory);
    if (!names) return fail(names.error());
    std::vector<std::string> out;
    for (;;) {
        const Result<const dirent*> entry = names->next();
        if (!entry) return fail(entry.error());
        if (*entry == nullptr) return out;
        if (wanted(std::string_view((*entry)->d_name))) out.emplace_back((*entry)->d_name);
    }
}

}  // namespace

struct Files::State {
    Common common;
    Descriptor root;
    std::mutex mutex;     // over `areas`, and over areas' coming and going
    std::mutex removing;  // one at a time deletes
    std::map<std::string, std::shared_ptr<AreaState>> areas;

    Result<> sync_root() {
        if (common.limits.durable && common.disk->sync(root.get()) != 0) return system_failure(errno);
        return {};
    }

    struct Found {
        std::shared_ptr<AreaState> state;
        Descriptor directory;
    };
    Result<Found> find(const std::string& name, bool make) {
        const std::lock_guard lock(mutex);
        Result<Descriptor> directory = open_child_directory(root.get(), name.c_str());
        if (!directory && directory.error().code == ErrorCode::not_found && make) directory = make_area(name);
        if (!directory) return fail(directory.error());
        std::shared_ptr<AreaState>& state = areas[name];
        if (!state) state = std::make_shared<AreaState>();
        return Found{.state = state, .directory = std::move(*directory)};
    }
    Result<Descriptor> make_area(const std::string& name) {
        if (common.disk->make_directory(root.get(), name.c_str(), common.limits.directory_mode) != 0) return system_failure(errno);
        if (Result<> synced = sync_root(); !synced) {
            (void)common.disk->unlink(root.get(), name.c_str(), AT_REMOVEDIR);
            return fail(synced.error());
        }
        return open_child_directory(root.get(), name.c_str());
    }

    // Out of everybody's sight, in one step.
    Result<> put_away(const std::string& name) {
        const std::lock_guard lock(mutex);
        const std::string prefix = removed_prefix(name);
        for (std::uint64_t n = 0;; ++n) {
            const std::string away = prefix + std::to_string(n);
            if (common.disk->rename(root.get(), name.c_str(), root.get(), away.c_str(), RENAME_NOREPLACE) == 0) break;
            if (errno == ENOENT) return {};
            if (errno != EEXIST) return system_failure(errno);
        }
        if (const auto at = areas.find(name); at != areas.end()) {
            at->second->removed = true;
            areas.erase(at);
        }
        return sync_root();
    }

    template <class Wanted>
    Result<> remove_put_away(Wanted wanted) {
        const std::lock_guard lock(removing);
        const Result<std::vector<std::string>> names = names_in(root.get(), wanted);
        if (!names) return fail(names.error());
        for (const std::string& name : *names) {
            if (Result<> removed = remove_tree(root.get(), name.c_str(), *common.disk); !removed) return removed;
        }
        return names->empty() ? Result<>() : sync_root();
    }
};

Files::Files(std::unique_ptr<State> state) : state_(std::move(state)) {}

Files::~Files() = default;

Result<std::unique_ptr<Files>> Files::open(const std::filesystem::path& root, const Limits& limits, std::shared_ptr<Disk> disk) {
    std::error_code error;
    std::filesystem::create_directories(root, error);
    if (error) return fail(ErrorCode::unavailable, "the folder for files cannot be made: " + error.message());
    Descriptor directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail(ErrorCode::unavailable, "the folder for files cannot be opened: " + system_failure(errno).error().text);
    // Linux has had it since 5.6, but a sandbox may forbid it; without it there is no way that is safe.
    if (const Result<Descriptor> again = open_child_directory(directory.get(), "."); !again) {
        return fail(ErrorCode::unavailable, "openat2 does not work here: " + again.error().text);
    }
    std::unique_ptr<State> state(new State{.common = {.limits = limits, .disk = nullptr, .locks = {}}, .root = std::move(directory)});
    state->common.disk = disk ? std::move(disk) : std::make_shared<Disk>();
    return std::unique_ptr<Files>(new Files(std::move(state)));
}

Result<std::unique_ptr<Area>> Files::area(const std::string& name, const Grant& grant, const Quota& quota) {
    if (Result<> good = check_area_name(name); !good) return fail(good.error());
    Result<State::Found> found = state_->find(name, true);
    if (!found) return fail(found.error());
    {
        AreaState& state = *found->state;
        const std::lock_guard counting(state.counting);
        if (!state.counted) {
            const Result<Amount> amount = count(found->directory.get());
            if (!amount) return fail(amount.error());
            state.usage.add(*amount);
            state.counted = true;
        }
    }
    std::shared_ptr<const Tree> tree(
        new Tree{.common = state_->common, .state = std::move(found->state), .root = std::move(found->directory), .quota = quota});
    return std::make_unique<LocalArea>(std::move(tree), grant);
}

Result<> Files::remove_area(const std::string& name) {
    if (Result<> good = check_area_name(name); !good) return good;
    if (Result<> away = state_->put_away(name); !away) return away;
    const std::string prefix = removed_prefix(name);
    return state_->remove_put_away([&](std::string_view found) { return found.starts_with(prefix); });
}

Result<std::uint64_t> Files::sweep(Time now) {
    const Time before = now - state_->common.limits.unfinished_time;
    Result<> first_failure = state_->remove_put_away(is_removed);
    const Result<std::vector<std::string>> names =
        names_in(state_->root.get(), [](std::string_view name) { return !name.starts_with('.'); });
    if (!names) return fail(names.error());
    std::uint64_t removed = 0;
    for (const std::string& name : *names) {
        Result<State::Found> found = state_->find(name, false);
        if (!found) continue;  // removed meanwhile, or something else that lies there
        AreaState& state = *found->state;
        // Who has not been counted yet is not counted in the middle of this.
        std::unique_lock counting(state.counting);
        Usage* const usage = state.counted ? &state.usage : nullptr;
        if (state.counted) counting.unlock();
        const Result<std::uint64_t> swept = sweep_unfinished(found->directory.get(), before, state_->common, usage);
        if (swept)
            removed += *swept;
        else if (first_failure)
            first_failure = fail(swept.error());
    }
    if (!first_failure) return fail(first_failure.error());
    return removed;
}

}  // namespace packetboat::files
