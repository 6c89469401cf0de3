#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mime/builder.h"

// From what a user says to a draft.
namespace packetboat::agent {

// Addresses as people write them: "Bob <bob@example.test>, carol@example.test". Errors: invalid, naming the one that is none; none at all
// is an error, too (but not an empty group: "undisclosed recipients:;").
Result<mime::AddressList> parse_recipients(std::string_view text);
// One, for From.
Result<mime::Mailbox> parse_sender(std::string_view text);

// "Name: value". Errors: invalid. (What may stand there compose() knows.)
Result<std::pair<std::string, std::string>> parse_field(std::string_view text);

// What a file is by its name's ending: "image/jpeg"; application/octet-stream where we do not know.
std::string_view type_of_file(std::string_view name);

// A file that is read while it is sent. Errors of open: not_found, denied, invalid (it is none), unavailable.
class FileSource final : public mime::Source {
public:
    static Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& file);
    ~FileSource() override;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    std::uint64_t size_bytes() const override { return size_bytes_; }
    Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override;

private:
    FileSource(int descriptor, std::uint64_t size_bytes, std::string name);
    int descriptor_;
    std::uint64_t size_bytes_;
    std::string name_;  // to be shown
};

// All of a file, "-" is standard input. Errors: too_large, and as above.
Result<std::string> read_text(const std::filesystem::path& file, std::size_t max_bytes = mime::draft_text_max_bytes);

// Now, in the machine's zone.
mime::Made made_now();

// The draft as a text to be edited: From, To, Cc, Bcc and Subject, an empty line, the text.
std::string editor_text(const mime::Draft& draft);
// The other way; what the text does not name stays. Errors: invalid (a field that is none of these, an address that is none).
Result<> take_editor_text(mime::Draft& draft, std::string_view text);
// Has the user edit the draft. Errors: closed (the user has left it empty, or as it was), unavailable (the editor failed); as above. What
// the user has written is kept in a file then, which the error names.
Result<> compose_in_editor(mime::Draft& draft);
// Keeps a text that could not be sent in a file of the user's own; answers its name.
Result<std::filesystem::path> keep_text(std::string_view text);

}  // namespace packetboat::agent
