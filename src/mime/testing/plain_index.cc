#include "mime/testing/plain_index.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mime/boundary.h"
#include "mime/content.h"

namespace packetboat::mime::testing {

namespace {

struct Line {
    std::uint32_t begin;
    std::uint32_t end;  // after the LF
};

std::vector<Line> lines_of(std::string_view message) {
    std::vector<Line> lines;
    for (std::size_t begin = 0; begin < message.size();) {
        const std::size_t lf = message.find('\n', begin);
        const std::size_t end = lf == std::string_view::npos ? message.size() : lf + 1;
        lines.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
        begin = end;
    }
    return lines;
}

std::string_view without_line_end(std::string_view line) {
    if (!line.ends_with('\n')) return line;
    line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::uint32_t count_line_ends(std::string_view text) {
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) ++count;
    }
    return count;
}

bool is_wsp(char c) { return c == ' ' || c == '\t'; }
bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class PlainIndexer {
public:
    PlainIndexer(std::string_view message, const Limits& limits) : message_(message), limits_(limits), lines_(lines_of(message)) {}

    Index run() {
        begin_part(Part::none);
        while (line_ < lines_.size()) {
            const std::optional<Delimiter> delimiter = stopped_ ? std::nullopt : match();
            if (delimiter) {
                at_delimiter(*delimiter);
            } else if (in_header_) {
                header_line();
            } else {
                ++line_;
            }
        }
        while (in_header_) end_header();
        while (current_ != Part::none) end_part(at());
        flags();
        return std::move(index_);
    }

private:
    struct Open {
        std::uint32_t part;
        std::string boundary;
    };

    std::uint32_t at() const { return line_ < lines_.size() ? lines_[line_].begin : static_cast<std::uint32_t>(message_.size()); }
    std::string_view text() const { return message_.substr(lines_[line_].begin, lines_[line_].end - lines_[line_].begin); }
    Part& current() { return index_.parts[current_]; }

    std::optional<Delimiter> match() const {
        std::string_view rest = text();
        if (!rest.starts_with("--")) return std::nullopt;
        rest = without_line_end(rest.substr(2));
        const std::size_t last = rest.find_last_not_of(" \t");
        const std::string_view trimmed = rest.substr(0, last == std::string_view::npos ? 0 : last + 1);
        // White space may end a boundary, too.
        const auto is_rest = [&](std::string_view a) { return a == trimmed || (rest.starts_with(a) && is_blank(rest.substr(a.size()))); };
        const Open* best = nullptr;
        for (std::size_t i = open_.size(); i-- > 0;) {
            const std::string& boundary = open_[i].boundary;
            if (i + 1 == open_.size() && (is_rest(boundary) || is_rest(boundary + "--"))) {
                best = &open_[i];
                break;
            }
            if (rest.starts_with(boundary) && (best == nullptr || best->boundary.size() < boundary.size())) best = &open_[i];
        }
        if (best == nullptr) return std::nullopt;
        return Delimiter{best->part, rest.substr(best->boundary.size()).starts_with("--")};
    }

    void begin_part(std::uint32_t parent) {
        Part part;
        part.parent = parent;
        part.header.begin = at();
        part.first_field = static_cast<std::uint32_t>(index_.fields.size());
        const auto number = static_cast<std::uint32_t>(index_.parts.size());
        if (parent != Part::none) {
            Part& above = index_.parts[parent];
            part.depth = above.depth + 1;
            part.digest_child = above.digest;
            std::uint32_t* link = &above.first_child;
            while (*link != Part::none) link = &index_.parts[*link].next;
            *link = number;
        }
        index_.parts.push_back(part);
        current_ = number;
        in_header_ = true;
        any_field_ = false;
        header_line_ = line_;
    }

    void header_line() {
        const std::string_view line = text();
        std::string_view name = line;
        if (at() == 0 && name.starts_with("\xef\xbb\xbf")) name.remove_prefix(3);
        if (line_ == header_line_ && (name.starts_with("From ") || name.starts_with(">From "))) {
            const std::string_view rest = name.substr(name.find(' '));
            if (rest[std::min(rest.find_first_not_of(" \t"), rest.size() - 1)] != ':') {
                ++line_;
                return;
            }
        }
        if (name == "\n" || name == "\r\n") {
            ++line_;
            current().header_ended = true;
            return end_header();
        }
        if (!any_field_ && name.size() > 0 && is_wsp(name[0]) && is_blank(name)) {
            ++line_;
            return;
        }
        if (!field(static_cast<std::uint32_t>(line.size() - name.size()))) end_header();
    }

    bool field(std::uint32_t skipped) {
        const std::uint32_t begin = at() + skipped;
        std::uint32_t name_end = begin;
        while (name_end < message_.size() && message_[name_end] > ' ' && message_[name_end] <= '~' && message_[name_end] != ':') ++name_end;
        std::uint32_t colon = name_end;
        while (colon < message_.size() && is_wsp(message_[colon])) ++colon;
        if (name_end == begin || colon == message_.size() || message_[colon] != ':') return false;
        do ++line_;
        while (line_ < lines_.size() && is_wsp(text()[0]));
        const std::uint32_t end = at();
        any_field_ = true;
        if (std::ranges::any_of(message_.substr(begin, end - begin), [](char c) { return (c & 0x80) != 0; })) index_.has_8bit_header = true;
        if (index_.fields.size() >= limits_.fields_max) {
            index_.truncated = true;
            return true;
        }
        const auto value = static_cast<std::uint32_t>(without_line_end(message_.substr(colon + 1, end - colon - 1)).size());
        index_.fields.push_back({{begin, name_end}, {colon + 1, colon + 1 + value}, FieldName::other});
        return true;
    }

    std::optional<std::string_view> value_of(std::string_view name) {
        for (std::size_t i = current().first_field; i < index_.fields.size(); ++i) {
            if (iequals(index_.fields[i].name.of(message_), name)) return index_.fields[i].value.of(message_);
        }
        return std::nullopt;
    }

    void end_header() {
        Part& part = current();
        in_header_ = false;
        part.header.end = part.body.begin = body_begin_ = at();
        part.field_count = static_cast<std::uint32_t>(index_.fields.size()) - part.first_field;
        const std::optional<std::string_view> value = value_of("content-type");
        ContentType type = content_type(value.value_or(part.digest_child ? "message/rfc822" : "text/plain"));
        const std::string boundary(type.parameter("boundary"));
        const bool is_multipart =
            type.is_multipart() && !boundary.empty() && boundary.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
        const TransferEncoding encoding = transfer_encoding(value_of("content-transfer-encoding").value_or("7bit"));
        const bool is_message = (type.is("message", "rfc822") || type.is("message", "global")) &&
                                (encoding == TransferEncoding::identity || encoding == TransferEncoding::unknown);
        if (!is_multipart && !is_message) return;
        if (part.depth > limits_.nesting_max || index_.parts.size() >= limits_.parts_max) {
            index_.truncated = true;
            return;
        }
        part.kind = is_multipart ? Kind::multipart : Kind::message;
        part.digest = is_multipart && type.subtype == "digest";
        if (is_multipart) open_.push_back({current_, boundary.substr(0, boundary_max_bytes)});
        if (is_message) begin_part(current_);
    }

    void at_delimiter(const Delimiter& delimiter) {
        while (in_header_) end_header();
        if (!delimiter.closing && index_.parts.size() >= limits_.parts_max) {
            index_.truncated = stopped_ = true;
            return;
        }
        const std::uint32_t begin = at();
        const std::string_view before = message_.substr(0, begin);
        const std::uint32_t end = begin == body_begin_ ? begin : static_cast<std::uint32_t>(without_line_end(before).size());
        while (current_ != delimiter.part) end_part(end);
        std::erase_if(open_,
                      [&](const Open& open) { return open.part > delimiter.part || (delimiter.closing && open.part == delimiter.part); });
        ++line_;
        body_begin_ = at();
        if (delimiter.closing) {
            current().boundary_closed = true;
        } else {
            begin_part(delimiter.part);
        }
    }

    void end_part(std::uint32_t end) {
        Part& part = current();
        part.body.end = end;
        part.body_lines = count_line_ends(part.body.of(message_));
        current_ = part.parent;
    }

    void flags() {
        index_.has_nul = message_.find('\0') != std::string_view::npos;
        for (std::size_t i = 0; i < message_.size(); ++i) {
            if (message_[i] == '\n' && (i == 0 || message_[i - 1] != '\r')) index_.has_bare_cr_or_lf = true;
            if (message_[i] == '\r' && (i + 1 == message_.size() || message_[i + 1] != '\n')) index_.has_bare_cr_or_lf = true;
        }
    }

    std::string_view message_;
    Limits limits_;
    std::vector<Line> lines_;
    std::size_t line_ = 0;
    std::size_t header_line_ = 0;  // the first of the current part's header
    Index index_;
    std::vector<Open> open_;
    std::uint32_t current_ = Part::none;
    std::uint32_t body_begin_ = 0;
    bool in_header_ = false;
    bool any_field_ = false;
    bool stopped_ = false;
};

std::string describe(const Part& part) {
    const auto range = [](Range r) { return std::to_string(r.begin) + "-" + std::to_string(r.end); };
    return "kind " + std::to_string(static_cast<int>(part.kind)) + ", ended " + std::to_string(part.header_ended) + ", closed " +
           std::to_string(part.boundary_closed) + ", digest " + std::to_string(part.digest) + std::to_string(part.digest_child) +
           ", depth " + std::to_string(part.depth) + ", parent " + std::to_string(part.parent) + ", next " + std::to_string(part.next) +
           ", child " + std::to_string(part.first_child) + ", header " + range(part.header) + ", body " + range(part.body) + ", lines " +
           std::to_string(part.body_lines) + ", fields " + std::to_string(part.first_field) + "+" + std::to_string(part.field_count);
}

std::string describe(const Index& index) {
    return std::to_string(index.parts.size()) + " parts, " + std::to_string(index.fields.size()) + " fields, truncated " +
           std::to_string(index.truncated) + ", nul " + std::to_string(index.has_nul) + ", 8bit " + std::to_string(index.has_8bit_header) +
           ", bare " + std::to_string(index.has_bare_cr_or_lf);
}

// Children lie in their parent's body, one after the other.
bool nests(const Index& index, const Part& part) {
    std::uint32_t from = part.body.begin;
    for (std::uint32_t child = part.first_child; child != Part::none; child = index.parts[child].next) {
        const Part& inside = index.parts[child];
        if (inside.header.begin < from || inside.body.end > part.body.end || inside.header.end != inside.body.begin) return false;
        from = inside.body.end;
    }
    return true;
}

}  // namespace

Index plain_index(std::string_view message, const Limits& limits) {
    const std::string_view kept = message.substr(0, limits.message_max_bytes);
    Index index = PlainIndexer(kept, limits).run();
    index.truncated |= kept.size() < message.size();
    return index;
}

std::string difference(const Index& index, std::string_view message, const Limits& limits) {
    const Index plain = plain_index(message, limits);
    for (std::size_t i = 0; i < std::min(index.parts.size(), plain.parts.size()); ++i) {
        const std::string found = describe(index.parts[i]);
        const std::string wanted = describe(plain.parts[i]);
        if (found != wanted) return "part " + std::to_string(i) + ":\n" + found + "\nwanted:\n" + wanted;
        if (!nests(index, index.parts[i])) return "part " + std::to_string(i) + " does not hold its children";
    }
    for (std::size_t i = 0; i < std::min(index.fields.size(), plain.fields.size()); ++i) {
        const Field& found = index.fields[i];
        if (found.name != plain.fields[i].name || found.value != plain.fields[i].value) return "field " + std::to_string(i);
    }
    return describe(index) == describe(plain) ? "" : describe(index) + "\nwanted:\n" + describe(plain);
}

}  // namespace packetboat::mime::testing
