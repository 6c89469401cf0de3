#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packetboat::pop3::wire {

// A message in a multi-line answer (RFC 1939 §3), read without copying it. Only CRLF "." CRLF ends it: were a bare LF enough, who wrote the
// message could end it early and have the rest taken for answers. The dot that servers put before one at the beginning of a line is taken
// away; after a bare LF, where some of them count a line and some do not, only a dot before another dot was surely put there.
class BodyReader {
public:
    struct Step {
        std::string_view content;  // a view into the input; may be empty
        std::size_t consumed = 0;  // 0: more bytes are needed; never for more than two that wait
        bool end = false;
    };
    // From the front of `input`. After the end: the next message.
    Step next(std::string_view input);

private:
    enum class At : std::uint8_t { line, after_cr, begin_after_lf, begin };
    At at_ = At::begin;
};

}  // namespace packetboat::pop3::wire
