#include "trust/policy_cache.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "trust/policy_store.h"
#include "trust/policy_table.h"

namespace packetboat::trust {

namespace {

bool is_failure(const dns::Answer& answer) { return answer.outcome == dns::Outcome::failed || answer.outcome == dns::Outcome::bogus; }

// A policy that is asked for again and again never lapses because its host is away on the day it expires.
bool half_over(const KeptPolicy& kept, Time now) { return now.micros - kept.fetched.micros >= kept.expires.micros - now.micros; }

StsAnswer answer_of(KnownDomain known, Time now) {
    StsAnswer answer{.why = std::move(known.why)};
    if (!in_force(known.kept, now)) return answer;
    if (known.kept->policy.mode == StsMode::none) {
        if (answer.why.empty()) answer.why = "its MTA-STS policy has mode none";
        return answer;
    }
    answer.policy = std::move(known.kept->policy);
    answer.source = known.fetched ? StsAnswer::Source::fetched : StsAnswer::Source::kept;
    answer.id = std::move(known.kept->id);
    return answer;
}

}  // namespace

struct MtaSts::State {
    State(dns::Resolver& its_resolver, store::Store& store, FetchPolicy its_fetch, StsLimits its_limits, Clock its_clock)
        : resolver(its_resolver),
          fetch(std::move(its_fetch)),
          limits(its_limits),
          clock(std::move(its_clock)),
          disk(store, its_limits.kept_max),
          table(its_limits.cached_max, its_limits.cached_max_bytes) {}

    Task<KnownDomain> find_out(std::string domain, KnownDomain known);
    Task<KnownDomain> look(std::string domain, KnownDomain known);
    Task<KnownDomain> renew(std::string domain, std::string id, KnownDomain known);
    Task<Result<StsPolicy>> fetch_policy(std::string domain);
    Task<Result<std::vector<IpAddress>>> addresses_of(std::string host);
    Task<> keep(std::string domain, KeptPolicy kept);
    KnownDomain fetch_failed(const std::string& domain, KnownDomain known, const Error& error) const;

