#pragma once

#include <string>
#include <string_view>

#include "pop3/wire/reply.h"

namespace packetboat::pop3::wire {

// The first line of a server's answer, as its client has read it (RFC 1939 §3).
struct ServerReply {
    bool positive = false;                   // +OK
    ResponseCode code = ResponseCode::none;  // what stands in brackets, if it is one that we know (RFC 2449 §8)
    std::string text;                        // without status and end, with the brackets. Fit to be shown: UTF-8 without control
                                             // characters; bytes that were something else are "?".

    std::string line() const;  // "-ERR [IN-USE] somebody else is here"

    friend bool operator==(const ServerReply&, const ServerReply&) = default;
};

// From the front of an answer's text. What is more special than we know is what it specialises: [SYS/TEMP/DISK] is [SYS/TEMP].
ResponseCode response_code(std::string_view text);

}  // namespace packetboat::pop3::wire
