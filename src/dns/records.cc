#include "dns/records.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/text.h"

namespace packetboat::dns {

namespace {

std::uint8_t octet(char c) { return static_cast<std::uint8_t>(c); }

void append_escaped(std::string& text, char c) {
    if (is_alnum(c) || c == '-' || c == '_') {
        text += to_lower(c);
    } else if (c == '.') {
        text += "\\.";
    } else {
        const unsigned value = octet(c);
        text += {'\\', static_cast<char>('0' + value / 100), static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
    }
}

// What a "\" at the front of `rest` stands for; takes it.
std::optional<char> take_escape(std::string_view& rest) {
    if (rest.size() < 2) return std::nullopt;
    const char first = rest[1];
    if (!is_digit(first)) {
        if (first < '!' || first > '~') return std::nullopt;
        rest.remove_prefix(2);
        return first;
    }
    const std::optional<std::uint64_t> value = parse_u64(rest.substr(1, 3));
    if (rest.size() < 4 || !value || *value > 255) return std::nullopt;
    rest.remove_prefix(4);
    return static_cast<char>(*value);
}

// Integers in network order, names and bytes from the front of a record; remembers the first mistake.
class Rdata {
public:
    explicit Rdata(std::string_view rest) : rest_(rest) {}

    std::uint8_t u8() {
        const std::string_view one = bytes(1);
        return one.empty() ? std::uint8_t{0} : octet(one[0]);
    }
    std::uint16_t u16() {
        const unsigned high = u8();
        return static_cast<std::uint16_t>(high << 8 | u8());
    }
    std::string_view bytes(std::size_t count) {
        if (failed_ || count > rest_.size()) {
            failed_ = true;
            return {};
        }
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    std::string_view all() { return bytes(rest_.size()); }
    std::string name() {
        std::optional<std::string> name;
        if (!failed_) name = decode_name(rest_);
        failed_ = !name;
        return name ? std::move(*name) : std::string{};
    }
    bool at_end() const { return failed_ || rest_.empty(); }
    bool ok_and_done() const { return !failed_ && rest_.empty(); }
    void fail() { failed_ = true; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

// RFC 1035 §3.4.1, RFC 3596 §2.2.
IpAddress address(Rdata& in, Type type) {
    if (type == Type::a) {
        const std::string_view four = in.bytes(4);
        return four.empty() ? IpAddress{} : IpAddress::v4(octet(four[0]), octet(four[1]), octet(four[2]), octet(four[3]));
    }
    IpAddress address;
    std::ranges::transform(in.bytes(16), address.bytes.begin(), octet);
    return address;
}

// RFC 1035 §3.3.14: one or more <character-string>s, which are one text (RFC 7208 §3.3).
std::string text(Rdata& in) {
    std::string text;
    do text += in.bytes(in.u8());
    while (!in.at_end());
    return text;
}

// RFC 1035 §3.3.9.
Mx mx(Rdata& in) {
    Mx mx;
    mx.preference = in.u16();
    mx.exchange = in.name();
    return mx;
}

// RFC 2782.
Srv srv(Rdata& in) {
    Srv srv;
    srv.priority = in.u16();
    srv.weight = in.u16();
    srv.port = in.u16();
    srv.target = in.name();
    return srv;
}

// RFC 6698 §2.1. Without data there is nothing to compare a certificate with.
Tlsa tlsa(Rdata& in) {
    Tlsa tlsa;
    tlsa.usage = in.u8();
    tlsa.selector = in.u8();
    tlsa.matching = in.u8();
    tlsa.data = in.all();
    if (tlsa.data.empty()) in.fail();
    return tlsa;
}

}  // namespace

std::optional<std::string> decode_name(std::string_view& wire) {
    std::string text;
    std::string_view rest = wire.substr(0, name_max_bytes);
    for (;;) {
        if (rest.empty()) return std::nullopt;
        const std::size_t length = octet(rest.front());
        rest.remove_prefix(1);
        if (length == 0) break;
        if (length > label_max_bytes || length > rest.size()) return std::nullopt;
        if (!text.empty()) text += '.';
        for (const char c : rest.substr(0, length)) append_escaped(text, c);
        rest.remove_prefix(length);
    }
    wire.remove_prefix(std::min(wire.size(), name_max_bytes) - rest.size());
    return text;
}

std::optional<std::string> encode_name(std::string_view text) {
    if (text == ".") text = {};
    std::string wire;
    while (!text.empty()) {
        const std::size_t start = wire.size();
        wire += '\0';
        while (!text.empty() && text.front() != '.') {
            std::optional<char> c = text.front();
            if (*c == '\\') {
                c = take_escape(text);
            } else {
                if (*c < '!' || *c > '~') return std::nullopt;
                text.remove_prefix(1);
            }
            if (!c || wire.size() == name_max_bytes) return std::nullopt;
            wire += to_lower(*c);
        }
        const std::size_t length = wire.size() - start - 1;
        if (length == 0 || length > label_max_bytes) return std::nullopt;
        wire[start] = static_cast<char>(length);
        if (!text.empty()) text.remove_prefix(1);
    }
    wire += '\0';
    if (wire.size() > name_max_bytes) return std::nullopt;
    return wire;
}

std::optional<std::string> normalize_name(std::string_view text) {
    const std::optional<std::string> wire = encode_name(text);
    if (!wire) return std::nullopt;
    std::string_view rest = *wire;
    return decode_name(rest);
}

void add_record(Answer& answer, Type type, std::string_view rdata) {
    Rdata in(rdata);
    const auto keep = [&](auto& into, auto&& value) {
        if (in.ok_and_done()) {
            into.push_back(std::forward<decltype(value)>(value));
        } else {
            ++answer.broken;
        }
    };
    switch (type) {
        case Type::a:
        case Type::aaaa: return keep(answer.addresses, address(in, type));
        case Type::mx: return keep(answer.mx, mx(in));
        case Type::txt: return keep(answer.texts, text(in));
        case Type::ptr:
        case Type::cname: return keep(answer.names, in.name());
        case Type::srv: return keep(answer.srv, srv(in));
        case Type::tlsa: return keep(answer.tlsa, tlsa(in));
    }
    assert(false);
}

std::size_t record_count(const Answer& answer) {
    return answer.addresses.size() + answer.mx.size() + answer.texts.size() + answer.names.size() + answer.srv.size() + answer.tlsa.size();
}

std::string_view to_string(Type type) {
    switch (type) {
        case Type::a: return "A";
        case Type::aaaa: return "AAAA";
        case Type::cname: return "CNAME";
        case Type::ptr: return "PTR";
        case Type::mx: return "MX";
        case Type::txt: return "TXT";
        case Type::srv: return "SRV";
        case Type::tlsa: return "TLSA";
    }
    assert(false);
    return "";
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::found: return "found";
        case Outcome::no_data: return "no data";
        case Outcome::no_such_name: return "no such name";
        case Outcome::failed: return "failed";
        case Outcome::bogus: return "bogus";
    }
    assert(false);
    return "";
}

}  // namespace packetboat::dns
