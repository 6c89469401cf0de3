#include <algorithm>

#include "mime/address.h"
#include "mime/address_pieces.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

// More than this in one unbroken word, and no line can hold it.
constexpr std::size_t quoted_max_bytes = 200;

// phrase = 1*(atom / quoted-string / encoded-word)                      RFC 5322 §3.2.5, RFC 2047 §5 (3)
std::string phrase(const std::string& name) {
    if (name.empty()) return "\"\"";
    const std::string words = encode_words(name, WordPlace::phrase);
    const bool quotable =
        is_ascii(name) && !name.contains("=?") && name.size() <= quoted_max_bytes && std::ranges::none_of(name, is_control);
    return words != name && quotable ? quote(name) : words;
}

// Without quotes these would be read as the beginning of a URI.
std::string group_name(const std::string& name) { return iequals(name, "mailto") || iequals(name, "smtp") ? quote(name) : phrase(name); }

// local-part = dot-atom / quoted-string                                 RFC 5322 §3.4.1
bool must_be_quoted(const Mailbox& mailbox) {
    // The apostrophes of 'a@b' and what looks like an encoded word are read as something else.
    return !is_dot_atom(mailbox.local) || mailbox.local.contains("=?") ||
           (mailbox.local.starts_with('\'') && mailbox.domain.ends_with('\''));
}

// Whether it can stand without angle brackets.
bool is_plain(const Mailbox& mailbox) {
    if (!mailbox.route.empty() || mailbox.local.empty()) return false;
    if (mailbox.domain.empty()) return !must_be_quoted(mailbox);
    return is_dot_atom(mailbox.domain) || domain_literal(mailbox.domain) == mailbox.domain;
}

void append(std::string& out, const std::string& text) {
    if (!out.empty()) out += ", ";
    out += text;
}

}  // namespace

std::string Mailbox::address() const {
    std::string out = must_be_quoted(*this) && !(local.empty() && domain.empty()) ? quote(local) : local;
    if (!domain.empty()) out += "@" + domain;
    return out;
}

std::string serialize(const Mailbox& mailbox) {
    if (mailbox.name.empty() && is_plain(mailbox)) return mailbox.address();
    std::string out = mailbox.name.empty() ? "" : phrase(mailbox.name) + " ";
    out += "<";
    if (!mailbox.route.empty()) out += mailbox.route + ":";
    return out + mailbox.address() + ">";
}

std::string serialize(const AddressList& list) {
    std::string out;
    for (const Address& address : list) {
        if (const Mailbox* mailbox = std::get_if<Mailbox>(&address)) {
            append(out, serialize(*mailbox));
            continue;
        }
        const Group& group = std::get<Group>(address);
        std::string members;
        for (const Mailbox& member : group.members) append(members, serialize(member));
        append(out, group_name(group.name) + ":" + (members.empty() ? "" : " ") + members + ";");
    }
    return out;
}

}  // namespace packetboat::mime
