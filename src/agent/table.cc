#include "agent/table.h"

#include <algorithm>
#include <cassert>

#include "agent/terminal_text.h"

namespace packetboat::agent {

namespace {

constexpr std::size_t gap = 2;

std::string padded(const std::string& cell, std::size_t width, bool to_the_right) {
    const std::size_t columns = columns_of(cell);
    const std::string space(width > columns ? width - columns : 0, ' ');
    return to_the_right ? space + cell : cell + space;
}

struct Fitting {
    std::size_t column = 0;  // of the table's head
    std::size_t width = 0;
    std::size_t shrinks_to = 0;  // 0: it does not
};

// The widest column that may shrink gives up one column at a time, so that several end up alike. Whether it is enough.
bool fit(std::vector<Fitting>& fitting, std::size_t columns) {
    std::size_t all = gap * (fitting.size() - 1);
    for (const Fitting& one : fitting) all += one.width;
    while (all > columns) {
        Fitting* widest = nullptr;
        for (Fitting& one : fitting) {
            if (one.shrinks_to == 0 || one.width <= one.shrinks_to) continue;
            if (widest == nullptr || one.width > widest->width) widest = &one;
        }
        if (widest == nullptr) return false;
        --widest->width;
        --all;
    }
    return true;
}

// Which columns are shown, and how wide.
std::vector<Fitting> fitted(std::span<const Column> head, const std::vector<std::size_t>& widths, std::size_t columns) {
    std::vector<Fitting> shown;
    for (std::size_t i = 0; i < head.size(); ++i) shown.push_back({.column = i, .width = widths[i], .shrinks_to = head[i].shrinks_to});
    if (columns == 0) return shown;
    for (;;) {
        std::vector<Fitting> fitting = shown;
        if (fit(fitting, columns)) return fitting;
        auto first = shown.end();
        for (auto one = shown.begin(); one != shown.end(); ++one) {
            const int rank = head[one->column].left_out;
            if (rank > 0 && (first == shown.end() || rank < head[first->column].left_out)) first = one;
        }
        if (first == shown.end()) break;
        shown.erase(first);
    }
    for (Fitting& one : shown) one.shrinks_to = std::min<std::size_t>(one.shrinks_to, 1);
    fit(shown, columns);
    return shown;
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
    const std::vector<Fitting> shown = fitted(head, widths, columns);
    std::string out;
    for (const std::vector<std::string>& row : cells) {
        std::string line;
        for (const Fitting& one : shown) {
            if (!line.empty()) line.append(gap, ' ');
            line += padded(shorten(row[one.column], one.width), one.width, head[one.column].to_the_right);
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
