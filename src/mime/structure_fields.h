#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mime/structure.h"

namespace packetboat::mime {

// A field value as IMAP shows it: unfolded (RFC 5322 §2.2.3), without outer white space and NUL.
std::string imap_text(std::string_view value);
// The same for what people read: white space, where there are folds above all, is one space.
std::string imap_phrase(std::string_view value);

// A field that is repeated, which RFC 5322 §3.6 forbids, adds its addresses to those before it.
void append_addresses(EnvelopeAddresses& out, std::string_view value);
RawContent imap_content_type(std::string_view value);
std::optional<RawContent> imap_disposition(std::string_view value);
std::string imap_encoding(std::string_view value);

// The forms in which nearly all mail is written, read faster; nullopt: another form, which the general readers know. Where there is an
// answer it is theirs.
std::optional<EnvelopeAddresses> common_addresses(std::string_view value);
std::optional<RawContent> common_content(std::string_view value, bool has_subtype);

}  // namespace packetboat::mime
