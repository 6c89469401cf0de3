#include "mime/index.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "mime/boundary.h"
#include "mime/content.h"
#include "mime/field_name.h"
#include "mime/index_content.h"
#include "mime/scan.h"

namespace packetboat::mime {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }

// A message that somebody took out of an mbox begins with the line that separates it there from the one before it; ">From " is how some
// delivery programs quoted it.
bool is_mbox_line(std::string_view line) {
    if (line.starts_with('>')) line.remove_prefix(1);
    if (!line.starts_with("From ")) return false;
    line.remove_prefix(5);
    const std::size_t after = std::min(line.find_first_not_of(" \t"), line.size());
    return !line.substr(after).starts_with(':');
}

class Indexer {
public:
    Indexer(std::string_view message, const Limits& limits) : message_(message), limits_(limits) {
        message_ = message.substr(0, std::min(limits.message_max_bytes, Limits().message_max_bytes));
        index_.truncated = message_.size() < message.size();
        index_.parts.reserve(8);
        index_.fields.reserve(64);
    }

    Index whole();
    Index header();

private:
    struct Ended {
        std::uint32_t at;     // where the bodies end that a delimiter or the message's end ends
        std::uint32_t lines;  // before it
    };

    Part& current() { return index_.parts[current_]; }
    std::uint32_t offset() const { return static_cast<std::uint32_t>(at_); }
    std::uint32_t lines() const { return static_cast<std::uint32_t>(tally_.lines); }

    bool has_room() const { return index_.parts.size() < limits_.parts_max; }
    void begin_part(std::uint32_t parent, std::uint32_t previous);
    std::optional<Delimiter> read_header();
    void skip_preface();
    bool read_field();
    void end_header();
    void decide_kind();
    std::optional<Delimiter> read_body();
    std::optional<Delimiter> delimiter_here() const;
    Ended before_delimiter() const;
    std::uint32_t end_parts_inside(std::uint32_t part, Ended ended);
    bool go_to_next_part(std::optional<Delimiter> delimiter);
    Index finish();

    std::string_view message_;
    const Limits& limits_;
    const Scanner& scan_ = scanner();
    Index index_;
    Boundaries boundaries_;
    std::size_t at_ = 0;          // always the beginning of a line, or the end
    std::size_t body_begin_ = 0;  // the end of the latest header or delimiter line
    Tally tally_;                 // of all before at_
    std::uint32_t current_ = Part::none;
    std::uint32_t type_field_ = Part::none;  // of the current part: its first Content-Type
    std::uint32_t encoding_field_ = Part::none;
};

// `previous`: the child of `parent` before it.
void Indexer::begin_part(std::uint32_t parent, std::uint32_t previous) {
    const auto number = static_cast<std::uint32_t>(index_.parts.size());
    Part& part = index_.parts.emplace_back();
    part.parent = parent;
    part.header.begin = offset();
    part.first_field = static_cast<std::uint32_t>(index_.fields.size());
    if (parent != Part::none) {
        Part& above = index_.parts[parent];
        part.depth = above.depth + 1;
        part.digest_child = above.digest;
        (previous == Part::none ? above.first_child : index_.parts[previous].next) = number;
    }
    current_ = number;
    type_field_ = encoding_field_ = Part::none;
}

std::optional<Delimiter> Indexer::delimiter_here() const {
    const std::string_view line = message_.substr(at_);
    if (!line.starts_with("--")) return std::nullopt;
    return boundaries_.match(line.substr(2));
}

