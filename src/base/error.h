#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace packetboat {

// What kind of thing went wrong. A protocol maps the code to its own reply in one function; the text is for people.
enum class ErrorCode : std::uint8_t {
    invalid,      // the input is not what the grammar or the configuration allows
    not_found,    // no such account, mailbox, message, key
    exists,       // the thing to be created is there already
    denied,       // the caller may not, or the credentials are wrong
    over_quota,   // the account's own limit
    too_large,    // one thing is larger than a named limit
    too_many,     // a count or a rate is over a named limit
    conflict,     // somebody else holds it, or it has changed meanwhile
    unavailable,  // cannot be done now (disk full, write error, queue full, stopping): try later
    timed_out,
    closed,    // the other end has gone
    internal,  // a broken record or a mistake of ours; logged where it was noticed
};

std::string_view to_string(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string text;

    friend bool operator==(const Error&, const Error&) = default;
};

// A value, or the error that the world caused. Never to be ignored.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

using Unexpected = std::unexpected<Error>;

// return fail(ErrorCode::not_found, "no such mailbox");
inline Unexpected fail(ErrorCode code, std::string text) { return Unexpected(Error{code, std::move(text)}); }

// return fail(other.error());
inline Unexpected fail(Error error) { return Unexpected(std::move(error)); }

}  // namespace packetboat
