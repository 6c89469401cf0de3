#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dns/message.h"
#include "dns/records.h"

// Whatever the message is, the name that comes out of it is one, or the one that went in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::dns;
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    for (const char* name : {"", "a.test"}) {
        const std::optional<MessageFacts> facts = read_message(message, name);
        if (facts && normalize_name(facts->canonical_name) != facts->canonical_name) std::abort();
    }
    return 0;
}
