#include <algorithm>
#include <array>
#include <utility>

#include "mime/header_lexer.h"
#include "mime/structure_fields.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t common_addresses_max = 1'000;
constexpr std::size_t common_parameters_max = 16;

using Set = std::array<bool, 256>;

template <class Is>
consteval Set set_of(Is is) {
    Set set{};
    for (int byte = 0; byte < 256; ++byte) set[static_cast<std::size_t>(byte)] = is(static_cast<char>(byte));
    return set;
}

// Of a word in a display name. What is 8-bit stays as it is.
constexpr Set name_bytes = set_of([](char c) { return !is_control(c) && c != ' ' && !std::string_view("()<>[]:;@\\,\"").contains(c); });
// Of an address without anything quoted. An apostrophe may be a client's quote.
constexpr Set address_bytes = set_of([](char c) { return (is_atext(c) || c == '.') && !is_8bit(c) && c != '\''; });
constexpr Set token_bytes = set_of([](char c) { return is_token_char(c); });
constexpr Set name_token_bytes = set_of([](char c) { return is_token_char(c) && !std::string_view("*'%").contains(c); });
constexpr Set quoted_bytes = set_of([](char c) { return c != '"' && c != '\\' && c != '\r' && c != '\n' && c != '\0'; });

class Reader {
public:
    explicit Reader(std::string_view value) : value_(value) {}

    bool at_end() const { return at_ == value_.size(); }
    bool at(char c) const { return !at_end() && value_[at_] == c; }
    bool take(char c) {
        if (!at(c)) return false;
        ++at_;
        return true;
    }
    void space() {
        while (!at_end() && is_space(value_[at_])) ++at_;
    }
    std::string_view run(const Set& set) {
        const std::size_t begin = at_;
        while (!at_end() && set[static_cast<unsigned char>(value_[at_])]) ++at_;
        return value_.substr(begin, at_ - begin);
    }
    // At a DQUOTE. nullopt: it has no end, or has escapes or folds.
    std::optional<std::string_view> quoted() {
        take('"');
        const std::string_view inside = run(quoted_bytes);
        if (!take('"')) return std::nullopt;
        return inside;
    }

private:
    std::string_view value_;
    std::size_t at_ = 0;
};

// An encoded word is one word whatever is in it, so that only whole ones are common.
bool is_common_word(std::string_view word) {
    return !word.contains("=?") || (word.starts_with("=?") && word.ends_with("?=") && std::ranges::count(word, '?') == 4);
}

// local-part "@" domain
bool read_address(Reader& in, EnvelopeAddress& address) {
    const std::string_view local = in.run(address_bytes);
    if (local.empty() || local.contains("=?") || !in.take('@')) return false;
    const std::string_view domain = in.run(address_bytes);
    address.mailbox = local;
    address.host = domain;
    return !domain.empty();
}

bool read_angle(Reader& in, EnvelopeAddress& address) { return in.take('<') && read_address(in, address) && in.take('>'); }

// name-addr / addr-spec                                                                    RFC 5322 §3.4
bool read_mailbox(Reader& in, EnvelopeAddress& address) {
    if (in.at('<')) return read_angle(in, address);
    if (in.at('"')) {
        const std::optional<std::string_view> name = in.quoted();
        if (!name) return false;
        address.name = *name;
        in.space();
        return read_angle(in, address);
    }
    Reader as_address = in;
    if (read_address(as_address, address)) {
        in = as_address;
        return true;
    }
    address = {};
    while (!in.at('<')) {
        const std::string_view word = in.run(name_bytes);
        if (word.empty() || !is_common_word(word)) return false;
        if (!address.name.empty()) address.name += ' ';
        address.name += word;
        if (!in.at('<') && in.at_end()) return false;
        in.space();
    }
    return read_angle(in, address);
}

}  // namespace

std::optional<EnvelopeAddresses> common_addresses(std::string_view value) {
    EnvelopeAddresses out;
    Reader in(value);
    in.space();
    while (!in.at_end()) {
        EnvelopeAddress& address = out.emplace_back();
        if (out.size() > common_addresses_max || !read_mailbox(in, address)) return std::nullopt;
        in.space();
        if (in.at_end()) return out;
        if (!in.take(',')) return std::nullopt;
        in.space();
    }
    return out;
}

std::optional<RawContent> common_content(std::string_view value, bool has_subtype) {
    RawContent content;
    Reader in(value);
    in.space();
    content.type = lower(in.run(token_bytes));
    if (content.type.empty()) return std::nullopt;
    if (has_subtype) {
        if (!in.take('/')) return std::nullopt;
        content.subtype = lower(in.run(token_bytes));
        if (content.subtype.empty()) return std::nullopt;
    }
    in.space();
    while (!in.at_end()) {
        if (!in.take(';') || content.parameters.size() == common_parameters_max) return std::nullopt;
        in.space();
        if (in.at_end()) break;
        RawParameter parameter{.name = lower(in.run(name_token_bytes)), .value = {}};
        if (parameter.name.empty() || !in.take('=')) return std::nullopt;
        if (in.at('"')) {
            const std::optional<std::string_view> inside = in.quoted();
            if (!inside) return std::nullopt;
            parameter.value = *inside;
        } else {
            parameter.value = in.run(token_bytes);
            if (parameter.value.empty() || parameter.value.front() == '\'') return std::nullopt;
        }
        // Of two of a name one is meant, and which is another's business.
        if (std::ranges::find(content.parameters, parameter.name, &RawParameter::name) != content.parameters.end()) return std::nullopt;
        content.parameters.push_back(std::move(parameter));
        in.space();
    }
    return content;
}

}  // namespace packetboat::mime
