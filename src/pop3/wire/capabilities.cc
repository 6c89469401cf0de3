#include "pop3/wire/capabilities.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::pop3::wire {

namespace {

constexpr std::size_t kept_line_max_bytes = 512;  // RFC 2449 §4

// The next word, and the blanks around it, taken from the front.
std::string_view take_word(std::string_view& text) {
    text = trim(text);
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    text = trim(text);
    return word;
}

bool is_mechanism(std::string_view text) {
    constexpr std::size_t mechanism_max_bytes = 20;  // RFC 4422 §3.1
    return !text.empty() && text.size() <= mechanism_max_bytes &&
           std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

struct Flag {
    std::string_view name;
    bool Capabilities::* flag;
};
constexpr Flag flags[] = {
    {"TOP", &Capabilities::top},
    {"USER", &Capabilities::user},
    {"RESP-CODES", &Capabilities::resp_codes},
    {"PIPELINING", &Capabilities::pipelining},
    {"UIDL", &Capabilities::uidl},
    {"STLS", &Capabilities::stls},
    {"AUTH-RESP-CODE", &Capabilities::auth_resp_code},
    {"LANG", &Capabilities::lang},
};

}  // namespace

// capa-tag *(SP param)                                            RFC 2449 §3
void Capabilities::add(std::string_view line) {
    known = true;
    std::string_view rest = line;
    const std::string_view tag = take_word(rest);
    for (const Flag& one : flags) {
        if (!iequals(tag, one.name)) continue;
        this->*one.flag = true;
        return;
    }
    if (iequals(tag, "SASL")) {
        while (!rest.empty() && sasl.size() < sasl_mechanisms_max) {
            const std::string_view mechanism = take_word(rest);
            if (is_mechanism(mechanism) && !offers_sasl(mechanism)) sasl.push_back(upper(mechanism));
        }
        return;
    }
    if (iequals(tag, "UTF8")) {
        utf8 = true;
        while (!rest.empty()) utf8_user |= iequals(take_word(rest), "USER");
        return;
    }
    if (iequals(tag, "IMPLEMENTATION")) {
        implementation = escape_control(rest.substr(0, kept_line_max_bytes));
        return;
    }
    const std::string_view value = take_word(rest);
    if (iequals(tag, "EXPIRE") && iequals(value, "NEVER")) {
        expire_never = true;
        return;
    }
    // "USER" may follow: another user may have another value.
    const std::optional<std::uint64_t> number = parse_u64(value);
    if (iequals(tag, "EXPIRE") && number) {
        expire_days = number;
        return;
    }
    if (iequals(tag, "LOGIN-DELAY") && number) {
        login_delay_s = number;
        return;
    }
    if (!tag.empty() && others.size() < other_capabilities_max) others.push_back(escape_control(line.substr(0, kept_line_max_bytes)));
}

bool Capabilities::offers_sasl(std::string_view mechanism) const {
    return std::ranges::any_of(sasl, [&](const std::string& one) { return iequals(one, mechanism); });
}

}  // namespace packetboat::pop3::wire
