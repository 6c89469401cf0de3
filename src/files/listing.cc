#include "files/listing.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "files/directory.h"
#include "files/hidden_names.h"

namespace packetboat::files {

namespace {

class DirectoryListing final : public Listing {
public:
    DirectoryListing(std::shared_ptr<const Tree> tree, Path path, Directory directory)
        : tree_(std::move(tree)), path_(std::move(path)), directory_(std::move(directory)) {}

    // Names are cheap, what is known of them is not: so as many names as may be sorted are read first.
    Result<> begin() {
        const std::uint64_t sorted_max = tree_->common.limits.sorted_listing_max;
        while (first_.size() <= sorted_max) {
            const Result<const dirent*> entry = directory_.next();
            if (!entry) return fail(entry.error());
            if (*entry == nullptr) {
                std::ranges::sort(first_);
                return {};
            }
            if (is_shown((*entry)->d_name)) first_.emplace_back((*entry)->d_name);
        }
        return {};
    }

    Result<std::vector<Entry>> next(std::size_t limit) override {
        std::vector<Entry> out;
        out.reserve(std::min<std::size_t>(limit, reserved_entries_max));
        for (; at_ < first_.size(); ++at_) {
            if (out.size() == limit) return out;
            add(first_[at_].c_str(), out);
        }
        first_ = {};
        at_ = 0;
        while (out.size() < limit) {
            const Result<const dirent*> entry = directory_.next();
            if (!entry) return fail(entry.error());
            if (*entry == nullptr) break;
            if (is_shown((*entry)->d_name)) add((*entry)->d_name, out);
        }
        return out;
    }

private:
    static constexpr std::size_t reserved_entries_max = 1'000;

    // What has gone meanwhile is left out, and so is a link that leads out of the area, or nowhere.
    void add(const char* name, std::vector<Entry>& out) const {
        struct stat status{};
        if (::fstatat(directory_.descriptor(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
        if (S_ISLNK(status.st_mode)) {
            const std::optional<Path> link = path_.child(name);
            if (!link) return;
            const Result<Descriptor> target = open_beneath(tree_->root.get(), link->relative_c_str(), O_PATH);
            if (!target) return;
            const Result<struct stat> followed = status_of(target->get());
            if (!followed) return;
            status = *followed;
        }
        out.push_back(entry_of(name, status));
    }

    std::shared_ptr<const Tree> tree_;
    Path path_;
    Directory directory_;
    std::vector<std::string> first_;
    std::size_t at_ = 0;
};

}  // namespace

bool is_shown(std::string_view name) { return !is_hidden(name) && name.find_first_of("\r\n") == std::string_view::npos; }

Result<Descriptor> open_directory(const Tree& tree, const Path& path) {
    if (Result<> there = tree.check_there(); !there) return fail(there.error());
    Result<Descriptor> opened = open_beneath(tree.root.get(), path.relative_c_str(), O_RDONLY | O_DIRECTORY);
    if (opened || opened.error().code != ErrorCode::not_found) return opened;
    if (open_beneath(tree.root.get(), path.relative_c_str(), O_PATH)) return fail(ErrorCode::invalid, "it is not a directory");
    return opened;
}

Result<std::unique_ptr<Listing>> open_listing(std::shared_ptr<const Tree> tree, const Path& path) {
    Result<Descriptor> opened = open_directory(*tree, path);
    if (!opened) return fail(opened.error());
    Result<Directory> directory = Directory::open(std::move(*opened));
    if (!directory) return fail(directory.error());
    auto listing = std::make_unique<DirectoryListing>(std::move(tree), path, std::move(*directory));
    if (Result<> begun = listing->begin(); !begun) return fail(begun.error());
    return listing;
}

}  // namespace packetboat::files
