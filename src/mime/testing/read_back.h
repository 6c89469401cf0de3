#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mime/address.h"
#include "mime/content.h"

namespace packetboat::mime::testing {

// A leaf of a message as a reader has it: texts in UTF-8 with \n line ends, unflowed; files as their bytes.
struct ReadPart {
    std::string path;  // the subtypes on the way to it: "mixed/alternative/plain"
    ContentType type;
    std::string disposition;
    std::string name;
    std::string content_id;
    std::string encoding;
    std::string text;   // of text/plain and text/html that are no files
    std::string bytes;  // decoded
};

struct ReadMessage {
    std::string subject;
    AddressList from, sender, reply_to, to, cc;
    std::vector<std::string> message_id, in_reply_to, references;
    std::vector<ReadPart> parts;
    std::string names;  // of all header fields of the message, in order, a space between them

    // The first part of that path.
    const ReadPart& at(std::string_view path) const;
    std::string paths() const;  // a space between them
};

// By our own index. A message inside is one part with its bytes.
ReadMessage read_back(std::string_view message);
// The unfolded value of a header field of the message; empty: there is none.
std::string raw_field(std::string_view message, std::string_view name);
// Whether every line is at most `max_bytes` long and ends with CRLF, and no CR or LF is anywhere else.
bool has_lines_of(std::string_view message, std::size_t max_bytes);

}  // namespace packetboat::mime::testing
