#include "smtp/wire/capabilities.h"

#include <algorithm>

#include "base/cursor.h"

namespace packetboat::smtp::wire {

namespace {

constexpr bool is_word_char(char c) { return c != ' '; }

// The next word, after any number of spaces; empty: there is none.
std::string_view word(Cursor& in) {
    in.while_([](char c) { return c == ' '; });
    return in.while_(is_word_char);
}

// "SIZE" [ SP 1*DIGIT ], where 0 and nothing mean that there is no fixed limit              RFC 1870 §4
bool size(Cursor& in, Capabilities& out) {
    const std::string_view value = word(in);
    const std::optional<std::uint64_t> max = parse_u64(value);
    if (!value.empty() && !max) return false;
    out.size = true;
    if (max && *max > 0) out.size_max_bytes = max;
    return true;
}

// "AUTH" *( SP mechanism )                                                                 RFC 4954 §3
bool auth(Cursor& in, Capabilities& out) {
    for (std::string_view next = word(in); !next.empty() && out.auth.size() < auth_mechanisms_max; next = word(in)) {
        std::string mechanism = upper(next);
        if (!out.offers_auth(mechanism)) out.auth.push_back(std::move(mechanism));
    }
    return true;
}

// "LIMITS" *( SP name "=" value ); names that we do not know are passed over               RFC 9422 §3
bool limits(Cursor& in, Capabilities& out) {
    for (std::string_view next = word(in); !next.empty(); next = word(in)) {
        const std::size_t equals = next.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = next.substr(0, equals);
        const std::optional<std::uint64_t> value = parse_u64(next.substr(equals + 1));
        if (!value || *value == 0) continue;
        if (iequals(name, "MAILMAX")) out.limits.mail_max = value;
        if (iequals(name, "RCPTMAX")) out.limits.rcpt_max = value;
        if (iequals(name, "RCPTDOMAINMAX")) out.limits.rcpt_domain_max = value;
    }
    return true;
}

// "FUTURERELEASE" SP future-release-interval SP future-release-date-time                   RFC 4865 §4
bool future_release(Cursor& in, Capabilities& out) {
    const std::optional<std::uint64_t> interval = parse_u64(word(in));
    if (!interval) return false;
    out.future_release = {.interval_max_s = *interval, .until_max = std::string(word(in))};
    return true;
}

template <bool Capabilities::* which>
bool flag(Cursor&, Capabilities& out) {
    return out.*which = true;
}

struct Extension {
    std::string_view keyword;
    bool (*read)(Cursor& parameters, Capabilities& out);  // false: they make no sense
};
constexpr Extension extensions[] = {
    {"SIZE", size},
    {"AUTH", auth},
    {"LIMITS", limits},
    {"FUTURERELEASE", future_release},
    {"PIPELINING", flag<&Capabilities::pipelining>},
    {"8BITMIME", flag<&Capabilities::eight_bit_mime>},
    {"BINARYMIME", flag<&Capabilities::binary_mime>},
    {"CHUNKING", flag<&Capabilities::chunking>},
    {"SMTPUTF8", flag<&Capabilities::smtputf8>},
    {"STARTTLS", flag<&Capabilities::starttls>},
    {"ENHANCEDSTATUSCODES", flag<&Capabilities::enhanced_status>},
    {"DSN", flag<&Capabilities::dsn>},
    {"REQUIRETLS", flag<&Capabilities::require_tls>},
};

}  // namespace

bool Capabilities::offers_auth(std::string_view mechanism) const { return std::ranges::find(auth, mechanism) != auth.end(); }

Capabilities parse_capabilities(const ServerReply& ehlo) {
    Capabilities out;
    for (std::size_t i = 1; i < ehlo.lines.size(); ++i) {
        const std::string& line = ehlo.lines[i];
        // "AUTH=LOGIN" is how servers announced it before there was an RFC; some say it still.
        const std::size_t end = std::min(line.find_first_of(" ="), line.size());
        const std::string_view keyword = std::string_view(line).substr(0, end);
        const auto row = std::ranges::find_if(extensions, [&](const Extension& one) { return iequals(one.keyword, keyword); });
        Cursor parameters(std::string_view(line).substr(std::min(end + 1, line.size())));
        if (row == std::end(extensions) || !row->read(parameters, out)) out.others.push_back(line);
    }
    return out;
}

}  // namespace packetboat::smtp::wire
