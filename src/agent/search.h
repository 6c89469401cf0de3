#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/letter.h"
#include "base/error.h"
#include "mime/index.h"

namespace packetboat::agent {

// Text as searches compare it: compatibility characters, case and composition do not matter (Unicode's NFKC_Casefold), white space is one
// space. "GROSSE" finds "große".
std::string folded(std::string_view utf8);

// What one word of a search asks for.
struct Condition {
    enum class Where : std::uint8_t {
        anywhere /* header fields of below, or the text */,
        from,
        to /* and Cc */,
        subject,
        body,
        since,
        before,
        attachment
    };
    Where where = Where::anywhere;
    std::string text;          // folded
    std::int64_t seconds = 0;  // since, before
};

// All of them have to be met.
struct Search {
    std::vector<Condition> conditions;

    // "from:alice" "subject:two words" "since:2026-11-01" "has:attachment" "lunch". since: is that day and later, before: the days before
    // it (in this machine's time zone), by the Date field. Errors: invalid (no words, no date, has: of something else), too_many.
    static Result<Search> parse(const std::vector<std::string>& words);
    static constexpr std::size_t conditions_max = 50;

    // Some messages can be told from their headers alone: what is false can be true of no message with this header.
    bool can_match(const mime::Index& header, std::string_view bytes) const;
    bool needs_whole_message() const;
    bool matches(const Letter& letter) const;
};

}  // namespace packetboat::agent
