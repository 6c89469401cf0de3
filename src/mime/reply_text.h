#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mime/builder.h"
#include "mime/index.h"

namespace packetboat::mime {

// The text of a message that a person reads: its plain text, unflowed, else its HTML as text. Lines end with \n.
std::string readable_text(const Index& index, std::string_view message);

// Its files, decoded: what is neither the text nor the HTML that is read. Messages that are attached are files, too.
std::vector<Attachment> files_of(const Index& index, std::string_view message);

// "> " before every line, without a signature, bounded.
std::string quoted(std::string_view text);

}  // namespace packetboat::mime
