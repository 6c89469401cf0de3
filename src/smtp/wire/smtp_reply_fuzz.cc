#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "smtp/wire/capabilities.h"
#include "smtp/wire/reply_decoder.h"

namespace {

using namespace packetboat;
using namespace packetboat::smtp::wire;

void require(bool claim) {
    if (!claim) std::abort();
}

bool fit_to_show(std::string_view text) {
    return is_utf8(text) && std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

struct Read {
    std::vector<ServerReply> replies;
    bool bad = false;
    bool operator==(const Read&) const = default;
};

Read read(std::string_view sent, std::size_t piece) {
    ReplyDecoder decoder;
    Read out;
    std::string buffer;
    while (!sent.empty() && !out.bad) {
        buffer += sent.substr(0, piece);
        sent.remove_prefix(std::min(piece, sent.size()));
        for (std::size_t consumed = 0;; consumed = 0) {
            const std::optional<ReplyEvent> event = decoder.next(ReplyMode::reply, buffer, consumed);
            require(consumed <= buffer.size());
            buffer.erase(0, consumed);
            require(buffer.size() < server_line_max_bytes || event);
            if (!event) break;
            out.bad = std::holds_alternative<BadReply>(*event);
            if (out.bad) break;
            out.replies.push_back(std::get<ServerReply>(*event));
        }
    }
    return out;
}

// What was read, as a server would have written it.
std::string write(const ServerReply& reply) {
    std::string out;
    for (std::size_t i = 0; i < reply.lines.size(); ++i) {
        const bool last = i + 1 == reply.lines.size();
        out += std::to_string(reply.code) + (last ? " " : "-");
        if (reply.enhanced) out += reply.enhanced->text() + " ";
        out += reply.lines[i] + "\r\n";
    }
    return out;
}

}  // namespace

// However it is cut the same is read; what is read is bounded and fit to be shown, and written again it reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Read whole = read(bytes, bytes.size() + 1);
    require(whole == read(bytes, 1 + data[0] % 32U));
    for (const ServerReply& reply : whole.replies) {
        require(reply.code >= 200 && reply.code < 600 && !reply.lines.empty() && reply.lines.size() <= server_reply_max_lines);
        for (const std::string& line : reply.lines) require(fit_to_show(line));
        const std::string again = write(reply);
        // Codes and trimmed spaces may make a reply at its limit a little longer than it was.
        if (again.size() < server_reply_max_bytes / 2 && bytes.size() < server_line_max_bytes / 2)
            require(read(again, again.size()).replies == std::vector<ServerReply>{reply});
        const Capabilities capabilities = parse_capabilities(reply);
        require(capabilities.auth.size() <= auth_mechanisms_max && capabilities.others.size() < reply.lines.size());
    }
    return 0;
}
