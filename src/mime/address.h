#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mime/limits.h"

namespace packetboat::mime {

// One mailbox of an address field (RFC 5322 §3.4, RFC 6532), as the major clients read it. All text is UTF-8, decoded and unquoted.
struct Mailbox {
    std::string name;    // display name, encoded words decoded; of an old "addr (Name)": the comment
    std::string route;   // obsolete source route "@a,@b", for ENVELOPE's adl; nearly always empty
    std::string local;   // unquoted
    std::string domain;  // as written, without comments and white space; empty: there was none

    std::string address() const;  // local@domain, quoted where it must be
    friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

// group = display-name ":" [group-list] ";"       RFC 5322 §3.4
struct Group {
    std::string name;
    std::vector<Mailbox> members;
    friend bool operator==(const Group&, const Group&) = default;
};

using Address = std::variant<Mailbox, Group>;
using AddressList = std::vector<Address>;

// Reads any text: what is no address at all gives none, what can be understood is kept. Linear in the text; addresses_max at most.
AddressList addresses(std::string_view value);

// The mailboxes of a list, those of groups too, in order.
std::vector<Mailbox> mailboxes(const AddressList& list);

// Strict RFC 5321/5322/6531 address ("local@domain", quoted local parts and literals allowed), for what a user typed. nullopt: not one.
std::optional<Mailbox> parse_address(std::string_view text);

// A field value that addresses() reads back as the same list: names quoted or in encoded words as they need, not folded.
std::string serialize(const Mailbox& mailbox);
std::string serialize(const AddressList& list);

}  // namespace packetboat::mime
