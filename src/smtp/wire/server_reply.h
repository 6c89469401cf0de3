#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace packetboat::smtp::wire {

// status-code = class "." subject "." detail                                               RFC 3463 §2
struct EnhancedStatus {
    std::uint8_t kind = 0;  // the class: 2 success, 4 try again, 5 never
    std::uint16_t subject = 0;
    std::uint16_t detail = 0;

    // From the front of `text`, up to a space or the end; nullopt: none stands there.
    static std::optional<EnhancedStatus> parse(std::string_view text);
    std::string text() const;  // "5.1.1"

    friend bool operator==(const EnhancedStatus&, const EnhancedStatus&) = default;
};

// What a server has said, as its client has read it.
struct ServerReply {
    std::uint16_t code = 0;                  // 200 to 599; RFC 5321 §4.2
    std::optional<EnhancedStatus> enhanced;  // of the first line that has one (RFC 2034 §4)
    // At least one, each without code, enhanced code and end; may be empty. Fit to be shown: UTF-8 without control characters; bytes that
    // were something else are "?".
    std::vector<std::string> lines;

    bool positive() const { return code < 300; }
    bool intermediate() const { return code >= 300 && code < 400; }
    bool transient() const { return code >= 400 && code < 500; }
    bool permanent() const { return code >= 500; }
    // RFC 5321 §3.8: after it the server closes, whatever it was said to.
    bool closing() const { return code == 421; }

    // What it said, or what the code alone means: "x.0.0" of its first digit.
    EnhancedStatus status() const;
    // All of it in one line: "550 5.1.1 No such user here".
    std::string text() const;

    friend bool operator==(const ServerReply&, const ServerReply&) = default;
};

}  // namespace packetboat::smtp::wire
