#include "mime/index_content.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/text.h"
#include "mime/boundary.h"
#include "mime/content.h"

namespace packetboat::mime {

namespace {

// token := 1*<any (US-ASCII) CHAR except SPACE, CTLs, or tspecials>                        RFC 2045 §5.1
consteval std::array<bool, 256> token_table() {
    std::array<bool, 256> table{};
    for (unsigned c = '!'; c <= '~'; ++c)
        table[c] = std::string_view("()<>@,;:\\\"/[]?=").find(static_cast<char>(c)) == std::string_view::npos;
    return table;
}
constexpr std::array<bool, 256> is_token_byte = token_table();

// A quoted string that means its bytes as they stand: printable, and nothing quoted in it.
constexpr bool is_plain_quoted(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

// Reads the common form; each take answers empty or false where something else stands.
class Reader {
public:
    explicit Reader(std::string_view value) : value_(value) {}

    std::string_view token() {
        return take([](char c) { return is_token_byte[static_cast<unsigned char>(c)]; });
    }
    std::string_view quoted() {
        if (!take('"')) return {};
        const std::string_view text = take(is_plain_quoted);
        return take('"') ? text : std::string_view();
    }
    bool take(char c) {
        if (at_ == value_.size() || value_[at_] != c) return false;
        ++at_;
        return true;
    }
    // Spaces, tabs and folds.
    void space() {
        take([](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    }
    bool at_end() const { return at_ == value_.size(); }
    bool at(char c) const { return !at_end() && value_[at_] == c; }
    Range range_of(std::string_view piece) const {
        const auto begin = static_cast<std::uint32_t>(piece.data() - value_.data());
        return {begin, begin + static_cast<std::uint32_t>(piece.size())};
    }

private:
    template <class Is>
    std::string_view take(Is is) {
        const std::size_t begin = at_;
        while (at_ < value_.size() && is(value_[at_])) ++at_;
        return value_.substr(begin, at_ - begin);
    }

    std::string_view value_;
    std::size_t at_ = 0;
};

bool can_stand_in_a_line(std::string_view boundary) {
    return !boundary.empty() && boundary.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// What every reader takes as it stands.
bool is_plain_boundary(std::string_view boundary) {
    return !boundary.empty() && boundary.size() <= boundary_max_bytes && boundary.front() != ' ' && boundary.back() != ' ' &&
           boundary.find("=?") == std::string_view::npos;
}

// *(";" attribute "=" value), where one and only one is the boundary                       RFC 2045 §5.1
std::optional<PartContent> common_multipart(Reader& in, bool digest) {
    constexpr int parameters_read_max = 16;  // a longer list is not common
    std::optional<std::string_view> boundary;
    for (int count = 0; count < parameters_read_max; ++count) {
        in.space();
        if (in.at_end()) break;
        if (!in.take(';')) return std::nullopt;
        in.space();
        const std::string_view name = in.token();
        if (name.empty() || name.find_first_of("*'%") != std::string_view::npos || !in.take('=')) return std::nullopt;
        const std::string_view value = in.at('"') ? in.quoted() : in.token();
        if (value.empty() || value.find("=?") != std::string_view::npos) return std::nullopt;
        if (!iequals(name, "boundary")) continue;
        if (boundary || !is_plain_boundary(value)) return std::nullopt;
        boundary = value;
    }
    if (!in.at_end() || !boundary) return std::nullopt;
    return PartContent{Kind::multipart, digest, std::string(*boundary), in.range_of(*boundary)};
}

bool is_message(std::string_view subtype) { return iequals(subtype, "rfc822") || iequals(subtype, "global"); }

}  // namespace

std::optional<PartContent> common_part_content(std::string_view content_type_value) {
    Reader in(content_type_value);
    in.space();
    const std::string_view type = in.token();
    if (type.empty() || !in.take('/')) return std::nullopt;
    const std::string_view subtype = in.token();
    if (subtype.empty()) return std::nullopt;
    const bool ends_here = in.at_end() || in.at(';');
    in.space();
    if (!ends_here && !in.at_end() && !in.at(';')) return std::nullopt;
    if (iequals(type, "multipart")) return common_multipart(in, iequals(subtype, "digest"));
    if (iequals(type, "message") && is_message(subtype)) return PartContent{Kind::message};
    return PartContent{};
}

PartContent part_content(std::string_view content_type_value) {
    if (std::optional<PartContent> common = common_part_content(content_type_value)) return *std::move(common);
    const ContentType type = content_type(content_type_value);
    if (type.type == "message" && is_message(type.subtype)) return {Kind::message};
    if (!type.is_multipart()) return {};
    const std::string_view boundary = type.parameter("boundary");
    if (!can_stand_in_a_line(boundary)) return {};
    PartContent content{Kind::multipart, type.subtype == "digest", std::string(boundary), {}};
    // Only short ones are looked for, so that the time is bounded.
    const std::size_t at = boundary.size() <= boundary_max_bytes ? content_type_value.find(boundary) : std::string_view::npos;
    if (at != std::string_view::npos) {
        content.boundary_range = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + boundary.size())};
    }
    return content;
}

}  // namespace packetboat::mime
