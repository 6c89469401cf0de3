#pragma once

#include <string>
#include <string_view>

// The names that only the server gives. All begin with hidden_prefix, so that no path has one and no listing shows one.
namespace packetboat::files {

bool is_hidden(std::string_view name);
// Where an upload to `name` is written, in the same directory; the same for the same name, so that it can be found again.
std::string unfinished_name(std::string_view name);
bool is_unfinished(std::string_view name);
// Where the area `name` stands, beside the areas, while it is deleted: begins so, a number follows.
std::string removed_prefix(std::string_view name);
bool is_removed(std::string_view name);

}  // namespace packetboat::files
