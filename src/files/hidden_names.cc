#include "files/hidden_names.h"

#include "base/id.h"
#include "files/path.h"

namespace packetboat::files {

namespace {

constexpr std::string_view unfinished_prefix = ".packetboat-upload-";
constexpr std::string_view removing_prefix = ".packetboat-removed-";
static_assert(unfinished_prefix.starts_with(hidden_prefix) && removing_prefix.starts_with(hidden_prefix));

}  // namespace

bool is_hidden(std::string_view name) { return name.starts_with(hidden_prefix); }

std::string unfinished_name(std::string_view name) { return std::string(unfinished_prefix) + Id128::derived({"upload", name}).text(); }

bool is_unfinished(std::string_view name) { return name.starts_with(unfinished_prefix); }

std::string removed_prefix(std::string_view name) { return std::string(removing_prefix) + Id128::derived({"area", name}).text() + "-"; }

bool is_removed(std::string_view name) { return name.starts_with(removing_prefix); }

}  // namespace packetboat::files
