#include "files/path.h"

#include <algorithm>
#include <cassert>

namespace packetboat::files {

namespace {

Result<> check_name(std::string_view name) {
    if (name.size() > name_max_bytes) return fail(ErrorCode::too_large, "the name is too long");
    if (name.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
        return fail(ErrorCode::invalid, "there is a control character in the name");
    }
    if (name.starts_with(hidden_prefix)) return fail(ErrorCode::invalid, "names that begin so are the server's own");
    return {};
}

// What is left of "/a/b" one name up; text that is empty is the root here.
void cut_last(std::string& text) {
    const std::size_t slash = text.rfind('/');
    text.resize(slash == std::string::npos ? 0 : slash);
}

}  // namespace

Result<Path> Path::resolve(std::string_view argument) const {
    std::string text;
    if (!argument.starts_with('/') && !is_root()) text = text_;
    text.reserve(std::min(text.size() + 1 + argument.size(), path_max_bytes));
    auto depth = static_cast<std::size_t>(std::ranges::count(text, '/'));
    while (!argument.empty()) {
        const std::string_view name = argument.substr(0, argument.find('/'));
        argument.remove_prefix(std::min(name.size() + 1, argument.size()));
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            if (depth > 0) --depth;
            cut_last(text);
            continue;
        }
        if (Result<> good = check_name(name); !good) return fail(good.error());
        if (text.size() + 1 + name.size() > path_max_bytes || depth == depth_max) return fail(ErrorCode::too_large, "the path is too long");
        ++depth;
        text += '/';
        text += name;
    }
    if (text.empty()) text = "/";
    return Path(std::move(text));
}

std::string_view Path::name() const { return std::string_view(text_).substr(text_.rfind('/') + 1); }

Path Path::parent() const {
    const std::size_t slash = text_.rfind('/');
    return slash == 0 ? Path() : Path(text_.substr(0, slash));
}

std::string_view Path::relative() const { return is_root() ? std::string_view(".") : std::string_view(text_).substr(1); }

std::optional<Path> Path::child(std::string_view name) const {
    if (name == "." || name == ".." || name.empty() || name.find('/') != std::string_view::npos || !check_name(name)) return std::nullopt;
    const std::size_t before = is_root() ? 0 : text_.size();
    if (before + 1 + name.size() > path_max_bytes) return std::nullopt;
    if (!is_root() && std::ranges::count(text_, '/') >= static_cast<std::ptrdiff_t>(depth_max)) return std::nullopt;
    std::string text;
    text.reserve(before + 1 + name.size());
    text.append(text_, 0, before);
    text += '/';
    text += name;
    return Path(std::move(text));
}

bool Path::contains(const Path& other) const {
    if (is_root()) return true;
    return other.text_.starts_with(text_) && (other.text_.size() == text_.size() || other.text_[text_.size()] == '/');
}

}  // namespace packetboat::files
