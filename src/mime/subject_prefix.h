#pragma once

#include <cstdint>
#include <string_view>

namespace packetboat::mime {

// Which words before a colon mark a subject as a reply or a forward; a set of these.
enum class Marks : std::uint8_t {
    rfc5256 = 1,  // "re", "fw" and "fwd", and no counts
    replies = 2,  // in any language
    forwards = 4,
    letters = 8,  // "R:" and "I:", which are words of subjects as well
};
constexpr Marks operator|(Marks a, Marks b) { return static_cast<Marks>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b)); }
constexpr bool has(Marks set, Marks one) { return (static_cast<std::uint8_t>(set) & static_cast<std::uint8_t>(one)) != 0; }

// Takes the beginning off a subject, or leaves it as it is.                            RFC 5256 §5
class SubjectPrefix {
public:
    SubjectPrefix(std::string_view text, Marks marks) : rest_(text), marks_(marks) {}

    std::string_view rest() const { return rest_; }
    void space();

    // subj-blob = "[" *BLOBCHAR "]" *WSP, where BLOBCHAR is no bracket
    bool blob();
    // subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":", with the words and counts that are known beside it
    bool refwd();

private:
    bool word();
    void count();
    bool colon();

    std::string_view rest_;
    Marks marks_;
};

}  // namespace packetboat::mime
