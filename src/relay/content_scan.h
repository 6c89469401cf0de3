#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "delivery/transport.h"
#include "mime/seven_bit.h"
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
    std::optional<mime::SevenBitPlan> conversion;  // it must not go as it is
    std::optional<std::uint64_t> size_bytes;       // of what comes of the conversion, where the server wants to know
};
// Reads as much of `content` as it must, and rewinds it. A message for a server without 8BITMIME is read to its end, whatever its client
// said of it: if it has 8-bit bytes in its bodies, these are to be converted (RFC 6152 §3). So is what is binary and was declared so, for
// a server without BINARYMIME (RFC 3030 §3); if that cannot be, Body::binary_mime says that the server cannot have it. Errors: as the
// content's.
Task<Result<Declared>> declare(const delivery::QueueEntry& entry, const smtp::wire::Capabilities& can, delivery::ContentSource& content);

// The content as the conversion makes it. Once over: rewind the content and make another for the next time.
class ConvertedContent {
public:
    // Both outlive it.
    ConvertedContent(const mime::SevenBitPlan& plan, delivery::ContentSource& content) : content_(content), converter_(plan) {}
    // As delivery::ContentSource.
    Task<Result<std::string_view>> next();

private:
    delivery::ContentSource& content_;
    mime::SevenBitConverter converter_;
    std::string out_;
    bool at_end_ = false;
};

}  // namespace packetboat::relay
