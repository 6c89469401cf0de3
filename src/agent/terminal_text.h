#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// What strangers wrote, made fit for a terminal. Whatever is shown of a message goes through here: a terminal obeys control characters and
// escape sequences, and a bidi control turns the line around for the eye.
namespace packetboat::agent {

enum class Lines : unsigned char { one, many };

// Text that cannot steer a terminal: controls are shown as their pictures ("␛"), C1 controls and what is not UTF-8 as U+FFFD; bidi
// controls, characters without width (but the joiners that scripts and emoji need) and tag characters go, and of more than marks_max
// combining marks on one character those above. A line end, of any kind, becomes LF in `many` lines, and a space in `one`; a tab becomes
// spaces up to the next multiple of eight columns, and a space.
inline constexpr std::size_t marks_max = 8;
std::string printable(std::string_view text, Lines lines = Lines::one);

// Columns of a terminal that a printable line takes: East Asian wide characters and emoji two, combining marks none.
std::size_t columns_of(std::string_view line);

// At most so many columns of it, the last one "…" where something was cut off.
std::string shorten(std::string_view line, std::size_t columns);

// Lines broken at spaces, and beside wide characters (Chinese and Japanese are written without spaces), so that they fit; what follows in
// a quote ("> ") or behind an indentation begins as its line did. Words that are longer than a line stay whole: they are addresses to be
// copied.
std::string wrap(std::string_view printable_text, std::size_t columns);

// Code points of a JSON text that a terminal could obey, as "\u…" escapes: the same JSON.
std::string json_for_terminal(std::string_view json);

}  // namespace packetboat::agent
