#include "agent/table.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "agent/terminal_text.h"

namespace packetboat::agent {

namespace {

constexpr std::size_t gap = 2;

std::string padded(const std::string& cell, std::size_t width, bool to_the_right) {
    const std::size_t columns = columns_of(cell);
    const std::string space(width > columns ? width - columns : 0, ' ');
    return to_the_right ? space + cell : cell + space;
}

// The widest column that may shrink gives up one column at a time, so that several end up alike.
void fit(std::span<const Column> head, std::vector<std::size_t>& widths, std::size_t columns) {
    std::size_t all = std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
    while (all > columns) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (head[i].shrinks_to == 0 || widths[i] <= head[i].shrinks_to) continue;
            if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
        }
        if (widest == widths.size()) return;
        --widths[widest];
        --all;
    }
}

}  // namespace

std::string table(std::span<const Column> head, std::span<const std::vector<std::string>> rows, std::size_t columns) {
    std::vector<std::vector<std::string>> cells;
    cells.emplace_back();
    for (const Column& column : head) cells.back().emplace_back(column.title);
    for (const std::vector<std::string>& row : rows) {
        assert(row.size() == head.size());
        cells.emplace_back();
        for (std::size_t i = 0; i < row.size(); ++i) cells.back().push_back(shorten(printable(row[i]), head[i].max));
    }
    std::vector<std::size_t> widths(head.size());
    for (const std::vector<std::string>& row : cells) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    if (columns > 0) fit(head, widths, columns);
    std::string out;
    for (const std::vector<std::string>& row : cells) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += padded(shorten(row[i], widths[i]), widths[i], head[i].to_the_right);
            if (i + 1 < row.size()) line.append(gap, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::string_view units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
    std::size_t unit = 0;
    std::uint64_t tenths = 0;  // of the unit below a whole one
    while (bytes >= 1'000 && unit + 1 < std::size(units)) {
        tenths = bytes % 1'000 / 100;
        bytes /= 1'000;
        ++unit;
    }
    const std::string fraction = unit > 0 && bytes < 10 ? "." + std::to_string(tenths) : "";
    return std::to_string(bytes) + fraction + " " + std::string(units[unit]);
}

}  // namespace packetboat::agent
