#include "dns/message.h"

#include <cstdint>

#include "dns/records.h"

namespace packetboat::dns {

namespace {

constexpr std::size_t type_cname = 5;
constexpr std::size_t type_soa = 6;

// Reads a message from its front; remembers the first mistake.
class Reader {
public:
    explicit Reader(std::string_view message) : message_(message) {}

    bool failed() const { return failed_; }
    std::size_t offset() const { return offset_; }

    std::size_t u16() {
        const std::string_view two = take(2);
        return two.empty() ? 0 : octet(two[0]) << 8 | octet(two[1]);
    }
    std::string_view take(std::size_t count) {
        if (failed_ || count > message_.size() - offset_) {
            failed_ = true;
            return {};
        }
        offset_ += count;
        return message_.substr(offset_ - count, count);
    }
    // RFC 1035 §4.1.4: labels up to the root's, or up to a pointer.
    void skip_name() {
        while (!failed_) {
            const std::string_view length = take(1);
            if (length.empty() || length[0] == '\0') return;
            if (is_pointer(length[0])) {
                take(1);
                return;
            }
            take(octet(length[0]));
        }
    }
    // The whole name at an offset. Pointers lead to where the name's labels so far have not been, and back, so that they come to an end.
    std::optional<std::string> name_at(std::size_t at) const {
        std::string wire;
        std::size_t start = at;
        while (at < message_.size() && wire.size() < name_max_bytes) {
            const char length = message_[at];
            if (is_pointer(length)) {
                if (at + 1 >= message_.size()) return std::nullopt;
                at = (octet(length) & 0x3fU) << 8 | octet(message_[at + 1]);
                if (at >= start) return std::nullopt;
                start = at;
                continue;
            }
            wire += message_.substr(at, 1 + octet(length));
            at += 1 + octet(length);
            if (length != '\0') continue;
            std::string_view rest = wire;
            return decode_name(rest);
        }
        return std::nullopt;
    }

private:
    static std::size_t octet(char c) { return static_cast<std::uint8_t>(c); }
    static bool is_pointer(char length) { return (octet(length) & 0xc0U) == 0xc0U; }

    std::string_view message_;
    std::size_t offset_ = 0;
    bool failed_ = false;
};

// RFC 1035 §4.1.3.
struct Record {
    std::size_t owner_offset = 0;
    std::size_t type = 0;
    std::size_t rdata_offset = 0;
};

Record record(Reader& in) {
    Record record;
    record.owner_offset = in.offset();
    in.skip_name();
    record.type = in.u16();
    in.take(2 + 4);  // class, TTL
    const std::size_t length = in.u16();
    record.rdata_offset = in.offset();
    in.take(length);
    return record;
}

}  // namespace

std::optional<MessageFacts> read_message(std::string_view message, std::string name) {
    Reader in(message);
    MessageFacts facts{std::move(name)};
    in.take(2 + 2);  // id, flags
    const std::size_t questions = in.u16();
    const std::size_t answers = in.u16();
    const std::size_t authorities = in.u16();
    in.take(2);
    for (std::size_t i = 0; i < questions && !in.failed(); ++i) {
        in.skip_name();
        in.take(2 + 2);  // type, class
    }
    for (std::size_t i = 0; i < answers && !in.failed(); ++i) {
        const Record alias = record(in);
        if (alias.type != type_cname || in.failed() || in.name_at(alias.owner_offset) != facts.canonical_name) continue;
        std::optional<std::string> target = in.name_at(alias.rdata_offset);
        if (!target) return std::nullopt;
        facts.canonical_name = std::move(*target);
    }
    for (std::size_t i = 0; i < authorities && !in.failed(); ++i) facts.has_soa |= record(in).type == type_soa;
    if (in.failed()) return std::nullopt;
    return facts;
}

}  // namespace packetboat::dns
