#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace packetboat {

// Reads a text from left to right and remembers the first mistake: after it every call is a no-op that answers nothing, so a
// parser reads like its ABNF, without early returns, and asks failed() once at its end.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text), rest_(text) {}

    bool failed() const { return failed_; }
    // Where the first mistake was noticed, as an offset into the text; where we are while there is none.
    std::size_t offset() const { return text_.size() - rest_.size(); }
    void fail() { failed_ = true; }

    bool at_end() const { return failed_ || rest_.empty(); }
    bool ok_and_done() const { return !failed_ && rest_.empty(); }
    char peek() const { return at_end() ? '\0' : rest_.front(); }
    std::string_view rest() const { return failed_ ? std::string_view{} : rest_; }

    // Takes the character, or leaves everything as it is.
    bool take(char c) {
        if (at_end() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // Takes the word in any case, or leaves everything as it is.
    bool take_word(std::string_view word) {
        if (failed_ || rest_.size() < word.size() || !iequals(rest_.substr(0, word.size()), word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    void expect(char c) {
        if (!take(c)) fail();
    }
    void expect_word(std::string_view word) {
        if (!take_word(word)) fail();
    }
    void expect_end() {
        if (!at_end()) fail();
    }

    // The longest run of characters of which `is` holds; may be empty.
    template <class Is>
    std::string_view while_(Is is) {
        if (failed_) return {};
        std::size_t length = 0;
        while (length < rest_.size() && is(rest_[length])) ++length;
        return take_bytes(length);
    }
    // The same, but an empty run is a mistake.
    template <class Is>
    std::string_view some(Is is) {
        const std::string_view run = while_(is);
        if (run.empty()) fail();
        return run;
    }
    std::string_view take_bytes(std::size_t count) {
        if (failed_ || count > rest_.size()) {
            fail();
            return {};
        }
        const std::string_view bytes = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return bytes;
    }
    // 1*DIGIT that fits; anything else is a mistake.
    std::uint64_t number() {
        const std::optional<std::uint64_t> value = parse_u64(some(is_digit));
        if (!value) fail();
        return failed_ ? 0 : *value;
    }
    // All that is left.
    std::string_view take_rest() { return take_bytes(rest().size()); }

private:
    std::string_view text_;
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace packetboat
