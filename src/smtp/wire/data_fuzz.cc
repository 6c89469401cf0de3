#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "smtp/wire/decoder.h"
#include "smtp/wire/header_scan.h"

namespace {

using namespace packetboat::smtp::wire;

struct Read {
    std::string content;
    std::string kept;  // after line ends and header
    std::size_t ends = 0;
    Flaws flaws;
    std::uint64_t received = 0;
    bool operator==(const Read& other) const {
        return content == other.content && kept == other.kept && ends == other.ends && flaws.bare_cr == other.flaws.bare_cr &&
               flaws.bare_lf == other.flaws.bare_lf && flaws.nul == other.flaws.nul && received == other.received;
    }
};

Read read(std::string_view sent, std::size_t piece, BareNewlines policy) {
    Decoder decoder;
    LineEnds line_ends(policy);
    HeaderScan header({.date = "Date: d\r\n", .message_id = {}});
    Read out;
    std::string buffer;
    const auto keep = [&](std::string_view text) {
        for (const std::string_view bytes : header.next(text)) out.kept += bytes;
    };
    while (!sent.empty() && out.ends == 0) {
        buffer += sent.substr(0, piece);
        sent.remove_prefix(std::min(piece, sent.size()));
        for (;;) {
            std::size_t consumed = 0;
            const std::optional<Event> event = decoder.next(data_mode, buffer, consumed);
            if (event && std::holds_alternative<End>(*event)) {
                ++out.ends;
                break;
            }
            if (event) {
                std::string_view bytes = std::get<Chunk>(*event).bytes;
                if (bytes.empty()) std::abort();
                out.content += bytes;
                while (!bytes.empty()) keep(line_ends.next(bytes));
            }
            buffer.erase(0, consumed);
            if (!event) break;
        }
    }
    keep(line_ends.finish());
    for (const std::string_view bytes : header.finish()) out.kept += bytes;
    out.flaws = line_ends.flaws();
    out.received = header.received();
    return out;
}

void require(bool claim) {
    if (!claim) std::abort();
}

}  // namespace

// However a message is cut, the same is read; it ends where CRLF.CRLF is for the first time and nowhere else; stuffing and unstuffing are
// inverse.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t piece = 1 + data[0] % 16;
    const BareNewlines policy = data[1] % 2 == 0 ? BareNewlines::refuse : BareNewlines::normalise;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

    const Read whole = read(bytes, bytes.size() + 1, policy);
    require(whole == read(bytes, piece, policy));
    const bool ends = bytes.starts_with(".\r\n") || bytes.find("\r\n.\r\n") != std::string_view::npos;
    require((whole.ends == 1) == ends);

    std::string message(bytes);
    if (!message.empty() && !message.ends_with("\r\n")) message += "\r\n";
    const Read back = read(stuff(message), piece, policy);
    require(back.ends == 1 && back.content == message);
    if (policy == BareNewlines::normalise) {
        for (std::size_t i = 0; i < back.kept.size(); ++i) {
            if (back.kept[i] == '\r') require(i + 1 < back.kept.size() && back.kept[i + 1] == '\n');
            if (back.kept[i] == '\n') require(i > 0 && back.kept[i - 1] == '\r');
        }
    }
    return 0;
}
