#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "smtp/wire/command.h"

// A command that was understood is written so that anybody, however strict, understands the same; a mistake has a proper reply.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::smtp::wire;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const Parsed parsed = parse_command(line, {});
    if (!parsed) {
        const Reply& reply = parsed.error();
        if (reply.code < 400 || reply.code > 599 || reply.enhanced.size() < 5 || !reply.bytes().ends_with("\r\n")) std::abort();
        return 0;
    }
    const std::string written = encode(*parsed);
    const Parsed again = parse_command(written, {});
    if (!again || *again != *parsed) {
        std::fprintf(stderr, "written as: %s\n", written.c_str());
        std::abort();
    }
    return 0;
}
