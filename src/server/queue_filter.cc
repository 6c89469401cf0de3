#include "server/queue_filter.h"

#include "base/text.h"

namespace packetboat::server {
namespace {

bool allows(const std::string& pattern, std::string_view text) { return pattern.empty() || matches_pattern(pattern, text); }

}  // namespace

bool QueueFilter::empty() const {
    return sender.empty() && recipient.empty() && destination.empty() && reason.empty() && !older_than && !newer_than && state.empty();
}

bool QueueFilter::matches(const delivery::QueueEntry& entry, Time now) const {
    if (!sender.empty() && (sender == "<>" ? !entry.reverse_path.empty() : !matches_pattern(sender, entry.reverse_path))) return false;
    if (older_than && entry.arrived + *older_than > now) return false;
    return !newer_than || entry.arrived + *newer_than >= now;
}

bool QueueFilter::matches(const delivery::QueuedRecipient& who, std::string_view why) const {
    if (!recipient.empty() && !matches_pattern(recipient, who.address) && !matches_pattern(recipient, who.original)) return false;
    if (!allows(destination, who.domain())) return false;
    if (!reason.empty() && !matches_pattern("*" + reason + "*", why)) return false;
    return state.empty() || state == queue_state(who);
}

std::string_view queue_state(const delivery::QueuedRecipient& recipient) {
    if (recipient.held) return "held";
    switch (recipient.report) {
        case delivery::Report::failed: return "failed";
        case delivery::Report::delivered: return "delivered";
        case delivery::Report::relayed: return "relayed";
        case delivery::Report::none:
        case delivery::Report::delayed: return "waiting";
    }
    return "waiting";
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    std::size_t at = 0;
    std::size_t in = 0;
    std::optional<std::size_t> star;  // the last one, and how much of the text it stands for
    std::size_t star_in = 0;
    while (in < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            star_in = in;
        } else if (at < pattern.size() && to_lower(pattern[at]) == to_lower(text[in])) {
            ++at;
            ++in;
        } else if (star) {
            at = *star + 1;
            in = ++star_in;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

}  // namespace packetboat::server
