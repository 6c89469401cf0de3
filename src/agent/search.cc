#include "agent/search.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "agent/show.h"
#include "agent/terminal_text.h"
#include "base/text.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/text.h"

namespace packetboat::agent {

namespace {

using Where = Condition::Where;

// "2026-11-24": the first second of that day here.
std::optional<std::int64_t> day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = parse_u64(text.substr(0, 4));
    const auto month = parse_u64(text.substr(5, 2));
    const auto of_month = parse_u64(text.substr(8, 2));
    if (!year || !month || !of_month || *month < 1 || *month > 12 || *of_month < 1 || *of_month > 31) return std::nullopt;
    std::tm local{};
    local.tm_year = static_cast<int>(*year) - 1900;
    local.tm_mon = static_cast<int>(*month) - 1;
    local.tm_mday = static_cast<int>(*of_month);
    local.tm_isdst = -1;
    const std::time_t seconds = std::mktime(&local);
    // mktime makes the 3rd of March of the 31st of February.
    if (local.tm_mday != static_cast<int>(*of_month)) return std::nullopt;
    return seconds;
}

Result<Condition> condition(std::string_view word) {
    struct Key {
        std::string_view name;
        Where where;
    };
    constexpr Key keys[] = {{"from:", Where::from},   {"to:", Where::to},         {"subject:", Where::subject}, {"body:", Where::body},
                            {"since:", Where::since}, {"before:", Where::before}, {"has:", Where::attachment}};
    Condition out;
    for (const Key& key : keys) {
        if (!iequals(word.substr(0, key.name.size()), key.name)) continue;
        out.where = key.where;
        word.remove_prefix(key.name.size());
        break;
    }
    out.text = folded(word);
    if (out.where == Where::attachment && out.text != "attachment")
        return fail(ErrorCode::invalid, "has: what? There is has:attachment, and no has:" + printable(word));
    if (out.where == Where::since || out.where == Where::before) {
        const std::optional<std::int64_t> begin = day(word);
        if (!begin) return fail(ErrorCode::invalid, "\"" + printable(word) + "\" is no date: write it as 2026-11-24");
        out.seconds = *begin;
    }
    return out;
}

std::string field_text(const mime::Index& index, std::string_view bytes, mime::FieldName name) {
    std::string out;
    for (const mime::Field& field : index.of(index.parts[0])) {
        if (field.known == name) out += (out.empty() ? "" : " ") + mime::unstructured(field.value.of(bytes));
    }
    return folded(out);
}

// Whether the header alone meets it; `unknown` is the answer where the header does not say.
bool header_meets(const Condition& condition, const mime::Index& index, std::string_view bytes, bool unknown) {
    using enum mime::FieldName;
    const auto has = [&](mime::FieldName name) { return field_text(index, bytes, name).contains(condition.text); };
    switch (condition.where) {
        case Where::from: return has(from);
        case Where::to: return has(to) || has(cc);
        case Where::subject: return has(subject);
        case Where::since:
        case Where::before: {
            const mime::Field* field = index.find(index.parts[0], date);
            const std::optional<mime::Date> sent = field ? mime::date(field->value.of(bytes)) : std::nullopt;
            if (!sent) return false;
            return condition.where == Where::since ? sent->seconds >= condition.seconds : sent->seconds < condition.seconds;
        }
        case Where::anywhere: return unknown || has(from) || has(to) || has(cc) || has(subject);
        case Where::body:
        case Where::attachment: return unknown;
    }
    return false;
}

bool has_attachment(const Letter& letter) {
    return letter.body().has_attachment ||
           std::ranges::any_of(letter.files(), [](const AttachedFile& file) { return file.bytes.has_value(); });
}

}  // namespace

std::string folded(std::string_view utf8) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(status);
    std::string out;
    const std::string valid = mime::valid_utf8(utf8);
    if (U_SUCCESS(status)) {
        icu::StringByteSink<std::string> sink(&out);
        normalizer->normalizeUTF8(0, icu::StringPiece(valid.data(), static_cast<std::int32_t>(valid.size())), sink, nullptr, status);
    }
    if (U_FAILURE(status)) out = lower(valid);
    const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    std::string collapsed;
    collapsed.reserve(out.size());
    for (const char c : out) {
        if (!is_space(c)) {
            collapsed += c;
        } else if (!collapsed.empty() && collapsed.back() != ' ') {
            collapsed += ' ';
        }
    }
    return collapsed;
}

Result<Search> Search::parse(const std::vector<std::string>& words) {
    if (words.empty()) return fail(ErrorCode::invalid, "search for what?");
    if (words.size() > conditions_max) return fail(ErrorCode::too_many, "more than " + std::to_string(conditions_max) + " words");
    Search search;
    for (const std::string& word : words) {
        Result<Condition> parsed = condition(word);
        if (!parsed) return fail(parsed.error());
        search.conditions.push_back(std::move(*parsed));
    }
    return search;
}

bool Search::can_match(const mime::Index& header, std::string_view bytes) const {
    return std::ranges::all_of(conditions, [&](const Condition& one) { return header_meets(one, header, bytes, true); });
}

bool Search::needs_whole_message() const {
    return std::ranges::any_of(conditions, [](const Condition& one) {
        return one.where == Where::anywhere || one.where == Where::body || one.where == Where::attachment;
    });
}

bool Search::matches(const Letter& letter) const {
    std::optional<std::string> text;
    const auto in_text = [&](const Condition& one) {
        if (!text) text = folded(readable_text(letter));
        return text->contains(one.text);
    };
    return std::ranges::all_of(conditions, [&](const Condition& one) {
        if (header_meets(one, letter.index(), letter.bytes(), false)) return true;
        if (one.where == Where::attachment) return has_attachment(letter);
        return (one.where == Where::anywhere || one.where == Where::body) && in_text(one);
    });
}

}  // namespace packetboat::agent
