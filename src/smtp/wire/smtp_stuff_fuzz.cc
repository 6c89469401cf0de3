#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "smtp/wire/line_ends.h"
#include "smtp/wire/stuffer.h"
#include "smtp/wire/unstuff.h"

namespace {

using namespace packetboat::smtp::wire;

void require(bool claim) {
    if (!claim) std::abort();
}

std::string sent(std::string_view text, std::size_t piece, Transfer transfer) {
    Stuffer stuffer(transfer);
    std::string out;
    while (!text.empty()) {
        std::string_view part = text.substr(0, piece);
        text.remove_prefix(part.size());
        while (!part.empty()) out += stuffer.next(part);
    }
    return out += stuffer.finish();
}

// As the server's side has it: every end of a line is CRLF, also the last one.
std::string normalised(std::string_view text) {
    LineEnds ends(BareNewlines::normalise);
    std::string out;
    while (!text.empty()) out += ends.next(text);
    out += ends.finish();
    if (!out.empty() && !out.ends_with("\r\n")) out += "\r\n";
    return out;
}

// What our server makes of it; it ends where the bytes end, and not before.
std::string received(std::string_view bytes) {
    Unstuffer unstuffer;
    std::string out;
    for (;;) {
        const Unstuffer::Step step = unstuffer.next(bytes);
        out += step.content;
        bytes.remove_prefix(step.consumed);
        if (step.end) break;
        require(step.consumed > 0);
    }
    require(bytes.empty());
    return out;
}

}  // namespace

// The server reads the normalised message, all of it and nothing else, however it was cut when it was sent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string expected = normalised(text);
    const std::string whole = sent(text, text.size() + 1, Transfer::data);
    require(received(whole) == expected);
    require(sent(text, 1 + data[0] % 32U, Transfer::data) == whole);
    require(sent(text, 1 + data[0] % 32U, Transfer::chunks) == expected);
    return 0;
}
