#include "trust/mta_sts.h"

#include <algorithm>
#include <optional>

#include "base/cursor.h"

namespace packetboat::trust {

namespace {

constexpr std::string_view record_begin = "v=STSv1;";
constexpr std::size_t name_max_bytes = 253;
constexpr std::size_t label_max_bytes = 63;
constexpr std::size_t field_name_max_bytes = 32;
constexpr std::size_t max_age_max_digits = 10;

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_field_name(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }
// sts-ext-value = 1*(%x21-3A / %x3C / %x3E-7E)                                     RFC 8461 §3.1
bool is_record_value(char c) { return c >= 0x21 && c <= 0x7e && c != ';' && c != '='; }
bool is_label(char c) { return is_alnum(c) || c == '-' || c == '_'; }

// sts-ext-name = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")              RFC 8461 §3.1, §3.2
std::string_view field_name(Cursor& in) {
    const std::string_view name = in.some(is_field_name);
    if (name.size() > field_name_max_bytes || (!name.empty() && !is_alnum(name.front()))) in.fail();
    return name;
}

// sts-id = %s"id" "=" 1*32(ALPHA / DIGIT)                                          RFC 8461 §3.1
bool is_id(std::string_view value) { return value.size() <= sts_id_max_bytes && std::ranges::all_of(value, is_alnum); }

// sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]    RFC 8461 §3.1
// sts-field-delim = *WSP ";" *WSP
Result<std::string> record_id(std::string_view record) {
    Cursor in(record.substr(record_begin.size() - 1));
    std::optional<std::string_view> id;
    while (!in.at_end()) {
        in.while_(is_space);
        in.expect(';');
        in.while_(is_space);
        if (in.at_end()) break;
        const std::string_view name = field_name(in);
        in.expect('=');
        const std::string_view value = in.some(is_record_value);
        if (name == "id" && !id) id = value;  // the first one counts
    }
    if (in.failed()) return fail(ErrorCode::invalid, "the TXT record of MTA-STS is broken");
    if (!id) return fail(ErrorCode::invalid, "the TXT record of MTA-STS has no id");
    if (!is_id(*id)) return fail(ErrorCode::invalid, "the id in the TXT record of MTA-STS is not of 1 to 32 letters and digits");
    return std::string(*id);
}

std::optional<StsMode> mode_of(std::string_view text) {
    for (const StsMode mode : {StsMode::enforce, StsMode::testing, StsMode::none}) {
        if (text == to_string(mode)) return mode;
    }
    return std::nullopt;
}

// sts-policy-max-age-value = 1*10(DIGIT)                                           RFC 8461 §3.2
std::optional<std::chrono::seconds> max_age_of(std::string_view text) {
    const std::optional<std::uint64_t> value = text.size() <= max_age_max_digits ? parse_u64(text) : std::nullopt;
    if (!value) return std::nullopt;
    return std::min(sts_max_age_max, std::chrono::seconds(static_cast<std::int64_t>(*value)));
}

// sts-policy-mx-value = ["*."] Domain                                              RFC 8461 §3.2
bool is_pattern(std::string_view text) { return is_host_name(text.starts_with("*.") ? text.substr(2) : text); }

// sts-policy-ext-value, and so every other value: visible characters of UTF-8, spaces only between them.
bool is_policy_value(std::string_view value) {
    const auto control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; };
    return !value.empty() && is_utf8(value) && std::ranges::none_of(value, control);
}

// What the lines have said so far.
struct Draft {
    std::optional<std::string_view> version;
    std::optional<StsMode> mode;
    std::optional<std::chrono::seconds> max_age;
    std::vector<std::string> mx;

