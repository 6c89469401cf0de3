#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace packetboat::agent {

struct Column {
    std::string_view title;
    bool to_the_right = false;  // numbers
    // Of what is missing when the table is too wide for the terminal, columns give up theirs down to this, the widest first; 0: none.
    std::size_t shrinks_to = 0;
    std::size_t max = 1'000;  // it is never wider: nothing wider is of use
    // Where that is not enough, columns are left out: 1 before 2 and so on; 0: never.
    int left_out = 0;
};

// Rows of cells (any text: it is made printable) as a table of at most `columns` columns; 0: as wide as it is. Where columns have been left
// out and it is too wide still, those that shrink do so down to one column; only what never shrinks is wider than a terminal then. Two
// spaces between columns; the last one is not filled up.
std::string table(std::span<const Column> head, std::span<const std::vector<std::string>> rows, std::size_t columns);

// "1.2 MB", "340 B", "12 KB": three characters of number at most, and never more than the size itself says in its decimal unit.
std::string size_text(std::uint64_t bytes);

}  // namespace packetboat::agent
