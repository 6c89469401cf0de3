#include "dns/testing/zone.h"

#include <algorithm>
#include <mutex>

#include "base/text.h"
#include "dns/records.h"
#include "dns/testing/zone_text.h"

namespace packetboat::dns::testing {

namespace {

// What there is for a name: its own, or that of the wildcard beside the closest name above it that exists (RFC 4592 §3.3.1). Null: nothing.
const ZoneText::Node* find_node(const ZoneText& zone, std::string_view name) {
    if (const auto found = zone.nodes.find(name); found != zone.nodes.end()) return &found->second;
    for (std::optional<std::string_view> above = parent(name); above; above = parent(*above)) {
        if (!zone.nodes.contains(*above)) continue;
        const auto wildcard = zone.nodes.find(above->empty() ? "\\042" : "\\042." + std::string(*above));
        return wildcard == zone.nodes.end() ? nullptr : &wildcard->second;
    }
    return nullptr;
}

const RecordSet* find_set(const ZoneText::Node& node, Type type) {
    const auto found = node.sets.find(type);
    if (found != node.sets.end()) return &found->second;
    return node.any ? &*node.any : nullptr;
}

Answer look_up(const ZoneText& zone, const Question& question) {
    Answer answer;
    std::string name = question.name;
    bool secure = true;
    std::chrono::seconds ttl = std::chrono::seconds::max();
    const auto finish = [&](Answer found) {
        found.secure = secure && found.outcome != Outcome::failed && found.outcome != Outcome::bogus;
        found.canonical_name = name;
        found.ttl = std::min(found.ttl, ttl);
        return found;
    };
    const auto none = [&](Outcome outcome) {
        Answer negative;
        negative.outcome = outcome;
        negative.ttl = zone.ttl;
        return finish(negative);
    };
    for (std::size_t aliases = 0; aliases <= aliases_max; ++aliases) {
        const bool signed_name = zone.is_secure(name);
        const ZoneText::Node* node = find_node(zone, name);
        const RecordSet* set = node ? find_set(*node, question.type) : nullptr;
        const RecordSet* alias = node && question.type != Type::cname ? find_set(*node, Type::cname) : nullptr;
        if (set || !alias) {
            secure &= signed_name || (set && set->secure);
            if (set) return finish(set->answer);
            return none(node ? Outcome::no_data : Outcome::no_such_name);
        }
        if (alias->answer.outcome != Outcome::found) return finish(alias->answer);
        secure &= signed_name || alias->secure;
        ttl = std::min(ttl, alias->answer.ttl);
        name = alias->answer.names.front();
    }
    answer.outcome = Outcome::failed;
    answer.ttl = std::chrono::seconds(5);
    answer.why = "the CNAMEs of " + question.name + " lead in a circle, or too far";
    name = question.name;
    return finish(answer);
}

}  // namespace

struct Zone::State {
    mutable std::mutex mutex;
    ZoneText zone;
    std::vector<Question> asked;
};

Zone::Zone(std::string_view text) : state_(std::make_unique<State>()) { set(text); }
Zone::~Zone() = default;

void Zone::set(std::string_view text) {
    ZoneText zone = parse_zone(text);
    const std::scoped_lock lock(state_->mutex);
    state_->zone = std::move(zone);
}

Task<Answer> Zone::query(std::string name, Type type) {
    const std::optional<std::string> normal = normalize_name(name);
    const std::scoped_lock lock(state_->mutex);
    state_->asked.push_back({normal ? *normal : name, type});
    if (normal) co_return look_up(state_->zone, state_->asked.back());
    Answer answer;
    answer.outcome = Outcome::no_such_name;
    answer.canonical_name = escape_control(name);
    answer.ttl = std::chrono::days(1);
    co_return answer;
}

std::vector<Question> Zone::asked() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->asked;
}

std::size_t Zone::times_asked(const Question& question) const {
    const std::scoped_lock lock(state_->mutex);
    return static_cast<std::size_t>(std::ranges::count(state_->asked, question));
}

}  // namespace packetboat::dns::testing
