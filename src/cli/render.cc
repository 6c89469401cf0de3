#include "cli/render.h"

#include <simdjson.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace packetboat::cli {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

std::string cell(const element& value) {
    switch (value.type()) {
        case element_type::STRING: return escape_control(std::string_view(value));
        case element_type::NULL_VALUE: return "";
        case element_type::BOOL: return bool(value) ? "yes" : "no";
        case element_type::ARRAY: {
            std::string joined;
            for (const element item : simdjson::dom::array(value)) joined += (joined.empty() ? "" : ", ") + cell(item);
            return joined;
        }
        case element_type::OBJECT: {
            std::string joined;
            for (const auto& [key, member] : simdjson::dom::object(value)) {
                if (const std::string text = cell(member); !text.empty())
                    joined += (joined.empty() ? "" : " ") + std::string(key) + "=" + text;
            }
            return joined;
        }
        default: return simdjson::minify(value);
    }
}

// Characters, not bytes: UTF-8 continuation bytes have no width.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

using TableRow = std::vector<std::string>;

std::string table(const std::vector<TableRow>& rows) {
    std::vector<std::size_t> widths;
    for (const TableRow& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string out;
    for (const TableRow& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line += std::string(widths[i] - width(row[i]) + 2, ' ');
        }
        out += line + "\n";
    }
    return out;
}

std::string render_list(const simdjson::dom::array& list) {
    std::vector<TableRow> rows;
    for (const element item : list) {
        simdjson::dom::object object;
        if (item.get(object) != simdjson::SUCCESS) {
            rows.push_back({cell(item)});
            continue;
        }
        TableRow row;
        TableRow head;
        for (const auto& [key, value] : object) {
            head.push_back(upper(key));
            row.push_back(cell(value));
        }
        if (rows.empty()) rows.push_back(std::move(head));
        rows.push_back(std::move(row));
    }
    return table(rows);
}

std::string render_object(const simdjson::dom::object& object) {
    std::vector<TableRow> rows;
    std::string lists;
    for (const auto& [key, value] : object) {
        simdjson::dom::array list;
        const bool of_objects = value.get(list) == simdjson::SUCCESS && list.size() > 0 && list.at(0).is_object();
        if (of_objects) {
            lists += "\n" + render_list(list);
        } else {
            rows.push_back({std::string(key), cell(value)});
        }
    }
    return table(rows) + lists;
}

}  // namespace

std::string render(std::string_view json) {
    simdjson::dom::parser parser;
    element document;
    if (parser.parse(simdjson::padded_string(json)).get(document) != simdjson::SUCCESS) return std::string(json) + "\n";
    simdjson::dom::array list;
    if (document.get(list) == simdjson::SUCCESS) return render_list(list);
    simdjson::dom::object object;
    if (document.get(object) == simdjson::SUCCESS) return render_object(object);
    const std::string text = cell(document);
    return text.empty() ? text : text + "\n";
}

}  // namespace packetboat::cli