    // What is wrong with the field; empty: nothing.
    std::string add(std::string_view name, std::string_view value);
};

// RFC 8461 §3.2: of a field that comes twice the first counts, but for mx; unknown ones are ignored.
std::string Draft::add(std::string_view name, std::string_view value) {
    if (name == "version" && !version) {
        if (value != "STSv1") return "a version that is not STSv1";
        version = value;
    } else if (name == "mode" && !mode) {
        mode = mode_of(value);
        if (!mode) return "an unknown mode";
    } else if (name == "max_age" && !max_age) {
        max_age = max_age_of(value);
        if (!max_age) return "a max_age that is no number";
    } else if (name == "mx") {
        if (!is_pattern(value)) return "an mx that is no host name";
        if (mx.size() == sts_mx_max) return "too many mx";
        mx.push_back(lower(value));
    }
    return {};
}

// sts-policy-record = sts-policy-field *WSP *(sts-policy-term sts-policy-field *WSP) [sts-policy-term]
// sts-policy-field = name ":" *WSP value
std::string read_line(std::string_view line, Draft& draft) {
    line = trim(line);
    if (line.empty()) return {};  // not in the grammar, but in files
    Cursor in(line);
    const std::string_view name = field_name(in);
    in.expect(':');
    in.while_(is_space);
    const std::string_view value = in.take_rest();
    if (in.failed() || !is_policy_value(value)) return "no \"name: value\"";
    return draft.add(name, value);
}

Unexpected broken_policy(const std::string& what) { return fail(ErrorCode::invalid, "the MTA-STS policy has " + what); }

}  // namespace

std::string_view to_string(StsMode mode) {
    switch (mode) {
        case StsMode::none: return "none";
        case StsMode::testing: return "testing";
        case StsMode::enforce: return "enforce";
    }
    return "none";
}

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > name_max_bytes) return false;
    for (;;) {
        const std::size_t dot = name.find('.');
        const std::string_view label = name.substr(0, dot);
        if (label.empty() || label.size() > label_max_bytes || !std::ranges::all_of(label, is_label)) return false;
        if (dot == std::string_view::npos) return true;
        name.remove_prefix(dot + 1);
    }
}

Result<std::string> parse_sts_records(std::span<const std::string> texts) {
    const auto ours = [](const std::string& text) { return text.starts_with(record_begin); };
    const auto first = std::ranges::find_if(texts, ours);
    if (first == texts.end()) return fail(ErrorCode::not_found, "the domain has no MTA-STS");
    if (std::any_of(first + 1, texts.end(), ours)) return fail(ErrorCode::invalid, "there is more than one TXT record of MTA-STS");
    return record_id(*first);
}

Result<StsPolicy> parse_sts_policy(std::string_view file) {
    if (file.size() > sts_policy_max_bytes) return fail(ErrorCode::too_large, "the MTA-STS policy is larger than 64 KiB");
    Draft draft;
    std::size_t number = 0;
    while (!file.empty()) {
        const std::size_t end = file.find('\n');
        std::string_view line = file.substr(0, end);
        file.remove_prefix(end == std::string_view::npos ? file.size() : end + 1);
        if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
        ++number;
        if (const std::string wrong = read_line(line, draft); !wrong.empty())
            return broken_policy(wrong + " in line " + std::to_string(number));
    }
    if (!draft.version) return broken_policy("no version");
    if (!draft.mode) return broken_policy("no mode");
    if (!draft.max_age) return broken_policy("no max_age");
    if (draft.mx.empty() && *draft.mode != StsMode::none) return broken_policy("no mx");
    return StsPolicy{*draft.mode, *draft.max_age, std::move(draft.mx)};
}

std::string encode_sts_policy(const StsPolicy& policy) {
    std::string out = "version: STSv1\nmode: " + std::string(to_string(policy.mode)) + "\n";
    for (const std::string& mx : policy.mx) out += "mx: " + mx + "\n";
    return out + "max_age: " + std::to_string(policy.max_age.count()) + "\n";
}

bool matches(const StsPolicy& policy, std::string_view mx_host) {
    if (mx_host.ends_with('.')) mx_host.remove_suffix(1);
    const std::size_t dot = mx_host.find('.');
    const std::string_view parent = dot == std::string_view::npos || dot == 0 ? std::string_view{} : mx_host.substr(dot);
    return std::ranges::any_of(policy.mx, [&](std::string_view pattern) {
        if (pattern.starts_with('*')) return !parent.empty() && iequals(pattern.substr(1), parent);
        return iequals(pattern, mx_host);
    });
}

}  // namespace packetboat::trust
