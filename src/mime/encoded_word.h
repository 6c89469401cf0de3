#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace packetboat::mime {

// encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="      RFC 2047 §2, RFC 2231 §5
struct EncodedWord {
    std::string_view charset;  // without the language
    char encoding = 'q';       // 'q' or 'b'
    std::string_view text;     // still encoded; spaces and folds may be in it, which RFC 2047 forbids and clients read
    std::size_t size = 0;      // of the whole word
};

// The encoded word that `text` begins with. Costs no more than the way to its end or to the next "=?", so looking at every "=?" of a text
// is linear.
std::optional<EncodedWord> encoded_word(std::string_view text);

}  // namespace packetboat::mime
