#include "agent/idn.h"

#include <idn2.h>

#include <cstdint>
#include <memory>
#include <variant>

#include "base/text.h"

namespace packetboat::agent {

namespace {

constexpr std::size_t domain_max_bytes = 1'020;  // four bytes for each of the 255 characters that a name can have

Result<> use_ascii_domains(std::vector<mime::Mailbox>& mailboxes) {
    for (mime::Mailbox& one : mailboxes) {
        if (Result<> used = use_ascii_domain(one); !used) return used;
    }
    return {};
}

}  // namespace

Result<std::string> ascii_domain(std::string_view domain) {
    if (is_ascii(domain)) return std::string(domain);
    const Unexpected invalid = fail(ErrorCode::invalid, "\"" + escape_control(domain) + "\" is no domain name");
    if (domain.size() > domain_max_bytes || domain.find('\0') != std::string_view::npos || !is_utf8(domain)) return invalid;
    const std::string terminated(domain);
    std::uint8_t* converted = nullptr;
    const int status =
        idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(terminated.c_str()), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, void (*)(void*)> owned(converted, idn2_free);
    if (status != IDN2_OK) return invalid;
    return std::string(reinterpret_cast<const char*>(converted));
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
