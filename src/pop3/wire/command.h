#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/cursor.h"

// POP3's commands as values. Pure: bytes in, values out.
namespace packetboat::pop3::wire {

// clang-format off
struct User { std::string name; };                                 // RFC 1939 §7
struct Pass { std::string password; };                             // RFC 1939 §7; spaces belong to the password
struct Apop { std::string name, digest; };                         // RFC 1939 §7
struct Auth {                                                      // RFC 5034 §4
    std::string mechanism;                        // empty: the client asks for a list of them
    std::optional<std::string> initial_response;  // decoded; "=" on the wire is an empty one
};
struct Stls {};                                                    // RFC 2595 §4
struct Utf8 {};                                                    // RFC 6856 §2.1
struct Capa {};                                                    // RFC 2449 §5
struct Lang { std::optional<std::string> range; };                 // RFC 6856 §3.2; none: list them
struct Stat {};                                                    // RFC 1939 §5
struct List { std::optional<std::uint64_t> message; };             // RFC 1939 §5
struct Retr { std::uint64_t message = 0; };                        // RFC 1939 §5
struct Dele { std::uint64_t message = 0; };                        // RFC 1939 §5
struct Noop {};                                                    // RFC 1939 §5
struct Rset {};                                                    // RFC 1939 §5
struct Top { std::uint64_t message = 0, lines = 0; };              // RFC 1939 §7
struct Uidl { std::optional<std::uint64_t> message; };             // RFC 1939 §7
struct Quit {};                                                    // RFC 1939 §4, §6
// clang-format on

using Command = std::variant<User, Pass, Apop, Auth, Stls, Utf8, Capa, Lang, Stat, List, Retr, Dele, Noop, Rset, Top, Uidl, Quit>;

// Where a command may stand. In UPDATE (RFC 1939 §6) no command is read any more.
enum class State : std::uint8_t { authorization = 1, transaction = 2 };
inline constexpr unsigned in_authorization = 1;
inline constexpr unsigned in_transaction = 2;
inline constexpr unsigned in_both = in_authorization | in_transaction;

struct Verb {
    std::string_view name;
    Command (*arguments)(Cursor&);  // reads what follows the name
    unsigned states;
    std::string_view syntax;  // for people
};

// One row for each command, in the order of the variant's alternatives.
extern const std::array<Verb, std::variant_size_v<Command>> verbs;

const Verb& verb_of(const Command& command);
bool allowed(const Command& command, State state);

// What is wrong with a line. The text says it to the client.
struct Error {
    enum class Kind : std::uint8_t {
        unknown,         // no such command
        syntax,          // a known command with other arguments than it has
        too_long,        // the line was thrown away
        bad_byte,        // NUL or a CR that ends no line
        bare_lf,         // what follows cannot be trusted to be a line of its own: the conversation is over
        other_protocol,  // HTTP's verbs: a browser was tricked into talking to us; the conversation is over
    };
    Kind kind = Kind::syntax;
    std::string text;

    // Nothing that comes after it may be taken for a command.
    bool fatal() const { return kind == Kind::bare_lf || kind == Kind::other_protocol; }
};

// A line without its CRLF. Blanks at the end of a line are forgiven where they are no part of an argument.
std::variant<Command, Error> parse_command(std::string_view line);

// The line that parses to `command`, with its CRLF: what a client of ours sends. Texts in it hold no CR, LF or NUL.
std::string encode(const Command& command);

}  // namespace packetboat::pop3::wire
