#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/boundary.h"
#include "mime/content.h"
#include "mime/index.h"

namespace packetboat::mime {

inline constexpr std::size_t line_head_max_bytes = 4096;           // of a line that cannot be told before; then it is no field
inline constexpr std::size_t delimiter_head_max_bytes = 256;       // the same for a delimiter, of which 82 bytes count
inline constexpr std::size_t content_value_max_bytes = 64 * 1024;  // of a Content-Type; the rest of it is not looked at

// What Content-Transfer-Encoding says of bytes that are not encoded (RFC 2045 §2.7 to §2.9, §6.2).
enum class Domain : std::uint8_t { seven_bit, eight_bit, binary };

// What the header of a part says.
struct PartHead {
    static constexpr std::uint32_t none = 0xffff'ffff;

    std::uint32_t number = 0;        // as in Index::parts
    std::uint32_t signed_in = none;  // the outermost multipart/signed that it is in, or is
    Kind kind = Kind::leaf;
    bool is_message = false;  // the message, or the one in a message/rfc822: MIME-Version is its affair
    bool is_text = true;      // or of a type that RFC 2046 has lines in: its line ends are no content
    bool beyond = false;      // a multipart or message beyond the limits: a leaf, the structure of which others may know
    bool has_type = false;
    bool has_version = false;
    TransferEncoding encoding = TransferEncoding::identity;
    Domain domain = Domain::seven_bit;  // of identity
    bool ended = false;                 // by an empty line
};

// Told of a message's bytes in their order, each of them once, but for those of bodies whose line ends come by themselves.
class PartEvents {
public:
    virtual ~PartEvents() = default;
    // A part begins; `number` as in Index::parts.
    virtual void part(std::uint32_t number) = 0;
    // A piece of a field, or (other) of what may stand before the first one. `first`: a field begins.
    virtual void field(FieldName known, bool first, std::string_view bytes) = 0;
    virtual void header_end(const PartHead& head) = 0;
    // Empty lines after headers, and delimiters with the line end before them.
    virtual void structure(std::string_view bytes) = 0;
    // Of a body: no LF is in it, and any CR is a bare one.
    virtual void text(std::string_view bytes) = 0;
    virtual void line_end(std::string_view crlf_or_lf) = 0;
    // Of a body that had a header_end() or a resume(). `last`: the message ends here.
    virtual void body_end(bool last) = 0;
    // What follows is the epilogue of that multipart.
    virtual void resume(std::uint32_t number) = 0;
    // The parts are too many: what follows stays inside the part that is open, whatever it is.
    virtual void too_many() = 0;
};

// Takes a message apart as index() does, but in pieces of any size and without keeping it: what is told does not depend on the pieces,
// except where a text is cut. Linear; keeps a line's head, a Content-Type and what is open.
class PartWalk {
public:
    struct Limits {
        std::uint32_t parts_max = packetboat::mime::Limits().parts_max;
        std::uint32_t nesting_max = packetboat::mime::Limits().nesting_max;
    };
    PartWalk(PartEvents& events, Limits limits) : events_(events), limits_(limits) { begin_part(false, false); }

    void next(std::string_view piece);
    void finish();

private:
    enum class Where : std::uint8_t { preface, header, body };
    enum class Line : std::uint8_t { undecided, preface, field, fold, empty, delimiter, text };
    struct Open {
        std::uint32_t number = 0;
        std::uint32_t depth = 0;
        std::uint32_t signed_in = PartHead::none;
        bool digest = false;
    };

    void begin_part(bool message, bool digest_child);
    void take_head(std::string_view& piece);
    Line decide(bool complete);
    Line decide_mark(bool complete);
    Line decide_delimiter(bool complete);
    Line decide_mbox(bool complete) const;
    Line decide_field(bool complete);
    void settle(bool complete);
    void act(Line line);
    void begin_field();
    void begin_text();
    void collect(std::string_view bytes);
    void end_header(bool ended);
    PartHead read_head() const;
    bool take_delimiter();
    void emit(std::string_view bytes);
    void emit_text(std::string_view bytes);

    PartEvents& events_;
    Limits limits_;
    Boundaries boundaries_;
    std::vector<Open> open_;  // the current part last, and those it is in
    std::uint32_t parts_ = 0;

    std::string head_;             // of a line that is not decided yet
    std::size_t decide_at_ = 0;    // the head is looked at again when it is so long
    Line line_ = Line::undecided;  // what the line is that is being read
    bool mark_expected_ = true;    // a byte order mark may stand here
    bool mark_held_ = false;       // it did; whose it is, is not known yet
    bool mbox_expected_ = false;   // the part's first line
    std::size_t name_end_ = 0;     // of a field that was decided
    std::optional<Delimiter> delimiter_;

    Where where_ = Where::preface;
    bool is_message_ = true;
    bool digest_child_ = false;
    FieldName known_ = FieldName::other;
    bool field_begins_ = false;
    std::string* collecting_ = nullptr;
    std::optional<std::string> type_;
    std::optional<std::string> encoding_;
    bool has_version_ = false;
    PartHead read_;  // by end_header

    std::string_view line_end_;  // of a body, not told yet: a delimiter would have it
    bool cr_held_ = false;       // it may be a line end's
};

}  // namespace packetboat::mime
