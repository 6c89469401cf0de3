#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mime/body_parts.h"
#include "mime/index.h"

namespace packetboat::agent {

// A file that a message brings: an attachment, or what is in a winmail.dat or stands in a text in uuencode or yEnc.
struct AttachedFile {
    std::uint32_t number = 0;  // from 1 on
    std::string section;       // IMAP's number of the part that has it
    std::string name;          // as it was written, or made up; never empty. It may hold anything: see SaveFolder
    std::string type;          // "image/jpeg"
    std::uint64_t size_bytes = 0;
    bool in_line = false;              // a picture of the text
    std::uint32_t body_part = 0;       // its number in EmailBody::parts
    std::optional<std::string> bytes;  // of a file that was found in another
};

// A message that was fetched, taken apart once.
class Letter {
public:
    explicit Letter(std::string bytes);
    Letter(Letter&&) = delete;  // its parts refer to its bytes

    std::string_view bytes() const { return bytes_; }
    const mime::Index& index() const { return index_; }
    const mime::EmailBody& body() const { return body_; }
    const std::vector<AttachedFile>& files() const { return files_; }

    // The first field of that name, unfolded and decoded; empty: there is none.
    std::string field(mime::FieldName name) const;

    // A file, decoded: byte for byte what was attached.
    std::string content(const AttachedFile& file) const;
    // What a user calls a part: a file's number, or a section with a dot. Errors: not_found.
    Result<std::string> part(std::string_view number) const;

    // Of a text/plain part, or another text: UTF-8, LF; without the lines of files that stand in it.
    std::string text_of(const mime::EmailBodyPart& part) const;

    // The HTML that the message has, all its parts one after the other; empty: it has none.
    std::string html() const;

private:
    void find_files();
    void add(AttachedFile file);

    std::string bytes_;
    mime::Index index_;
    mime::EmailBody body_;
    std::vector<AttachedFile> files_;
};

// "report.pdf": the name that was given, or one by the type and number.
std::string name_for(const std::optional<std::string>& given, std::string_view type, std::uint32_t number);

}  // namespace packetboat::agent
