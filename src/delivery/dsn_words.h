#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "delivery/queue.h"

// The words of a delivery status notification: what others have said, so that it can stand in one.
namespace packetboat::delivery {

inline constexpr std::size_t dsn_text_max_bytes = 2048;  // of one diagnostic, address, ENVID …

// On one line: control characters are spaces, and what is not ASCII is "?" unless it is UTF-8 and `utf8` allows that. Cut to
// dsn_text_max_bytes.
std::string one_line(std::string_view text, bool utf8);

// The same for an address, of which no character is lost: without `utf8` those that are not ASCII are "\x{E9}" (RFC 6533 §3).
std::string shown_address(std::string_view address, bool utf8);

// xtext of RFC 3461 §4, decoded; what is none stays as it is.
std::string from_xtext(std::string_view text);

// By which address the sender knows the recipient. Which account here gets the mail of an alias is not the business of who writes to it.
std::string_view told_address(const QueuedRecipient& recipient);

// ORCPT, decoded, or nothing at all.
struct OriginalRecipient {
    std::string type;  // "rfc822"; empty: none was given
    std::string address;
};
OriginalRecipient original_recipient(std::string_view orcpt);

// Paragraphs of words as lines of at most 78 characters where words allow it, and 998 bytes always; a paragraph ends with an empty line.
void append_paragraph(std::string& out, std::string_view words);

}  // namespace packetboat::delivery
