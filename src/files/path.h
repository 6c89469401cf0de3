#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace packetboat::files {

inline constexpr std::size_t name_max_bytes = 255;    // what Linux's file systems take
inline constexpr std::size_t path_max_bytes = 4'000;  // of the whole; under PATH_MAX
inline constexpr std::size_t depth_max = 200;         // names in a path

// Names that begin so are our own (unfinished uploads): no path may have one, and no listing shows one.
inline constexpr std::string_view hidden_prefix = ".packetboat-";

// A path inside an area, as every protocol shows it: absolute, names in the bytes that they were given in, no ".", no "..", "/" alone is
// the root. What exists is the kernel's to say, under the area's root; this is the one place where a client's text becomes a path.
class Path {
public:
    Path() = default;  // the root

    // `argument` seen from here; from the root when it begins with "/". ".." leads up, and at the root stays there; empty names (//) and a
    // final "/" count for nothing. "%" and "\" are ordinary. An empty argument is this path.
    // Errors: invalid (NUL, CR or LF in it, or a name that begins with hidden_prefix), too_large (a named limit above).
    Result<Path> resolve(std::string_view argument) const;

    const std::string& text() const { return text_; }  // "/a/b"
    bool is_root() const { return text_.size() == 1; }
    std::string_view name() const;                                    // "b"; of the root: empty
    Path parent() const;                                              // of the root: the root
    std::string_view relative() const;                                // "a/b", of the root: "."; for openat2, and so with a NUL behind it
    const char* relative_c_str() const { return relative().data(); }  // it ends where the path does
    // nullopt when resolve() would not give it: `name` came from a directory, and other programs put there what they like.
    std::optional<Path> child(std::string_view name) const;
    // This path or one below it.
    bool contains(const Path& other) const;

    friend bool operator==(const Path&, const Path&) = default;

private:
    explicit Path(std::string text) : text_(std::move(text)) {}
    std::string text_ = "/";
};

}  // namespace packetboat::files
