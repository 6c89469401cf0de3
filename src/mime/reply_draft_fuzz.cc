#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/builder.h"
#include "mime/index.h"
#include "mime/reply.h"
#include "mime/testing/draft.h"
#include "mime/testing/read_back.h"

namespace {

using namespace packetboat;
using namespace packetboat::mime;

void check(bool claim) {
    if (!claim) std::abort();
}

const Mailbox me{.name = "Me", .route = {}, .local = "me", .domain = "example.test"};

void check_reply(const Index& index, std::string_view message, Audience audience) {
    const Draft draft = reply(index, message, {.from = me, .own = {}, .audience = audience, .quote = true, .attribution = {}});
    check(reply_subject(draft.subject) == draft.subject);
    check(draft.references.size() <= reply_references_max && draft.in_reply_to.size() <= 1);
    const std::vector<Mailbox> all = recipients(draft);
    for (const Mailbox& one : all) check(lower(one.address()) != me.address() || all.size() == 1);
    const Result<std::string> built = build(draft, testing::made(), {.transport = Transport::eight_bit, .utf8_headers = true});
    check(built.has_value());
    check(testing::read_back(*built).references == draft.references);
}

// Of a message that breaks off in the header of a part the index takes the line end behind it for that header's.
bool is_same(const testing::ReadPart& part, std::string_view bytes) {
    return part.bytes == bytes || (part.type.type == "message" && part.bytes == std::string(bytes) + "\r\n");
}

void check_forward(const Index& index, std::string_view message) {
    const Draft in_line = forward(index, message, me, ForwardAs::in_line);
    const Result<std::string> built = build(in_line, testing::made(), {});
    check(built.has_value() && is_ascii(*built));
    const testing::ReadMessage read = testing::read_back(*built);
    check(read.parts.size() == 1 + in_line.attachments.size());
    for (std::size_t i = 0; i < in_line.attachments.size(); ++i) check(is_same(read.parts[1 + i], in_line.attachments[i].bytes));

    const Draft attached = forward(index, message, me, ForwardAs::attachment);
    const Result<std::string> whole = build(attached, testing::made(), {.transport = Transport::eight_bit, .utf8_headers = false});
    check(whole.has_value());
    const testing::ReadMessage again = testing::read_back(*whole);
    check(again.parts.size() == 2 && is_same(again.parts[1], message));
}

}  // namespace

// Any message can be answered and forwarded: the drafts are built, and what was attached arrives as it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 64 * 1024) return 0;
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    const Index found = index(message);
    for (const Audience audience : {Audience::sender, Audience::everyone, Audience::list}) check_reply(found, message, audience);
    check_forward(found, message);
    return 0;
}
