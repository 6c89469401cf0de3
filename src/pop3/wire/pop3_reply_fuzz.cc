#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "pop3/wire/capabilities.h"
#include "pop3/wire/reply_decoder.h"
#include "pop3/wire/stuffing.h"

namespace {

using namespace packetboat;
using namespace packetboat::pop3::wire;

void require(bool claim) {
    if (!claim) std::abort();
}

bool fit_to_show(std::string_view text) {
    return is_utf8(text) && std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

struct Read {
    std::vector<std::string> events;  // a body's pieces are one
    bool bad = false;
    bool operator==(const Read&) const = default;
};

// As a client would: each answer in the mode that the script has next, a long one until its end. The capabilities are fed with listings.
struct Reader {
    std::string_view script;
    std::size_t answers = 0;
    ReplyMode mode = ReplyMode::status;
    std::string body;
    Capabilities capabilities;
    Read out;

    void next_answer() {
        const unsigned char what = script.empty() ? 0 : static_cast<unsigned char>(script[answers++ % script.size()]);
        mode = static_cast<ReplyMode>(what % 4U);
    }
    void on(const ReplyEvent& event) {
        if (const auto* reply = std::get_if<ServerReply>(&event)) {
            require(fit_to_show(reply->text) && reply->text.size() <= server_line_max_bytes);
            require(reply->code == response_code(reply->text));
            out.events.push_back(reply->line());
            next_answer();
        } else if (const auto* more = std::get_if<Continuation>(&event)) {
            require(mode == ReplyMode::sasl);
            out.events.push_back("+ " + more->text);
            next_answer();
        } else if (const auto* line = std::get_if<ListingLine>(&event)) {
            require(mode == ReplyMode::listing && line->text.size() < server_line_max_bytes && line->text.find('\n') == std::string::npos);
            capabilities.add(line->text);
            out.events.emplace_back(line->text);
        } else if (const auto* piece = std::get_if<BodyPiece>(&event)) {
            require(mode == ReplyMode::body && !piece->bytes.empty());
            body += piece->bytes;
        } else if (std::holds_alternative<MultiLineEnd>(event)) {
            out.events.push_back(body + "END");
            body.clear();
            next_answer();
        } else {
            out.bad = true;
        }
    }
};

Read read(std::string_view script, std::string_view sent, std::size_t piece) {
    ReplyDecoder decoder;
    Reader reader{.script = script};
    reader.next_answer();
    std::string buffer;
    while (!sent.empty() && !reader.out.bad) {
        buffer += sent.substr(0, piece);
        sent.remove_prefix(std::min(piece, sent.size()));
        for (std::size_t consumed = 0; !reader.out.bad; consumed = 0) {
            const std::optional<ReplyEvent> event = decoder.next(reader.mode, buffer, consumed);
            require(consumed <= buffer.size() && (!event || consumed > 0));
            require(event || buffer.size() - consumed < server_line_max_bytes);
            if (event) reader.on(*event);
            buffer.erase(0, consumed);
            if (!event) break;
        }
    }
    require(reader.capabilities.sasl.size() <= sasl_mechanisms_max && reader.capabilities.others.size() <= other_capabilities_max);
    if (!reader.body.empty()) reader.out.events.push_back(reader.body);
    return reader.out;
}

std::string body_of(std::string_view stuffed) {
    const Read out = read("\x03", stuffed, stuffed.size());
    require(out.events.size() == 1 && !out.bad);
    return out.events.front();
}

}  // namespace

// However it is cut the same is read; what is kept is bounded and fit to be shown; a message that our server stuffs comes out as it was,
// and nothing in it ends it early.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 5) return 0;
    const std::string_view script(reinterpret_cast<const char*>(data), 4);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 5, size - 5);
    require(read(script, bytes, bytes.size() + 1) == read(script, bytes, 1 + data[4] % 32U));

    Stuffer stuffer;
    std::string stuffed;
    stuffer.append(bytes, stuffed);
    stuffer.finish(stuffed);
    const bool ended = bytes.empty() || bytes.ends_with("\r\n");
    require(body_of(stuffed) == std::string(bytes) + (ended ? "" : "\r\n") + "END");
    return 0;
}
