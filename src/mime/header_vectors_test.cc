#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "mime/content.h"
#include "mime/date.h"
#include "mime/header_lexer.h"
#include "mime/testing/vectors.h"
#include "mime/text.h"

// The header tables of the mail-parser library, where the checkout has them: every case agrees, or is named here with the reason why not.
namespace packetboat::mime {
namespace {

using testing::Json;
using testing::vector_file;
using Reasons = std::map<std::size_t, std::string_view>;

// A vector is a whole header's text at times: the field ends where its folds end.
std::string first_field(const std::string& header) {
    std::string field;
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (header[i] == '\n' && i > 0 && i + 1 < header.size() && header[i + 1] != ' ' && header[i + 1] != '\t') break;
        field += header[i];
    }
    return field;
}

// Calls `ours` with the value and `theirs` with what is expected; both answer a text.
template <class Ours, class Theirs>
void compare(std::string_view file, const Reasons& reasons, Ours ours, Theirs theirs) {
    const std::optional<std::string> text = vector_file(file);
    if (!text) GTEST_SKIP() << "the test vectors are not here";
    const Json cases = Json::parse(*text);
    ASSERT_GT(cases.items().size(), 5U);
    for (std::size_t i = 0; i < cases.items().size(); ++i) {
        const std::string header = cases[i]["header"].text();
        const bool agrees = ours(first_field(header)) == theirs(cases[i]["expected"]);
        EXPECT_EQ(agrees, !reasons.contains(i))
            << file << " " << i << ": " << escape_control(header) << "\n ours   " << escape_control(ours(first_field(header)))
            << "\n theirs " << escape_control(theirs(cases[i]["expected"]));
    }
}

std::string collapsed(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (!is_space(c)) {
            out += c;
        } else if (!out.ends_with(' ')) {
            out += ' ';
        }
    }
    return out;
}

std::string show(std::string_view type, std::string_view subtype, const std::vector<Parameter>& parameters) {
    std::vector<std::string> lines;
    for (const Parameter& parameter : parameters) lines.push_back("; " + parameter.name + "=" + parameter.value);
    std::ranges::sort(lines);
    std::string out = std::string(type) + "/" + std::string(subtype);
    for (const std::string& line : lines) out += line;
    return out;
}

TEST(header_vectors, content_types) {
    const Reasons reasons = {
        {31, "only the first section has a charset (RFC 2231 §4.1)"},
        {34, "white space between encoded words is not read (RFC 2047 §6.2)"},
        {39, "no subtype: application/octet-stream"},
        {43, "parameters are read where the type is broken: clients use the charset and the name"},
        {47, "not a type (RFC 2045 §5.2: text/plain)"},
        {48, "a parameter, not a type"},
        {54, "tokens are ASCII"},
        {58, "a parameter, not a type"},
        {59, "control characters go"},
        {61, "attributes whose marks mean nothing are not read"},
        {62, "parameters are read where the type is broken: clients use the charset and the name"},
        {63, "parameters are read where the type is broken: clients use the charset and the name"},
        {65, "parameters are read where the type is broken: clients use the charset and the name"},
        {66, "parameters are read where the type is broken: clients use the charset and the name"},
        {67, "text without subtype is text/plain"},
        {68, "text without subtype is text/plain"},
        {69, "text without subtype is text/plain"},
        {71, "parameters are read where the type is broken: clients use the charset and the name"},
        {72, "parameters are read where the type is broken: clients use the charset and the name"},
        {76, "a subtype is a token: it ends at the slash"},
        {77, "a subtype is a token: it ends at the slash"},
        {78, "a subtype is a token: it ends at the slash"},
    };
    compare(
        "address/content_type.json", reasons,
        [](std::string_view value) {
            // The table has Content-Disposition values among the others: those without a subtype.
            const ContentType type = content_type(value);
            const auto disposition = content_disposition(value);
            if (!unfold(value).contains('/') && disposition) return show(disposition->type, "", disposition->parameters);
            return show(type.type, type.subtype, type.parameters);
        },
        [](const Json& expected) {
            if (expected.is_null()) return std::string("text/plain");
            std::vector<Parameter> parameters;
            for (const Json& one : expected["attributes"].items()) {
                const std::string name = one[0].text();
                if (!name.ends_with("-language")) parameters.push_back({.name = name, .value = one[1].text()});
            }
            return show(expected["c_type"].text(), expected["c_subtype"].text(), parameters);
        });
}

