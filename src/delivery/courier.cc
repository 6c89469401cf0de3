#include "delivery/courier.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/id.h"
#include "base/log.h"

namespace packetboat::delivery {
namespace {

constexpr std::chrono::seconds put_back_for{60};   // a message that could not be read or written
constexpr std::size_t unwritten_max = 256;         // outcomes; over it nothing more is sent until the disk takes them
constexpr std::size_t domains_together_max = 100;  // of one shipment

}  // namespace

Courier::Courier(store::Store& store, Queue& queue, Transport& transport, Pacer& pacer, Schedule& schedule, const OutboundOptions& options)
    : store_(store), queue_(queue), transport_(transport), pacer_(pacer), schedule_(schedule), options_(options) {}
Courier::~Courier() = default;

Task<> Courier::carry(Schedule::Job job) {
    std::optional<Link> link;
    std::optional<Schedule::Job> next = std::move(job);
    Schedule::Job now;
    while (next) {
        now = *std::exchange(next, std::nullopt);
        Outcome outcome;
        bool thrown = false;
        try {
            outcome = co_await carry_one(now, link);
        } catch (const std::exception& exception) {
            log_error("outbound.job_failed", "", {{"message", now.item.id.text()}, {"why", exception.what()}});
            thrown = true;
        }
        if (thrown) {
            link.reset();
            put_back(now, {ErrorCode::internal, "an exception"});
        }
        Schedule::Feedback feedback;
        if (outcome.telling) feedback = feedback_of(outcome.attempts, outcome.reached);
        feedback.eased = outcome.eased;
        schedule_.finished(now, feedback, pacer_.now());
        const bool worn_out = link && link->messages >= options_.messages_per_connection_max;
        if (!stopping_ && !thrown && (outcome.attempts.empty() || (link && !worn_out))) {
            next = schedule_.another(now, link ? *link->route : *now.route, pacer_.now());
        }
    }
    co_await let_go(std::move(link));
    schedule_.released(now);
    pacer_.wake();
}

Task<Courier::Outcome> Courier::carry_one(Schedule::Job& job, std::optional<Link>& link) {
    std::optional<Load> load = co_await this->load(job);
    Outcome outcome;
    if (!load || stopping_) co_return outcome;
    outcome = co_await deliver(job, *load, link);
    co_await record(job, load->entry, outcome);
    outcome.telling = outcome.reached || load->demands == Demands{};
    outcome.eased = load->demands.tls_optional;
    co_return outcome;
}

// What became of it earlier. False: the disk still does not take it.
Task<bool> Courier::write_what_was_not(const Schedule::Job& job) {
    const auto unwritten = unwritten_.find({job.item.id, job.domain});
    if (unwritten == unwritten_.end()) co_return true;
    Outcome outcome = std::move(unwritten->second);
    unwritten_.erase(unwritten);
    const Result<> written = co_await write(job.item.id, outcome);
    if (written) co_return true;
    unwritten_.insert_or_assign({job.item.id, job.domain}, std::move(outcome));
    put_back(job, written.error());
    co_return false;
}

// Those at the job's domain that are due, whatever else has been done with the message meanwhile, and those at other domains that take the
// same way: the message goes there once.
std::vector<const QueuedRecipient*> Courier::choose_recipients(Schedule::Job& job, const QueueEntry& entry) {
    // The schedule has found it due; a clock that was set back since then must not make us forget it.
    const Time now = std::max(pacer_.now(), job.item.due);
    const auto is_due = [&](const QueuedRecipient& recipient) {
        return work_of(recipient) == Work::relay && !recipient.held && recipient.due <= now;
    };
    const bool has_own = std::ranges::any_of(entry.recipients, [&](const auto& one) { return is_due(one) && one.domain() == job.domain; });
    if (!has_own) return {};
    std::map<std::string_view, bool> goes{{job.domain, true}};
    std::vector<const QueuedRecipient*> chosen;
    for (const QueuedRecipient& recipient : entry.recipients) {
        if (!is_due(recipient)) continue;
        const auto [domain, is_new] = goes.try_emplace(recipient.domain(), false);
        if (is_new && job.companions.size() + 1 < domains_together_max && !unwritten_.contains({job.item.id, std::string(domain->first)})) {
            domain->second = schedule_.join(job, domain->first, pacer_.now());
        }
        if (domain->second) chosen.push_back(&recipient);
    }
    return chosen;
}

Task<std::optional<Courier::Load>> Courier::load(Schedule::Job& job) {
    if (!co_await write_what_was_not(job)) co_return std::nullopt;
    if (unwritten_.size() >= unwritten_max) {
        put_back(job, {ErrorCode::unavailable, "the disk does not take what became of other messages"});
        co_return std::nullopt;
    }
    Result<QueueEntry> entry = co_await queue_.get(job.item.id);
    if (!entry) {
        if (entry.error().code != ErrorCode::not_found) put_back(job, entry.error());
        co_return std::nullopt;  // else dropped, or sent meanwhile
    }
    Load load;
    load.entry = *std::move(entry);
    load.recipients = choose_recipients(job, load.entry);
    if (load.recipients.empty()) co_return std::nullopt;

    Result<mailbox::Content> content = co_await queue_.content(job.item.id);
    Result<std::unique_ptr<ContentSource>> source = std::unique_ptr<ContentSource>();
    if (content) {
        source = co_await open_content(store_, *std::move(content), load.entry.skip_bytes);
    } else {
        source = fail(content.error());
    }
    Result<std::string_view> beginning;
    if (source) beginning = co_await (*source)->next();
    if (!source || !beginning) {
        const Error& why = !source ? source.error() : beginning.error();
        if (why.code == ErrorCode::internal) {
            co_await record_unreadable(job, load, why);
        } else {
            put_back(job, why);
        }
        co_return std::nullopt;
    }
    load.content = *std::move(source);
    load.demands.require_tls = load.entry.require_tls;
    load.demands.tls_optional = !load.entry.require_tls && says_tls_optional(*beginning);
    load.content->rewind();
    co_return load;
}

// A message that cannot be read now must not be forgotten until a restart.
void Courier::put_back(const Schedule::Job& job, const Error& why) {
    log_error("outbound.put_back", "", {{"message", job.item.id.text()}, {"domain", job.domain}, {"why", why.text}});
    const auto later = [&](const std::string& domain) {
        schedule_.put_back({.due = pacer_.now() + put_back_for,
                            .id = job.item.id,
                            .domain = domain,
                            .begins = job.item.begins,
                            .sender = job.item.sender,
                            .warned = job.item.warned});
    };
    later(job.domain);
    for (const Schedule::Job::Companion& companion : job.companions) later(companion.domain);
}

Task<Courier::Outcome> Courier::deliver(const Schedule::Job& job, Load& load, std::optional<Link>& link) {
    Outcome outcome;
    const auto all_fail = [&](const Failure& failure) {
        outcome.attempts.clear();
        for (const QueuedRecipient* recipient : load.recipients)
            outcome.attempts.push_back({recipient->number, {std::unexpected(failure)}});
    };
    if (link && !fits(*link, *job.route, load.demands)) co_await let_go(std::exchange(link, std::nullopt));
    if (!link) link = take_idle(*job.route, load.demands);
    for (bool again = link.has_value();; again = false) {
        const bool used_before = link.has_value();
        if (!link) {
            if (const std::optional<Failure> failure = co_await connect(job, load, link, outcome.dialogue)) {
                all_fail(*failure);
                co_return outcome;
            }
        }
        const Shipment shipment{.entry = load.entry, .recipients = load.recipients, .content = *load.content};
        std::vector<Attempt> attempts = co_await link->connection->send(shipment);
        ++link->messages;
        outcome.dialogue += link->connection->dialogue();
        const bool usable = link->connection->usable();
        if (!usable) co_await let_go(std::exchange(link, std::nullopt));
        if (again && used_before && std::ranges::all_of(attempts, &Attempt::untouched)) {
            load.content->rewind();
            continue;
        }
        outcome.reached = true;
        for (std::size_t i = 0; i < attempts.size(); ++i) {
            outcome.attempts.push_back({load.recipients[i]->number, std::move(attempts[i])});
        }
        co_return outcome;
    }
}

Task<std::optional<Failure>> Courier::connect(const Schedule::Job& job, const Load& load, std::optional<Link>& link,
                                              std::string& dialogue) {
    Connecting connecting = co_await transport_.connect(*job.route, load.demands);
    dialogue = std::move(connecting.dialogue);
    if (!connecting.connection) co_return std::move(connecting.connection).error();
    link.emplace();
    link->connection = *std::move(connecting.connection);
    link->route = job.route;
    link->demands = load.demands;
    co_return std::nullopt;
}

// ---- what came of it

// A content that is broken for good is tried by the plan, and its sender is told in the end.
Task<> Courier::record_unreadable(const Schedule::Job& job, const Load& load, const Error& why) {
    Outcome outcome;
    for (const QueuedRecipient* recipient : load.recipients)
        outcome.attempts.push_back({recipient->number, {std::unexpected(Failure{.status = "4.3.0", .reason = why.text})}});
    co_await record(job, load.entry, std::move(outcome));
}

Task<> Courier::record(const Schedule::Job& job, const QueueEntry& entry, Outcome outcome) {
    // Stopping is no attempt: it is tried again as it was.
    std::erase_if(outcome.attempts, [](const RecipientAttempt& one) { return !one.attempt.result && one.attempt.result.error().ours; });
    if (outcome.attempts.empty()) co_return;
    log(entry, outcome);
    for (const RecipientAttempt& attempt : outcome.attempts) {
        const auto recipient = std::ranges::find(entry.recipients, attempt.number, &QueuedRecipient::number);
        if (attempt.attempt.result || recipient == entry.recipients.end()) continue;
        outcome.domain = recipient->domain();
        break;
    }
    const Result<> written = co_await write(job.item.id, outcome);
    if (written) co_return;
    keep_unwritten(job, entry, outcome);
    put_back(job, written.error());
}

Task<Result<>> Courier::write(const Id128& id, const Outcome& outcome) {
    const Time now = pacer_.now();
    const std::uint64_t random = random_u64();
    const bool went_well = std::ranges::all_of(outcome.attempts, [](const auto& attempt) { return attempt.attempt.result.has_value(); });
    std::optional<QueueDialogue> dialogue;
    if (!went_well) dialogue = QueueDialogue{.domain = outcome.domain, .text = outcome.dialogue};
    const Result<> written = co_await queue_.change(
        id,
        [&attempts = outcome.attempts, &plan = options_.plan, now, random](QueueEntry& kept) -> Result<> {
            apply_attempts(kept, attempts, plan, now, random);
            return {};
        },
        std::move(dialogue));
    if (!written && written.error().code == ErrorCode::not_found) co_return Result<>();
    co_return written;
}

// In memory until the disk takes it; each domain by itself, as it is tried again.
void Courier::keep_unwritten(const Schedule::Job& job, const QueueEntry& entry, const Outcome& outcome) {
    for (const RecipientAttempt& attempt : outcome.attempts) {
        const auto recipient = std::ranges::find(entry.recipients, attempt.number, &QueuedRecipient::number);
        if (recipient == entry.recipients.end()) continue;
        Outcome& kept = unwritten_[{job.item.id, std::string(recipient->domain())}];
        kept.dialogue = outcome.dialogue;
        kept.domain = recipient->domain();
        kept.attempts.push_back(attempt);
    }
}

void Courier::log(const QueueEntry& entry, const Outcome& outcome) const {
    for (const auto& [number, attempt] : outcome.attempts) {
        const auto recipient = std::ranges::find(entry.recipients, number, &QueuedRecipient::number);
        if (recipient == entry.recipients.end()) continue;
        if (attempt.result) {
            log_info("outbound.sent", "",
                     {{"message", entry.id.text()},
                      {"to", recipient->address},
                      {"host", attempt.result->remote},
                      {"answer", attempt.result->diagnostic},
                      {"delay_s", (pacer_.now().micros - entry.arrived.micros) / 1'000'000}});
            continue;
        }
        const Failure& failure = attempt.result.error();
        log_warning(failure.permanent ? "outbound.refused" : "outbound.deferred", "",
                    {{"message", entry.id.text()},
                     {"to", recipient->address},
                     {"host", failure.remote},
                     {"status", failure.status},
                     {"why", failure.reason},
                     {"in_doubt", attempt.in_doubt}});
    }
}

Task<> Courier::touch(Schedule::Job job) {
    try {
        co_await touch_one(job);
    } catch (const std::exception& exception) {
        log_error("outbound.job_failed", "", {{"message", job.item.id.text()}, {"why", exception.what()}});
        put_back(job, {ErrorCode::internal, "an exception"});
    }
    schedule_.touched(job, pacer_.now());
    pacer_.wake();
}

Task<> Courier::touch_one(const Schedule::Job& job) {
    const Time now = std::max(pacer_.now(), job.item.due);
    const Result<> written = co_await queue_.change(job.item.id, [&job, &plan = options_.plan, now](QueueEntry& kept) -> Result<> {
        if (!apply_age(kept, job.domain, *job.why, plan, now)) return fail(ErrorCode::exists, "nothing to do");
        return {};
    });
    const bool nothing_to_do = !written && written.error().code == ErrorCode::exists;
    if (written) log_info("outbound.aged", "", {{"message", job.item.id.text()}, {"domain", job.domain}, {"why", job.why->reason}});
    if (!written && !nothing_to_do && written.error().code != ErrorCode::not_found) put_back(job, written.error());
}

Task<> Courier::sift(Schedule::Job job) {
    std::optional<bool> exempt;
    try {
        exempt = co_await sift_one(job);
    } catch (const std::exception& exception) {
        log_error("outbound.job_failed", "", {{"message", job.item.id.text()}, {"why", exception.what()}});
        exempt = false;
    }
    schedule_.sifted(job, exempt, pacer_.now());
    pacer_.wake();
}

// What cannot be read now is tried with the others.
Task<std::optional<bool>> Courier::sift_one(const Schedule::Job& job) {
    const Result<QueueEntry> entry = co_await queue_.get(job.item.id);
    if (!entry && entry.error().code == ErrorCode::not_found) co_return std::nullopt;
    if (!entry || entry->require_tls) co_return false;
    Result<mailbox::Content> content = co_await queue_.content(job.item.id);
    if (!content) co_return false;
    const Result<std::unique_ptr<ContentSource>> source = co_await open_content(store_, *std::move(content), entry->skip_bytes);
    if (!source) co_return false;
    const Result<std::string_view> beginning = co_await (*source)->next();
    co_return beginning&& says_tls_optional(*beginning);
}

// ---- connections that have nothing to do

bool Courier::fits(const Link& link, const Route& route, const Demands& demands) const {
    return link.connection->usable() && link.demands == demands && link.messages < options_.messages_per_connection_max &&
           (link.route.get() == &route || link.route->shares_connections_with(route));
}

std::optional<Courier::Link> Courier::take_idle(const Route& route, const Demands& demands) {
    const auto found = std::ranges::find_if(idle_, [&](const Link& link) { return fits(link, route, demands); });
    if (found == idle_.end()) return std::nullopt;
    Link link = std::move(*found);
    idle_.erase(found);
    return link;
}

Task<> Courier::let_go(std::optional<Link> link) {
    if (!link) co_return;
    const bool keep = link->connection->usable() && link->messages < options_.messages_per_connection_max &&
                      idle_.size() < options_.connections_kept_max && options_.connection_kept.count() > 0;
    if (!keep) co_return co_await link->connection->close();
    link->idle_since = pacer_.now();
    idle_.push_back(*std::move(link));
    pacer_.wake();
}

std::optional<Time> Courier::next_idle_end() const {
    if (idle_.empty()) return std::nullopt;
    return idle_.front().idle_since + options_.connection_kept;
}

Task<> Courier::close_idle(bool all) {
    const Time now = pacer_.now();
    const auto kept =
        std::ranges::find_if(idle_, [&](const Link& link) { return !all && link.idle_since + options_.connection_kept > now; });
    std::vector<Link> over(std::make_move_iterator(idle_.begin()), std::make_move_iterator(kept));
    idle_.erase(idle_.begin(), kept);
    std::vector<Task<bool>> closing;
    closing.reserve(over.size());
    for (Link& link : over) {
        closing.push_back([](Connection& connection) -> Task<bool> {
            co_await connection.close();
            co_return true;
        }(*link.connection));
    }
    co_await when_all(std::move(closing));
}

}  // namespace packetboat::delivery