// False: the line is no field, and nothing was read.                                       RFC 5322 §2.2, §4.5 (white space before the
// colon)
bool Indexer::read_field() {
    Tally tally = tally_;
    const FieldScan field = scan_.field(message_, at_, tally);
    if (field.name_end == at_) return false;
    std::size_t colon = field.name_end;
    while (colon < field.end && is_wsp(message_[colon])) ++colon;
    if (colon == field.end || message_[colon] != ':') return false;

    std::size_t value_end = field.end;
    if (message_[value_end - 1] == '\n') {
        --value_end;
        if (message_[value_end - 1] == '\r') --value_end;
    }
    const auto number = static_cast<std::uint32_t>(index_.fields.size());
    if (number < limits_.fields_max) {
        const FieldName known = known_field(message_.substr(at_, field.name_end - at_));
        index_.fields.push_back({.name = {offset(), static_cast<std::uint32_t>(field.name_end)},
                                 .value = {static_cast<std::uint32_t>(colon + 1), static_cast<std::uint32_t>(value_end)},
                                 .known = known});
        if (known == FieldName::content_type && type_field_ == Part::none) type_field_ = number;
        if (known == FieldName::content_transfer_encoding && encoding_field_ == Part::none) encoding_field_ = number;
    } else {
        index_.truncated = true;
    }
    index_.has_8bit_header |= field.has_8bit;
    tally_ = tally;
    at_ = field.end;
    return true;
}

