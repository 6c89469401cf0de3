#include "delivery/testing/report_reader.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "mime/index.h"
#include "mime/text.h"

namespace packetboat::delivery {
namespace {

Unexpected wrong(std::string why) { return fail(ErrorCode::invalid, std::move(why)); }

// Why it is not lines that every transport carries; nullopt: it is.
std::optional<std::string> bad_lines(std::string_view message) {
    if (!message.ends_with("\r\n")) return "the last line is open";
    while (!message.empty()) {
        const std::size_t end = message.find_first_of(std::string_view("\r\n\0", 3));
        if (end > 998) return "a line is too long: " + std::string(message.substr(0, 60));
        if (!message.substr(end).starts_with("\r\n")) return "a bare CR, LF or NUL";
        message.remove_prefix(end + 2);
    }
    return std::nullopt;
}

std::string type_of(const mime::Index& index, const mime::Part& part, std::string_view message) {
    const mime::Field* field = index.find(part, mime::FieldName::content_type);
    return field == nullptr ? "" : mime::unfold(field->value.of(message));
}

ReadReport::Fields fields_of(const mime::Index& index, const mime::Part& part, std::string_view message) {
    ReadReport::Fields fields;
    for (const mime::Field& field : index.of(part)) fields.emplace_back(field.name.of(message), mime::unfold(field.value.of(message)));
    return fields;
}

// Groups of fields between empty lines; each must be nothing but fields.
Result<std::vector<ReadReport::Fields>> read_groups(std::string_view text) {
    std::vector<ReadReport::Fields> groups;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\r\n\r\n"), text.size() - 2);
        const std::string group(text.substr(0, end + 2));
        const mime::Index index = mime::index_header(group);
        if (!index.parts[0].body.empty() || index.fields.empty()) return wrong("a group that is not of fields: " + group);
        groups.push_back(fields_of(index, index.parts[0], group));
        text.remove_prefix(std::min(text.size(), end + 4));
    }
    if (groups.empty()) return wrong("no status fields");
    return groups;
}

}  // namespace

Result<ReadReport> read_report(std::string_view message) {
    if (const std::optional<std::string> bad = bad_lines(message)) return wrong(*bad);
    const mime::Index index = mime::index(message);
    const mime::Part& root = index.parts[0];
    if (root.kind != mime::Kind::multipart || !root.boundary_closed) return wrong("no closed multipart");
    std::vector<const mime::Part*> parts;
    for (std::uint32_t at = root.first_child; at != mime::Part::none; at = index.parts[at].next) parts.push_back(&index.parts[at]);
    if (parts.size() != 3) return wrong(std::to_string(parts.size()) + " parts");

    ReadReport report;
    report.header = fields_of(index, root, message);
    report.text = parts[0]->body.of(message);
    report.status_type = type_of(index, *parts[1], message);
    report.returned_type = type_of(index, *parts[2], message);
    report.returned = parts[2]->body.of(message);
    const std::string subtype = report.status_type.substr(std::min(report.status_type.find('/') + 1, report.status_type.size()));
    if (!type_of(index, root, message).starts_with("multipart/report; report-type=" + subtype + ";"))
        return wrong("no report of the second part's type");
    if (!type_of(index, *parts[0], message).starts_with("text/plain;")) return wrong("the first part is no text");

    Result<std::vector<ReadReport::Fields>> groups = read_groups(parts[1]->body.of(message));
    if (!groups) return fail(std::move(groups).error());
    report.groups = *std::move(groups);
    const bool eight_bit = !is_ascii(message.substr(root.body.begin));
    if (eight_bit != (value_of(report.header, "Content-Transfer-Encoding") == "8bit")) return wrong("its encoding is not what it says");
    return report;
}

std::string value_of(const ReadReport::Fields& fields, std::string_view name) {
    const auto found = std::ranges::find_if(fields, [&](const auto& field) { return iequals(field.first, name); });
    return found == fields.end() ? "(none)" : found->second;
}

}  // namespace packetboat::delivery
