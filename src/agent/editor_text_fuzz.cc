#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/compose.h"

// Whatever comes out of the editor is a draft or a mistake that has a name; and a draft goes into the editor and comes out as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    using namespace packetboat::agent;
    mime::Draft draft{.from = {mime::Mailbox{.local = "alice", .domain = "example.test"}}, .sender = {}};
    const Result<> taken = take_editor_text(draft, {reinterpret_cast<const char*>(data), size});
    if (!taken) {
        if (taken.error().text.empty()) std::abort();
        return 0;
    }
    mime::Draft again{.from = {}, .sender = {}};
    const std::string text = editor_text(draft);
    if (const Result<> taken_again = take_editor_text(again, text); !taken_again) {
        std::fprintf(stderr, "%s\n%s\n", taken_again.error().text.c_str(), text.c_str());
        std::abort();
    }
    const bool same = again.from == draft.from && again.to == draft.to && again.cc == draft.cc && again.bcc == draft.bcc &&
                      again.subject == draft.subject && again.text == draft.text;
    if (!same) {
        std::fprintf(stderr, "written as: %s\nand then: %s\n", text.c_str(), editor_text(again).c_str());
        std::abort();
    }
    return 0;
}
