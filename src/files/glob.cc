#include "files/glob.h"

#include <fcntl.h>

#include <algorithm>

#include "files/directory.h"
#include "files/listing.h"
#include "files/pattern.h"

namespace packetboat::files {

namespace {

// Literal names between two patterns are one step.
struct Step {
    std::string names;               // "a/b", or the text of the pattern
    std::optional<Pattern> pattern;  // of one name
};

struct Steps {
    Path from;  // what stands before the first pattern
    std::vector<Step> steps;
};

Result<> add_name(std::string_view name, Steps& out) {
    if (Pattern::is_wild(name)) {
        if (const Result<Path> good = Path().resolve(name); !good) return fail(good.error());
        Result<Pattern> pattern = Pattern::compile(name);
        if (!pattern) return fail(pattern.error());
        if (out.steps.size() == depth_max) return fail(ErrorCode::too_large, "the pattern is too long");
        out.steps.push_back({.names = std::string(name), .pattern = std::move(*pattern)});
        return {};
    }
    if (name.empty() || name == ".") return {};
    if (out.steps.empty()) {
        Result<Path> resolved = out.from.resolve(name);
        if (!resolved) return fail(resolved.error());
        out.from = std::move(*resolved);
        return {};
    }
    if (name == "..") return fail(ErrorCode::invalid, "there can be no \"..\" behind a pattern");
    if (const Result<Path> good = Path().resolve(name); !good) return fail(good.error());
    if (out.steps.back().pattern) out.steps.push_back({});
    Step& last = out.steps.back();
    if (!last.names.empty()) last.names += '/';
    last.names += name;
    return {};
}

Result<Steps> steps_of(const Path& from, std::string_view pattern) {
    if (pattern.size() > path_max_bytes) return fail(ErrorCode::too_large, "the pattern is too long");
    Steps out{.from = pattern.starts_with('/') ? Path() : from, .steps = {}};
    while (!pattern.empty()) {
        const std::string_view name = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(std::min(name.size() + 1, pattern.size()));
        if (Result<> added = add_name(name, out); !added) return fail(added.error());
    }
    return out;
}

// Depth first, in the order of names: what waits is in memory, what has been seen is not.
class Search {
public:
    Search(const Tree& tree, const std::vector<Step>& steps) : tree_(&tree), steps_(&steps) {}

    Result<std::vector<Path>> run(const Path& from) {
        waiting_.push_back({from, 0, false});
        while (!waiting_.empty()) {
            const Waiting next = std::move(waiting_.back());
            waiting_.pop_back();
            if (Result<> done = next.step == steps_->size() ? found(next) : advance(next); !done) return fail(done.error());
        }
        return std::move(found_);
    }

private:
    struct Waiting {
        Path path;
        std::size_t step = 0;  // that is to be done in it
        bool exists = false;
    };

    Result<> count_entry() {
        if (++entries_ > tree_->common.limits.glob_entries_max) return fail(ErrorCode::too_many, "the pattern would take too long");
        return {};
    }
    Result<> check_matches(std::size_t count) const {
        if (count > tree_->common.limits.glob_matches_max) return fail(ErrorCode::too_many, "too many names match");
        return {};
    }

    Result<> found(const Waiting& at) {
        if (!at.exists) {
            if (Result<> counted = count_entry(); !counted) return counted;
            if (!leads_somewhere(at.path)) return {};
        }
        found_.push_back(at.path);
        return check_matches(found_.size());
    }

    bool leads_somewhere(const Path& path) const { return open_beneath(tree_->root.get(), path.relative_c_str(), O_PATH).has_value(); }

    Result<> advance(const Waiting& at) {
        const Step& step = (*steps_)[at.step];
        if (!step.pattern) {
            const Result<Path> below = at.path.resolve(step.names);
            if (below) waiting_.push_back({*below, at.step + 1, false});
            return {};  // too deep: then it is not there
        }
        if (Result<> counted = count_entry(); !counted) return counted;
        Result<Descriptor> opened = open_directory(*tree_, at.path);
        if (!opened) {
            // What is not there, no directory, or closed to us, matches nothing.
            if (opened.error().code == ErrorCode::unavailable) return fail(opened.error());
            return {};
        }
        Result<Directory> directory = Directory::open(std::move(*opened));
        if (!directory) return fail(directory.error());
        return read(*directory, at, *step.pattern);
    }

    Result<> read(Directory& directory, const Waiting& at, const Pattern& pattern) {
        const bool last = at.step + 1 == steps_->size();
        const std::size_t before = waiting_.size();
        for (;;) {
            const Result<const dirent*> entry = directory.next();
            if (!entry) return fail(entry.error());
            if (*entry == nullptr) break;
            if (Result<> counted = count_entry(); !counted) return counted;
            const dirent& here = **entry;
            if (!is_shown(here.d_name) || !pattern.matches(here.d_name)) continue;
            const bool unsure = here.d_type == DT_LNK || here.d_type == DT_UNKNOWN;
            if (!last && !unsure && here.d_type != DT_DIR) continue;
            const std::optional<Path> path = at.path.child(here.d_name);
            if (!path) continue;
            waiting_.push_back({*path, at.step + 1, !unsure});
            if (Result<> few = check_matches(waiting_.size() - before); !few) return few;
        }
        const auto begin = waiting_.begin() + static_cast<std::ptrdiff_t>(before);
        std::sort(begin, waiting_.end(), [](const Waiting& a, const Waiting& b) { return a.path.text() > b.path.text(); });
        return {};
    }

    const Tree* tree_;
    const std::vector<Step>* steps_;
    std::vector<Waiting> waiting_;  // the next one is the last
    std::vector<Path> found_;
    std::uint64_t entries_ = 0;
};

}  // namespace

Result<std::vector<Path>> glob(const Tree& tree, const Path& from, std::string_view pattern) {
    const Result<Steps> steps = steps_of(from, pattern);
    if (!steps) return fail(steps.error());
    if (Result<> there = tree.check_there(); !there) return fail(there.error());
    return Search(tree, steps->steps).run(steps->from);
}

}  // namespace packetboat::files
