#include "mime/testing/draft.h"

#include <string_view>

namespace packetboat::mime::testing {

Draft letter() {
    Draft draft;
    draft.from = {{.name = "Alice", .local = "alice", .domain = "example.test"}};
    draft.to = {Mailbox{.name = "Bob", .local = "bob", .domain = "example.test"}};
    return draft;
}

Made made() {
    return {.date = {.seconds = 1'795'503'702, .offset_minutes = 60}, .id = Id128::derived({"a message of the tests"}), .domain = {}};
}

std::string binary_bytes() {
    using namespace std::string_view_literals;
    std::string out("\xff\xd8\xff\xe0\0\x10JFIF\0"sv);
    out += "\r\n.\r\n\r\r\n\n\n\r\0\r\n\0\n--=_\r\n--\r\n\nFrom x\r\n \t \r\n"sv;
    for (int i = 0; i < 3 * 256; ++i) out += static_cast<char>(i);
    return out += "\xff\xd9"sv;
}

}  // namespace packetboat::mime::testing
