#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mime/address.h"
#include "mime/header_lexer.h"
#include "mime/words.h"

namespace packetboat::mime {

AddressList addresses(std::string_view value, Words words);

// What the text of an address field is made of between its separators.
struct AddressPiece {
    enum class Kind : unsigned char { atom, encoded_word, quoted, at };
    Kind kind = Kind::atom;
    std::string_view raw;  // as written; of a quoted string what is between its quotes
    bool apart = false;    // white space or a comment before it

    bool is_at() const { return kind == Kind::at; }
    std::string text() const;  // unquoted; encoded words as they are
};
using AddressPieces = std::span<const AddressPiece>;

// "[192.0.2.1]" at the front of the text, as a domain literal (RFC 5322 §3.4.1) that nobody could take for something else; empty: none.
std::string_view domain_literal(std::string_view text);

// A display name of pieces: encoded words are decoded in quotes as well, which RFC 2047 §5 (3) forbids and all clients do.
std::string display_name(AddressPieces pieces, Words words);

// The mailboxes of a text without angle brackets: "a@b", but also "John Doe a@b" and "a@b c@d"; and without any "@" a local name ("root")
// or a display name alone. Never what an encoded word or a comment says: who hides an address there means to deceive somebody.
// At most addresses_max.
std::vector<Mailbox> bare_mailboxes(AddressPieces pieces, Words words);

// What is between angle brackets: the local part and the domain. The last "@" of several divides them.
Mailbox angle_mailbox(AddressPieces pieces, Words words);

}  // namespace packetboat::mime
