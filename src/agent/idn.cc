#include "agent/idn.h"

#include <cstdint>
#include <memory>
#include <variant>

#include "base/idn.h"
#include "base/text.h"

namespace packetboat::agent {

namespace {

Result<> use_ascii_domains(std::vector<mime::Mailbox>& mailboxes) {
    for (mime::Mailbox& one : mailboxes) {
        if (Result<> used = use_ascii_domain(one); !used) return used;
    }
    return {};
}

}  // namespace

Result<std::string> ascii_domain(std::string_view domain) {
    Result<std::string> ascii = to_a_labels(domain);
    if (!ascii) return fail(ErrorCode::invalid, "\"" + escape_control(domain) + "\" is no domain name");
    return ascii;
}

Result<> use_ascii_domain(mime::Mailbox& mailbox) {
    if (!is_ascii(mailbox.local) || is_ascii(mailbox.domain)) return {};
    Result<std::string> ascii = ascii_domain(mailbox.domain);
    if (!ascii) return fail(ascii.error().code, escape_control(mailbox.address()) + ": " + ascii.error().text);
    mailbox.domain = std::move(*ascii);
    return {};
}

Result<> use_ascii_domains(mime::AddressList& list) {
    for (mime::Address& address : list) {
        auto* group = std::get_if<mime::Group>(&address);
        if (Result<> used = group ? use_ascii_domains(group->members) : use_ascii_domain(std::get<mime::Mailbox>(address)); !used)
            return used;
    }
    return {};
}

Result<> use_ascii_domains(mime::Draft& draft) {
    Result<> used = use_ascii_domains(draft.from);
    if (used && draft.sender) used = use_ascii_domain(*draft.sender);
    for (mime::AddressList* list : {&draft.reply_to, &draft.to, &draft.cc, &draft.bcc}) {
        if (used) used = use_ascii_domains(*list);
    }
    return used;
}

}  // namespace packetboat::agent