// What was written, not when it was: "2003-7-1 10:52:37 +120".
std::string show(const Json& date) {
    if (date.is_null()) return "no date";
    const int zone = (date["tz_before_gmt"].is_true() ? -1 : 1) * (date["tz_hour"].number() * 60 + date["tz_minute"].number());
    return fmt::format("{}-{}-{} {}:{:02}:{:02} {:+}", date["year"].text(), date["month"].text(), date["day"].text(), date["hour"].text(),
                       date["minute"].number(), date["second"].number(), zone);
}
std::string show(const std::optional<Date>& date) {
    if (!date) return "no date";
    using namespace std::chrono;
    const sys_seconds local(seconds(date->seconds + std::int64_t{60} * date->offset_minutes));
    const year_month_day day(floor<days>(local));
    const hh_mm_ss time(local - floor<days>(local));
    return fmt::format("{}-{}-{} {}:{:02}:{:02} {:+}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                       static_cast<unsigned>(day.day()), time.hours().count(), time.minutes().count(), time.seconds().count(),
                       date->offset_minutes);
}

TEST(header_vectors, dates) {
    const Reasons reasons = {
        {12, "numbers, but no date"},
        {14, "the field ends after the first line, with a date in it"},
    };
    compare(
        "address/date.json", reasons, [](std::string_view value) { return show(date(value)); },
        [](const Json& expected) { return show(expected); });
}

TEST(header_vectors, dates_of_received_fields) {
    const Reasons reasons = {
        {13, "asctime's form is read"},
        {67, "a zone's name says its offset (RFC 5322 §4.3)"},
        {69, "the semicolon is missing, the date is not"},
        {89, "years below 50 are of this century (RFC 5322 §4.3)"},
        {90, "years below 50 are of this century (RFC 5322 §4.3)"},
        {117, "asctime's form is read"},
        {118, "asctime's form is read"},
        {128, "years below 50 are of this century (RFC 5322 §4.3)"},
        {144, "fractions of a second are read over"},
        {151, "asctime's form is read"},
        {163, "a zone's name says its offset (RFC 5322 §4.3)"},
    };
    compare(
        "address/received.json", reasons, [](std::string_view value) { return show(date(value)); },
        [](const Json& expected) { return show(expected["date"]); });
}

std::string lines(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += text + "\n";
    return out;
}
std::string lines(const Json& array) {
    std::string out;
    for (const Json& item : array.items()) out += item.text() + "\n";
    return out;
}

TEST(header_vectors, message_ids) {
    const Reasons reasons = {
        {6, "white space in brackets is a fold's; parentheses stay, for ids are seen that have them"},
    };
    compare(
        "address/id.json", reasons, [](std::string_view value) { return lines(message_ids(value)); },
        [](const Json& expected) { return lines(expected); });
}

TEST(header_vectors, unstructured_text) {
    const Reasons reasons = {
        {21, "no space is made up before an encoded word"},
        {27, "no space is made up before an encoded word"},
        {28, "no space is made up before an encoded word"},
    };
    compare(
        "address/unstructured.json", reasons, [](std::string_view value) { return collapsed(unstructured(value)); },
        [](const Json& expected) { return collapsed(expected.text()); });
}

// Keywords and its like, which we read as text: the commas are left to who shows it.
TEST(header_vectors, lists_of_words) {
    const Reasons reasons = {};
    compare(
        "address/list.json", reasons,
        [](std::string_view value) {
            const std::string text = unstructured(value);
            std::vector<std::string> items;
            for (std::size_t begin = 0; begin < text.size();) {
                const std::size_t end = std::min(text.find(',', begin), text.size());
                const std::string item = collapsed(trim(std::string_view(text).substr(begin, end - begin)));
                if (!item.empty()) items.push_back(item);
                begin = end + 1;
            }
            return lines(items);
        },
        [](const Json& expected) { return lines(expected); });
}

}  // namespace
}  // namespace packetboat::mime
