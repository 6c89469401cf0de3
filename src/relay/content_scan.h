#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/task.h"
#include "delivery/transport.h"
#include "smtp/wire/capabilities.h"
#include "smtp/wire/command.h"

// What a message's bytes are, as against what its client declared: so nothing is asked of the next server that the message does not need.
namespace packetboat::relay {

// Follows the bytes as they come, in pieces of any size. Linear; keeps nothing.
class ContentScan {
public:
    void next(std::string_view piece);

    bool header_ended() const { return header_ended_; }
    bool header_eight_bit() const { return header_eight_bit_; }  // RFC 6531 needs SMTPUTF8 for it
    bool eight_bit() const { return eight_bit_; }
    // What only BINARYMIME carries: NUL, a CR or LF by itself, a line over 998 octets (RFC 2045 §2.7, §2.8).
    bool binary() const { return binary_; }

private:
    void take(char c);

    static constexpr std::size_t line_max_bytes = 998;
    std::size_t line_bytes_ = 0;
    bool after_cr_ = false;
    bool header_ended_ = false;
    bool header_eight_bit_ = false;
    bool eight_bit_ = false;
    bool binary_ = false;
};

// So much is looked at for what is only a courtesy to servers further on; a longer message is taken at its client's word.
inline constexpr std::uint64_t content_scan_max_bytes = std::uint64_t{1} << 20;

// With what a message goes to a server that `can` do this.
struct Declared {
    smtp::wire::Body body = smtp::wire::Body::seven_bit;
    bool smtputf8 = false;
};
// Reads as much of `content` as it must, and rewinds it. Eight-bit text goes to a server without 8BITMIME as it is, undeclared: converting
// it would break signatures, refusing it would lose mail that every server of today takes (RFC 6152 §3 wants one of the two). Errors:
// as the content's.
Task<Result<Declared>> declare(const delivery::QueueEntry& entry, const smtp::wire::Capabilities& can, delivery::ContentSource& content);

}  // namespace packetboat::relay
