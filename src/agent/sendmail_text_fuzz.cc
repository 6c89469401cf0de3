#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/local_text.h"
#include "agent/sendmail_message.h"
#include "base/text.h"
#include "mime/address.h"
#include "mime/index.h"

// What a program writes to sendmail: however it is cut into pieces it is the same text, and what is made of it is a message that names its
// author, date and id, and nobody who got it silently.
namespace {

using namespace packetboat;
using namespace packetboat::agent;

std::string taken(std::string_view input, LocalLines lines, std::size_t piece_bytes) {
    LocalText text(lines, true);
    std::string out;
    while (!input.empty() && !text.ended()) {
        std::string_view piece = input.substr(0, piece_bytes);
        const std::size_t given = piece.size();
        text.take(piece, out);
        if (!piece.empty() && !text.ended()) std::abort();
        input.remove_prefix(given - piece.size());
    }
    text.finish(out);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const LocalLines lines : {LocalLines::any, LocalLines::crlf}) {
        const std::string whole = taken(input, lines, size + 1);
        for (const std::size_t piece : {1U, 2U, 7U}) {
            if (taken(input, lines, piece) != whole) std::abort();
        }
        if (!whole.empty() && !whole.ends_with("\r\n")) std::abort();
    }
    Spool spool;
    if (!spool.append(taken(input, LocalLines::any, size + 1))) return 0;
    const SendmailSender sender{.address = "alice@example.test", .full_name = "Älice", .domain = "example.test"};
    const auto message = SendmailMessage::make(spool, sender, {.date = {.seconds = 0}, .id = {}, .domain = {}});
    if (!message) return 0;
    const std::string& header = (*message)->header();
    if (!header.ends_with("\r\n\r\n")) std::abort();
    const mime::Index index = mime::index_header(header);
    const mime::Part& part = index.parts[0];
    if (!index.find(part, mime::FieldName::from) || !index.find(part, mime::FieldName::date) ||
        !index.find(part, mime::FieldName::message_id) || index.find(part, mime::FieldName::bcc))
        std::abort();
    const std::vector<std::string>& to = (*message)->header_recipients();
    if (!std::ranges::all_of(to, [](const std::string& one) { return mime::parse_address(one).has_value(); })) std::abort();
    return 0;
}