// What may stand before the first field and is none: a byte order mark, an mbox line, and lines of white space (they are not empty lines,
// and what the IMAP servers do here is to read over them).
void Indexer::skip_preface() {
    if (at_ == 0) {
        if (message_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
        tally_.bare = message_.substr(at_).starts_with('\n');
    }
    if (is_mbox_line(message_.substr(at_))) at_ = scan_.line(message_, at_, tally_);
    while (at_ < message_.size() && is_wsp(message_[at_])) {
        Tally tally = tally_;
        const std::size_t end = scan_.line(message_, at_, tally);
        if (message_.substr(at_, end - at_).find_first_not_of(" \t\r\n") != std::string_view::npos) return;
        at_ = end;
        tally_ = tally;
    }
}

// Answers the delimiter that ended it, if one did.
std::optional<Delimiter> Indexer::read_header() {
    std::optional<Delimiter> delimiter;
    skip_preface();
    while (at_ < message_.size()) {
        const char first = message_[at_];
        if (first == '\n' || message_.substr(at_, 2) == "\r\n") {
            at_ = scan_.line(message_, at_, tally_);
            current().header_ended = true;
            break;
        }
        if (first == '-' && (delimiter = delimiter_here())) break;
        if (!read_field()) break;
    }
    // One that no header follows is the body's.
    if (at_ == byte_order_mark.size() && message_.starts_with(byte_order_mark)) at_ = 0;
    end_header();
    return delimiter;
}

void Indexer::end_header() {
    Part& part = current();
    part.field_count = static_cast<std::uint32_t>(index_.fields.size()) - part.first_field;
    body_begin_ = at_;
    part.header.end = part.body.begin = offset();
    part.body_lines = lines();  // until the body ends
}

// A message in base64 or quoted-printable is not to be (RFC 2046 §5.2.1), and what is in it cannot be indexed as it stands.
bool is_encoded(std::string_view transfer_encoding_value) {
    const TransferEncoding encoding = transfer_encoding(transfer_encoding_value);
    return encoding != TransferEncoding::identity && encoding != TransferEncoding::unknown;
}

void Indexer::decide_kind() {
    Part& part = current();
    PartContent content;
    if (type_field_ != Part::none) {
        const Range value = index_.fields[type_field_].value;
        content = part_content(value.of(message_));
        content.boundary_range = {value.begin + content.boundary_range.begin, value.begin + content.boundary_range.end};
    } else if (part.digest_child) {
        content.kind = Kind::message;
    }
    if (content.kind == Kind::leaf) return;
    if (content.kind == Kind::message && encoding_field_ != Part::none && is_encoded(index_.fields[encoding_field_].value.of(message_)))
        return;
    if (part.depth > limits_.nesting_max || !has_room()) {
        index_.truncated = true;
        return;
    }
    part.kind = content.kind;
    if (content.kind == Kind::message) return;
    part.digest = content.digest;
    if (!content.boundary_range.empty()) part.boundary = content.boundary_range;
    boundaries_.open(content.boundary, current_);
}

// Answers the delimiter that the current part's body goes up to; nullopt: it goes up to the end.
std::optional<Delimiter> Indexer::read_body() {
    std::optional<Delimiter> delimiter = delimiter_here();
    while (!delimiter && at_ < message_.size()) {
        at_ = scan_.to_dashes(message_, at_, tally_);
        delimiter = delimiter_here();
    }
    return delimiter;
}

// "The CRLF preceding the boundary delimiter line is conceptually attached to the boundary"    RFC 2046 §5.1.1
// Where nothing stands between that line and a header or another delimiter line, the line end stays theirs, as the IMAP servers count it.
Indexer::Ended Indexer::before_delimiter() const {
    if (at_ == body_begin_) return {offset(), lines()};
    const bool crlf = at_ > 1 && message_[at_ - 2] == '\r';
    return {offset() - (crlf ? 2 : 1), lines() - 1};
}

// Answers the last one that ended: the latest child of `part`.
std::uint32_t Indexer::end_parts_inside(std::uint32_t part, Ended ended) {
    std::uint32_t last = Part::none;
    while (current_ != part) {
        Part& ending = current();
        ending.body.end = ended.at;
        ending.body_lines = ended.lines - ending.body_lines;
        last = current_;
        current_ = ending.parent;
    }
    return last;
}

// From the body of the current part to where the next part begins. False: there is none, all have ended.
bool Indexer::go_to_next_part(std::optional<Delimiter> delimiter) {
    while (delimiter || (delimiter = read_body())) {
        if (!delimiter->closing && !has_room()) {
            index_.truncated = true;
            boundaries_.close_all();  // the part that is open has the rest in its body
            delimiter = std::nullopt;
            continue;
        }
        const std::uint32_t last = end_parts_inside(delimiter->part, before_delimiter());
        boundaries_.close(delimiter->part + (delimiter->closing ? 0 : 1));
        body_begin_ = at_ = scan_.line(message_, at_, tally_);
        if (!delimiter->closing) {
            begin_part(delimiter->part, last);
            return true;
        }
        current().boundary_closed = true;
        delimiter = std::nullopt;
    }
    end_parts_inside(Part::none, {offset(), lines()});
    return false;
}

Index Indexer::whole() {
    begin_part(Part::none, Part::none);
    for (;;) {
        const std::optional<Delimiter> delimiter = read_header();
        decide_kind();
        if (current().kind == Kind::message) {
            begin_part(current_, Part::none);
        } else if (!go_to_next_part(delimiter)) {
            break;
        }
    }
    return finish();
}

Index Indexer::header() {
    begin_part(Part::none, Part::none);
    read_header();
    Part& part = current();
    part.body.end = static_cast<std::uint32_t>(message_.size());
    part.body_lines = 0;
    return finish();
}

Index Indexer::finish() {
    index_.has_nul = tally_.nul;
    index_.has_bare_cr_or_lf = tally_.bare;
    return std::move(index_);
}

}  // namespace

Index index(std::string_view message, const Limits& limits) { return Indexer(message, limits).whole(); }

Index index_header(std::string_view message, const Limits& limits) { return Indexer(message, limits).header(); }

const Field* Index::find(const Part& part, FieldName name) const {
    const std::span<const Field> own = of(part);
    const auto found = std::ranges::find(own, name, &Field::known);
    return found == own.end() ? nullptr : &*found;
}

const Field* Index::find(const Part& part, std::string_view message, std::string_view name) const {
    const std::span<const Field> own = of(part);
    const auto found = std::ranges::find_if(own, [&](const Field& field) { return iequals(field.name.of(message), name); });
    return found == own.end() ? nullptr : &*found;
}

}  // namespace packetboat::mime