    dns::Resolver& resolver;
    const FetchPolicy fetch;
    const StsLimits limits;
    const Clock clock;
    PolicyStore disk;
    PolicyTable table;
    std::atomic<std::size_t> fetches = 0;
};

namespace {

// One of the fetches that may be under way, or none when there are too many.
class FetchSlot {
public:
    FetchSlot(std::atomic<std::size_t>& count, std::size_t max) : count_(count), taken_(count.fetch_add(1) < max) {}
    ~FetchSlot() { count_.fetch_sub(1); }
    FetchSlot(const FetchSlot&) = delete;
    FetchSlot& operator=(const FetchSlot&) = delete;
    bool taken() const { return taken_; }

private:
    std::atomic<std::size_t>& count_;
    const bool taken_;
};

}  // namespace

MtaSts::MtaSts(dns::Resolver& resolver, store::Store& store, FetchPolicy fetch, StsLimits limits, Clock clock)
    : state_(std::make_unique<State>(resolver, store, std::move(fetch), limits, std::move(clock))) {}
MtaSts::~MtaSts() = default;
std::size_t MtaSts::cached() const { return state_->table.size(); }

Task<StsAnswer> MtaSts::policy_for(std::string domain) {
    if (domain.ends_with('.')) domain.pop_back();
    domain = lower(domain);
    if (!is_host_name(domain)) co_return StsAnswer{.why = "it is no domain"};
    State& state = *state_;
    for (;;) {
        PolicyTable::Begun begun = state.table.begin(domain, state.clock());
        if (begun.turn == PolicyTable::Turn::answered) co_return answer_of(std::move(begun.known), state.clock());
        if (begun.turn == PolicyTable::Turn::wait) {
            co_await state.table.finished(domain);
            continue;
        }
        KnownDomain known = co_await state.find_out(domain, std::move(begun.known));
        state.table.finish(domain, known);
        co_return answer_of(std::move(known), state.clock());
    }
}

// Whatever goes wrong, others wait for an answer.
Task<KnownDomain> MtaSts::State::find_out(std::string domain, KnownDomain known) {
    try {
        co_return co_await look(domain, known);
    } catch (const std::exception& thrown) {
        log_error("trust.mta_sts_failed", "", {{"domain", domain}, {"error", thrown.what()}});
    }
    known.why = "MTA-STS failed here";
    known.look_again = clock() + limits.dns_retry;
    co_return known;
}

// RFC 8461 §3.1, §5.1: the TXT record says whether there is a policy, and whether it is the one we know. That there is no record any more
// does not end a policy before its time.
Task<KnownDomain> MtaSts::State::look(std::string domain, KnownDomain known) {
    if (!known.loaded) {
        Result<std::optional<KeptPolicy>> kept = co_await disk.load(domain);
        if (!kept) log_warning("trust.mta_sts_not_read", "", {{"domain", domain}, {"error", kept.error().text}});
        known.loaded = kept.has_value();
        if (kept) known.kept = *std::move(kept);
    }
    const dns::Answer answer = co_await resolver.query("_mta-sts." + domain, dns::Type::txt);
    const Time now = clock();
    if (!in_force(known.kept, now)) known.kept.reset();
    known.fetched = false;
    known.why.clear();
    known.look_again = now + (is_failure(answer) ? limits.dns_retry : std::clamp(answer.ttl, limits.look_min, limits.look_max));
    if (known.kept) known.look_again = std::min(known.look_again, known.kept->expires);
    if (is_failure(answer)) {
        known.why = "the TXT record of MTA-STS cannot be found: " + answer.why;
        co_return known;
    }
    const Result<std::string> id = parse_sts_records(answer.texts);
    if (!id) {
        known.why = id.error().text;
        co_return known;
    }
    if (known.kept && known.kept->id == *id && !half_over(*known.kept, now)) co_return known;
    co_return co_await renew(std::move(domain), *id, std::move(known));
}

Task<KnownDomain> MtaSts::State::renew(std::string domain, std::string id, KnownDomain known) {
    const FetchSlot slot(fetches, limits.fetches_max);
    if (!slot.taken()) {
        known.why = "too many MTA-STS policies are being fetched";
        known.look_again = clock();
        co_return known;
    }
    Result<StsPolicy> policy = co_await fetch_policy(domain);
    if (!policy) co_return fetch_failed(domain, std::move(known), policy.error());
    const Time now = clock();
    known.kept = KeptPolicy{std::move(id), now, now + std::max(policy->max_age, limits.age_min), *std::move(policy)};
    known.fetched = true;
    known.look_again = std::min(known.look_again, known.kept->expires);
    log_info("trust.mta_sts_fetched", "", {{"domain", domain}, {"id", known.kept->id}, {"mode", to_string(known.kept->policy.mode)}});
    co_await keep(std::move(domain), *known.kept);
    co_return known;
}

KnownDomain MtaSts::State::fetch_failed(const std::string& domain, KnownDomain known, const Error& error) const {
    log_info("trust.mta_sts_fetch_failed", "", {{"domain", domain}, {"error", error.text}, {"kept", known.kept.has_value()}});
    const Time now = clock();
    if (!in_force(known.kept, now)) known.kept.reset();
    known.why = error.text;
    known.look_again = now + limits.fetch_retry;
    if (known.kept) known.look_again = std::min(known.look_again, known.kept->expires);
    return known;
}

Task<Result<StsPolicy>> MtaSts::State::fetch_policy(std::string domain) {
    Result<std::vector<IpAddress>> addresses = co_await addresses_of("mta-sts." + domain);
    if (!addresses) co_return fail(std::move(addresses).error());
    const Result<std::string> file = co_await fetch(PolicyRequest{std::move(domain), *std::move(addresses)});
    if (!file) co_return fail(file.error());
    co_return parse_sts_policy(*file);
}

Task<Result<std::vector<IpAddress>>> MtaSts::State::addresses_of(std::string host) {
    std::vector<IpAddress> addresses;
    std::string why = host + " has no address";
    for (const dns::Type type : {dns::Type::a, dns::Type::aaaa}) {
        const dns::Answer answer = co_await resolver.query(host, type);
        if (is_failure(answer)) why = "the addresses of " + host + " cannot be found: " + answer.why;
        if (answer.outcome != dns::Outcome::found) continue;
        for (const IpAddress& address : answer.addresses) {
            if (addresses.size() < policy_addresses_max) addresses.push_back(address);
        }
    }
    if (addresses.empty()) co_return fail(ErrorCode::unavailable, std::move(why));
    co_return addresses;
}

// A policy of mode none has nothing to be kept over a restart (RFC 8461 §8.3).
Task<> MtaSts::State::keep(std::string domain, KeptPolicy kept) {
    const Result<> done = kept.policy.mode == StsMode::none ? co_await disk.forget(domain) : co_await disk.keep(domain, kept, clock());
    if (!done) log_warning("trust.mta_sts_not_kept", "", {{"domain", domain}, {"error", done.error().text}});
}

}  // namespace packetboat::trust
