#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "mime/content.h"

namespace packetboat::mime {

// Decoders read any bytes: what is not of the alphabet is skipped, a broken end gives what can be had, as the major clients read it. Whole
// bodies:
std::string decode_base64(std::string_view text);  // padding ends its group, and what follows begins the next: joined texts decode joined
std::string decode_quoted_printable(std::string_view text);  // RFC 2045 §6.7, trailing white space of a line goes, "=XY" that is no hex
                                                             // stays as it is; line ends (CRLF, LF, bare CR) are kept as they came
std::string decode(TransferEncoding encoding, std::string_view body);
// Without collecting: writes to `out`, which has at least base64_size_max(text.size()) bytes; answers how many were written.
constexpr std::size_t base64_size_max(std::size_t text_bytes) { return text_bytes / 4 * 3 + 3; }
std::size_t decode_base64_into(std::string_view text, std::span<char> out);
std::size_t decode_quoted_printable_into(std::string_view text, std::span<char> out);  // out: text.size() bytes at least

// uuencode and yEnc in a text (RFC-less; the forms of the unix uuencode(5) page and yEnc draft 1.3): the files in it, read only.
struct EncodedFile {
    std::string name;
    std::string bytes;
    std::size_t begin = 0;  // of its lines in the text
    std::size_t end = 0;
    bool whole = false;  // its end line was there (and yEnc's size and crc32 agree; never of one part of several)
};
// A line of uuencode says how many bytes it has, and transports strip the spaces at its end, which are zeros. What is made up for them in a
// text is never more than the text is long and this; a file with a line that lacks more ends before it, and is not whole.
inline constexpr std::size_t lost_spaces_max_bytes = 16 * 1024;
std::vector<EncodedFile> uuencoded_files(std::string_view text, std::size_t files_max = 100);
std::vector<EncodedFile> yencoded_files(std::string_view text, std::size_t files_max = 100);

// Encoders. Lines of at most 76 characters with CRLF; base64's last line has one too, quoted-printable's only if the text's has an end.
std::string encode_base64(std::string_view bytes);
std::string encode_quoted_printable(std::string_view text);  // CRLF and LF are line ends; safe for "From " and "." lines
enum class Form : unsigned char { seven_bit, quoted_printable, base64 };
// Which encoding serves these bytes best as `text` (or not text: base64 unless it is plain ASCII with short lines).
Form best_form(std::string_view bytes, bool is_text);

}  // namespace packetboat::mime
