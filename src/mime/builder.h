#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "mime/address.h"
#include "mime/date.h"

namespace packetboat::mime {

// Limits of a draft; what is over one is ErrorCode::too_large or too_many.
inline constexpr std::size_t draft_attachments_max = 1'000;
inline constexpr std::size_t draft_fields_max = 1'000;                 // of the caller's own
inline constexpr std::size_t draft_field_max_bytes = 64 * 1024;        // of one of them; of the subject and a display name, too
inline constexpr std::size_t draft_file_name_max_bytes = 1'000;        // file systems have 255
inline constexpr std::size_t draft_text_max_bytes = 64 * 1024 * 1024;  // of the text, and of the HTML

// Bytes that are read when they are needed, so that a large file is never in memory as a whole. It may be read more than once.
class Source {
public:
    virtual ~Source() = default;
    virtual std::uint64_t size_bytes() const = 0;
    // Fills `out` from `offset` on, and answers how many bytes it wrote: fewer only at the end.
    virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const = 0;
};

enum class Presentation : std::uint8_t { attachment, in_line };  // RFC 2183 §2.1, §2.2

// A file in a message. It arrives byte for byte as it is here.
struct Attachment {
    std::string name;                               // UTF-8; empty: none
    std::string type = "application/octet-stream";  // a Content-Type value; "message/rfc822" is a message attached
    std::string bytes;
    const Source* source = nullptr;  // instead of the bytes; outlives the draft and what is composed of it
    Presentation presentation = Presentation::attachment;
    std::string content_id;  // without the angle brackets; what "cid:" in the HTML means. Empty: none
};

// A message to be made. All text is UTF-8; what is not becomes U+FFFD, and control characters of a header's text go.
struct Draft {
    std::vector<Mailbox> from;  // at least one
    std::optional<Mailbox> sender;
    AddressList reply_to;
    AddressList to;
    AddressList cc;
    AddressList bcc;  // of the envelope: recipients(). It is in no message
    std::string subject;
    std::string message_id;  // without angle brackets, as all ids; empty: made
    std::vector<std::string> in_reply_to;
    std::vector<std::string> references;
    std::string user_agent;
    // Fields beside those that the draft itself decides. An ASCII value is written as it is, folded; of others what is not ASCII is
    // written in encoded words.
    std::vector<std::pair<std::string, std::string>> fields;

    std::optional<std::string> text;  // any line ends
    bool flowed = true;  // the text in paragraphs of any length (RFC 3676): white space at the end of lines goes. False: as it is
    std::optional<std::string> html;
    std::vector<Attachment> images;  // of the HTML
    std::vector<Attachment> attachments;
};

// What only the caller can know: this room has neither a clock nor chance.
struct Made {
    Date date;
    Id128 id;            // another one for every message; Message-ID and boundaries are made of it
    std::string domain;  // of Message-ID; empty: that of the first From
};

// What a way of transport carries, each more than the one before it: lines of 998 bytes of ASCII; of any bytes but NUL (RFC 6152);
// anything (RFC 3030).
enum class Transport : std::uint8_t { seven_bit, eight_bit, binary };

struct BuildOptions {
    // Only attached messages, which may not be encoded (RFC 2046 §5.2.1), make use of more than seven bits. One that does not get through
    // whole is attached as a file of its bytes ("name.eml").
    Transport transport = Transport::seven_bit;
    bool utf8_headers = false;  // RFC 6532, for a transport that has SMTPUTF8: text in headers as it is, and addresses that need it
};

// A message that is made piece by piece. It refers to its draft.
class Composition {
public:
    Composition(Composition&&) noexcept;
    Composition& operator=(Composition&&) noexcept;
    ~Composition();

    std::uint64_t size_bytes() const;  // of the whole
    Transport needs() const;           // the least that carries it: the BODY parameter of MAIL
    bool has_utf8_headers() const;     // it needs SMTPUTF8

    // The next bytes, at most 64 KiB unless they are no attachment's; empty: that was all. Valid until the next call. What a source
    // answers is an error here, too; so is a source whose size has changed (ErrorCode::unavailable).
    Result<std::string_view> next();

private:
    struct State;
    explicit Composition(std::unique_ptr<State> state);
    friend Result<Composition> compose(const Draft&, const Made&, const BuildOptions&);
    std::unique_ptr<State> state_;
};

// ErrorCode::invalid: no From, an address that is none or needs UTF-8 headers, an id or a type that is none, a field that is not the
// caller's (Bcc, Content-Type …) or is not one line of text. Nothing that a draft says can begin a field or a part of its own.
// `draft` outlives the composition.
Result<Composition> compose(const Draft& draft, const Made& made, const BuildOptions& options = {});

// The whole message, with CRLF line ends.
Result<std::string> build(const Draft& draft, const Made& made, const BuildOptions& options = {});

// Who gets it: To, Cc and Bcc with the members of groups, each address once, in order.
std::vector<Mailbox> recipients(const Draft& draft);

// Whether one of its addresses can be said in UTF-8 only: BuildOptions::utf8_headers is needed, and SMTPUTF8.
bool needs_utf8_headers(const Draft& draft);

}  // namespace packetboat::mime
