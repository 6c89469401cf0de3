#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packetboat::smtp::wire {

// What becomes of a CR without its LF, and of an LF without its CR, in a message. RFC 5321 §2.3.8 allows neither; servers that disagree
// about what they mean let messages be smuggled between them.
enum class BareNewlines : std::uint8_t {
    refuse,     // the message is
    normalise,  // each becomes CRLF
};

struct Flaws {
    bool bare_cr = false;
    bool bare_lf = false;
    bool nul = false;
    bool long_line = false;

    bool bare() const { return bare_cr || bare_lf; }
};

// Looks at a message's text on its way, chunk after chunk.
class LineEnds {
public:
    // `line_max_bytes` with CRLF; 0: any.
    explicit LineEnds(BareNewlines policy, std::uint64_t line_max_bytes = 0) : policy_(policy), line_max_bytes_(line_max_bytes) {}

    // Takes from the front of `text` and answers what is to be kept of that: all of it at once, or when normalising a piece of it or a
    // literal CRLF. Call until `text` is empty; an answer may be empty then.
    std::string_view next(std::string_view& text);
    // The message is over. Answers what is still to be kept.
    std::string_view finish();

    const Flaws& flaws() const { return flaws_; }
    BareNewlines policy() const { return policy_; }

private:
    void check(std::string_view text);
    void measure(std::string_view text);
    std::string_view normalise(std::string_view& text);

    BareNewlines policy_;
    std::uint64_t line_max_bytes_;
    std::uint64_t line_bytes_ = 0;
    bool after_cr_ = false;  // the last byte looked at was a CR; when normalising it is still to be kept
    Flaws flaws_;
};

}  // namespace packetboat::smtp::wire
