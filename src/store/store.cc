#include "store/store.h"

namespace packetboat::store {

std::string prefix_end(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff') end.pop_back();
    // Nothing but 0xff: no key may be longer than key_max_bytes, so this one is greater than all of them.
    if (end.empty()) return std::string(key_max_bytes + 1, '\xff');
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

}  // namespace packetboat::store
