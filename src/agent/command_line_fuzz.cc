#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/compose.h"
#include "agent/idn.h"
#include "agent/mail_source.h"
#include "agent/sendmail_arguments.h"
#include "agent/sendmail_message.h"
#include "agent/submit.h"
#include "base/text.h"

// What a user or a program says on the command line: addresses, message ids, sendmail's options.
namespace {

using namespace packetboat;
using namespace packetboat::agent;

void check(bool claim, std::string_view what) {
    if (claim) return;
    std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

// Nobody who was named is left out, and nobody gets mail whom nobody named.
void addresses(std::string_view text) {
    Result<mime::AddressList> list = parse_recipients(text);
    if (!list) return;
    for (const mime::Mailbox& one : mime::mailboxes(*list)) {
        check(mime::parse_address(one.address()).has_value(), "an address that was accepted is one");
        check(std::ranges::none_of(one.address(), [](char c) { return c >= 0 && c < ' '; }), "no address has a line end");
    }
    const std::string written = mime::serialize(*list);
    const Result<mime::AddressList> again = parse_recipients(written);
    check(again && *again == *list, "what was accepted is accepted again, as it is written");
    check(!use_ascii_domains(*list) ||
              std::ranges::all_of(mime::mailboxes(*list),
                                  [](const mime::Mailbox& one) { return is_ascii(one.domain) || !is_ascii(one.local); }),
          "only what needs UTF-8 has it");
    if (const Result<std::vector<std::string>> qualified = qualified_recipients(text, "example.test"))
        check(std::ranges::all_of(*qualified, [](const std::string& one) { return mime::parse_address(one).has_value(); }), "qualified");
}

void message_id(std::string_view id) {
    const std::vector<MailItem> items{{.number = 1, .uid = "12"}, {.number = 12, .uid = "a b"}, {.number = 3, .uid = ""}};
    const Result<MailItem> found = find_item(items, id);
    if (!found) return;
    const bool by_uid = id == found->uid || id == "uid:" + found->uid;
    check((by_uid && !found->uid.empty()) || parse_u64(id) == found->number, "a message is found by its own number or id only");
}

void sendmail(std::string_view text) {
    std::vector<std::string> arguments;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        arguments.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    const Result<SendmailArguments> parsed = parse_sendmail_arguments(arguments);
    if (!parsed) {
        check(parsed.error().code == ErrorCode::invalid && !parsed.error().text.empty(), "a mistake has a name");
        return;
    }
    // An option is nobody's address.
    for (const std::string& one : parsed->recipients)
        check(std::ranges::find(arguments, one) != arguments.end(), "recipients are arguments");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    addresses(input);
    message_id(input);
    sendmail(input);
    if (const auto field = parse_field(input)) check(!field->first.empty(), "a field has a name");
    check(std::ranges::all_of(xtext(input), [](char c) { return c > ' ' && c < 0x7f && c != '='; }), "xtext");
    return 0;
}
