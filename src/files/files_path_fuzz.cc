#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "files/hidden_names.h"
#include "files/path.h"

using namespace packetboat::files;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

void check(const Path& path) {
    const std::string_view text = path.text();
    require(text.starts_with('/') && text.size() <= path_max_bytes);
    require(text.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos);
    const auto again = Path().resolve(text);
    require(again && *again == path);
    require(path.resolve("").value() == path);
    require(path.relative_c_str()[path.relative().size()] == '\0');
    if (path.is_root()) return;
    require(text.back() != '/');
    std::size_t depth = 0;
    for (std::string_view rest = text.substr(1);; ++depth) {
        const std::string_view name = rest.substr(0, rest.find('/'));
        require(!name.empty() && name != "." && name != ".." && name.size() <= name_max_bytes && !is_hidden(name));
        if (name.size() == rest.size()) break;
        rest.remove_prefix(name.size() + 1);
    }
    require(depth < depth_max);
    require(path.parent().child(path.name()) == path);
    require(path.parent().contains(path) && Path().contains(path) && !path.contains(path.parent()));
}

}  // namespace

// Whatever a client says, a path has only names that a client may say, and means the same when it is said again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = size == 0 ? 0 : static_cast<unsigned char>(bytes[0]) % size;
    const auto first = Path().resolve(bytes.substr(0, cut));
    if (first) check(*first);
    const auto second = first.value_or(Path()).resolve(bytes.substr(cut));
    if (second) check(*second);
    if (first) {
        if (const auto child = first->child(bytes.substr(cut))) check(*child);
    }
    return 0;
}
