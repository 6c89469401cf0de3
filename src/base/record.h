#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat {

// Builds a stored record or key. Numbers in keys are big-endian, so that byte order is number order; numbers in values are
// variable-length (LEB128); texts in values carry their length.
class Writer {
public:
    Writer() = default;
    explicit Writer(std::string prefix) : out_(std::move(prefix)) {}

    Writer& u8(std::uint8_t value) {
        out_ += static_cast<char>(value);
        return *this;
    }
    Writer& be32(std::uint32_t value) { return big_endian(value, 4); }
    Writer& be64(std::uint64_t value) { return big_endian(value, 8); }
    Writer& varint(std::uint64_t value) {
        while (value >= 0x80) {
            u8(static_cast<std::uint8_t>(value | 0x80));
            value >>= 7;
        }
        return u8(static_cast<std::uint8_t>(value));
    }
    Writer& bytes(std::string_view raw) {
        out_ += raw;
        return *this;
    }
    Writer& text(std::string_view counted) { return varint(counted.size()).bytes(counted); }

    const std::string& view() const { return out_; }
    std::string take() { return std::move(out_); }

private:
    Writer& big_endian(std::uint64_t value, unsigned count) {
        while (count-- > 0) u8(static_cast<std::uint8_t>(value >> (8 * count)));
        return *this;
    }
    std::string out_;
};

// Reads what Writer wrote. Like Cursor it remembers the first mistake and answers zeros and empty texts after it.
class RecordReader {
public:
    explicit RecordReader(std::string_view record) : rest_(record) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
    std::uint32_t be32() { return static_cast<std::uint32_t>(big_endian(4)); }
    std::uint64_t be64() { return big_endian(8); }
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = u8();
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80) == 0) return value;
        }
        failed_ = true;
        return 0;
    }
    std::string_view bytes(std::size_t count) {
        if (failed_ || count > rest_.size()) {
            failed_ = true;
            return {};
        }
        const std::string_view out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return out;
    }
    std::string_view text() { return bytes(varint()); }
    std::string_view rest() { return bytes(rest_.size()); }

    bool failed() const { return failed_; }
    bool ok_and_done() const { return !failed_ && rest_.empty(); }

private:
    std::uint64_t big_endian(std::size_t count) {
        std::uint64_t value = 0;
        for (const char c : bytes(count)) value = (value << 8) | static_cast<unsigned char>(c);
        return value;
    }
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace packetboat
