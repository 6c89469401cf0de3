#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat::mime {

// What becomes of a body on its way to a host that takes seven bits.
enum class BodyForm : std::uint8_t {
    as_is,
    quoted_printable,  // RFC 2045 §6.7; a bare CR or LF is no line end, and is escaped
    base64,            // RFC 2045 §6.8
    // For bytes that should not be there. In what is quoted-printable already they are escaped; in base64, and where nobody reads (before
    // the first delimiter and after the last), they become "?". Lines over 998 octets are broken where that changes nothing.
    stray_in_quoted_printable,
    stray,
};

// Encodes one body after the other, in pieces. What comes out is ASCII but for as_is, and its lines are no delimiters: none that is not one
// of the input's begins with "--". Linear; keeps 57 bytes.
class BodyEncoder {
public:
    void begin(BodyForm form);
    // As PartEvents has it: no LF in a text, and any CR is bare.
    void text(std::string_view bytes, std::string& out);
    void line_end(std::string_view crlf_or_lf, std::string& out);
    // `last`: nothing follows in the message.
    void end(bool last, std::string& out);

private:
    static constexpr std::size_t base64_line_bytes = 57;  // 76 characters

    void quoted(char c, std::string& out);
    void put(char c, bool escape, std::string& out);
    void put_held(bool escape, std::string& out);
    void escaped(char c, std::string& out);
    void new_line(std::string& out);
    void stray_quoted(char c, std::string& out);
    void stray(char c, std::string& out);
    void base64(std::string_view bytes, std::string& out);
    void base64_line(std::string& out);
    void begin_line();

    BodyForm form_ = BodyForm::as_is;
    std::size_t column_ = 0;      // of the line that is written
    std::size_t from_ = 0;        // so much of "From" begins it
    bool dash_ = false;           // it is "-" so far
    char held_ = '\0';            // a space or tab, which may be the last of its line; NUL: none
    std::size_t since_sign_ = 2;  // characters since "=" (stray_in_quoted_printable); two are enough
    std::array<char, base64_line_bytes> bytes_{};
    std::size_t filled_ = 0;
    bool wrote_ = false;
};

}  // namespace packetboat::mime
