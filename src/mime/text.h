#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/limits.h"

namespace packetboat::mime {

// A field value without its folds: the line ends go, the white space stays (RFC 5322 §2.2.3), outer white space goes.
std::string unfold(std::string_view value);

// Unfolded, encoded words decoded (RFC 2047 §6.2: white space between two of them goes, also where a character is split over two, as many
// clients do; words in the middle of other text are decoded as the major clients do), raw 8-bit text read as UTF-8 if it is, else as
// windows-1252. Always UTF-8; NUL and controls but tab go.
std::string unstructured(std::string_view value);

// Of encoded words in a text without folds; what is none stays as it is.
std::string decode_words(std::string_view text);

// UTF-8 text as encoded words, each at most 75 characters, B or Q whichever is shorter, never splitting a character, separated by single
// spaces; text that needs none stays. `phrase`: what may stand in a display name only (RFC 2047 §5 (3)).
enum class WordPlace : unsigned char { unstructured, phrase };
std::string encode_words(std::string_view utf8, WordPlace place);

// "Name: value CRLF", folded at white space so that lines stay at 78 characters where they can and 998 always (RFC 5322 §2.1.1). The value
// is folded as it is: encode it first.
std::string fold(std::string_view name, std::string_view value);

// Message-ids of Message-ID, In-Reply-To and References, without the angle brackets; obsolete phrases between them are skipped, and ids
// without brackets are taken when there are no others.
std::vector<std::string> message_ids(std::string_view value);

}  // namespace packetboat::mime
