#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pop3/wire/head.h"
#include "pop3/wire/stuffing.h"

using namespace packetboat::pop3::wire;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

// Calls `with` for pieces of the text, whose lengths come from `lengths` again and again.
template <class With>
void in_pieces(std::string_view text, std::string_view lengths, With with) {
    for (std::size_t i = 0; !text.empty(); ++i) {
        const std::size_t length = lengths.empty() ? text.size() : 1U + static_cast<unsigned char>(lengths[i % lengths.size()]);
        with(text.substr(0, length));
        text.remove_prefix(std::min(length, text.size()));
    }
}

std::string top(std::string_view message, std::string_view lengths, std::uint64_t lines) {
    Head head(lines);
    std::string out;
    in_pieces(message, lengths, [&](std::string_view piece) { out += head.take(piece); });
    return out;
}

}  // namespace

// Stuffed and unstuffed a message is what it was, however both are cut; no byte of it ends the answer early; TOP shows the front of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view lengths = input.substr(0, size > 4 ? 4 : 0);
    const std::string_view message = input.substr(lengths.size());

    std::string stuffed;
    Stuffer stuffer;
    in_pieces(message, lengths, [&](std::string_view piece) { stuffer.append(piece, stuffed); });
    stuffer.finish(stuffed);
    require(stuffed.find("\n.\r\n") == (stuffed == ".\r\n" ? std::string::npos : stuffed.size() - 4));

    std::string back;
    Unstuffer unstuffer;
    std::size_t taken = 0;
    in_pieces(stuffed + "after", lengths, [&](std::string_view piece) { taken += unstuffer.append(piece, back); });
    require(unstuffer.at_end() && taken == stuffed.size());
    const bool ended = message.empty() || message.ends_with("\r\n");
    require(back == std::string(message) + (ended ? "" : "\r\n"));

    for (const std::uint64_t lines : {0U, 1U, 3U}) {
        const std::string shown = top(message, lengths, lines);
        require(shown == top(message, "", lines) && message.starts_with(shown));
    }
    return 0;
}
