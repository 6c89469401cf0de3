#include "delivery/outbound.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/executor.h"
#include "base/id.h"
#include "base/log.h"
#include "delivery/courier.h"

namespace packetboat::delivery {
namespace {

constexpr std::chrono::seconds load_again_after{10};  // when the queue could not be read, or there was no room
constexpr std::chrono::seconds round_again_after{1};  // when there was no memory for it
constexpr Id128 last_id = [] {
    Id128 id;
    id.bytes.fill(0xff);
    return id;
}();

}  // namespace

struct Outbound::State {
    State(store::Store& store, Queue& queue_of, Transport& by, Pacer& time, OutboundOptions with)
        : queue(queue_of),
          transport(by),
          pacer(time),
          options(std::move(with)),
          schedule(options.schedule, options.plan, random_u64),
          courier(store, queue, transport, pacer, schedule, options) {}

    Queue& queue;
    Transport& transport;
    Pacer& pacer;
    const OutboundOptions options;
    Schedule schedule;
    Courier courier;

    // From any thread.
    std::mutex mutex;
    std::vector<RelayDue> news;
    std::vector<std::move_only_function<void()>> calls;
    bool stopping = false;
    bool ended = false;

    // Of the executor that runs run().
    RelayDue loaded{};           // everything up to here is in memory, or was
    Time load_at{};              // look again then
    bool short_of_room = false;  // something is in the queue that is not in memory though it is before `loaded`
    std::uint64_t under_way = 0;
    std::coroutine_handle<> waits_for_end;

    void hear(std::vector<RelayDue> dues);
    bool call(std::move_only_function<void()> job);
    bool is_stopping() {
        const std::scoped_lock lock(mutex);
        return stopping;
    }

    Task<> run();
    Task<Time> round();
    void take_news();
    void take(RelayDue due);
    Task<> load();
    void start(Schedule::Job job);
    void give_up(const Schedule::Job& job);
    void begin(Task<> task);
    Task<> look_up(Schedule::Job job);
    template <class T>
    Task<T> ask(std::move_only_function<Task<T>(State&)> question, T otherwise);
};

Outbound::Outbound(store::Store& store, Queue& queue, Transport& transport, Pacer& pacer, OutboundOptions options)
    : state_(std::make_shared<State>(store, queue, transport, pacer, std::move(options))) {
    queue.watch([state = std::weak_ptr(state_)](std::vector<RelayDue> dues) {
        if (const std::shared_ptr<State> there = state.lock()) there->hear(std::move(dues));
    });
}
Outbound::~Outbound() = default;

// ---- from other threads

void Outbound::State::hear(std::vector<RelayDue> dues) {
    bool first = false;
    {
        const std::scoped_lock lock(mutex);
        if (ended) return;
        first = news.empty() && calls.empty();
        std::ranges::move(dues, std::back_inserter(news));
    }
    if (first) pacer.wake();
}

bool Outbound::State::call(std::move_only_function<void()> job) {
    {
        const std::scoped_lock lock(mutex);
        if (ended) return false;
        calls.push_back(std::move(job));
    }
    pacer.wake();
    return true;
}

void Outbound::stop() {
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
    }
    state_->courier.stop();
    state_->pacer.wake();
}

void Outbound::hurry(std::vector<std::string> domains) {
    state_->call([state = state_, domains = std::move(domains)] {
        for (const std::string& domain : domains) state->schedule.hurry(domain, state->pacer.now());
    });
}

void Outbound::forget_routes() {
    state_->call([state = state_] { state->schedule.forget_routes(state->pacer.now()); });
}

// Runs the question where run() runs, and answers to whoever awaits.
template <class T>
Task<T> Outbound::State::ask(std::move_only_function<Task<T>(State&)> question, T otherwise) {
    struct Asked {
        State& state;
        std::move_only_function<Task<T>(State&)>& question;
        std::optional<T> answer{};
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> handle) {
            Executor& home = Executor::current();
            return state.call([this, handle, &home] {
                spawn([](Asked& asked) -> Task<> { asked.answer.emplace(co_await asked.question(asked.state)); }(*this),
                      [handle, &home](std::exception_ptr) { home.post(handle); });
            });
        }
        std::optional<T> await_resume() { return std::move(answer); }
    };
    std::optional<T> answer = co_await Asked{*this, question};
    co_return answer ? *std::move(answer) : std::move(otherwise);
}

Task<std::vector<Schedule::State>> Outbound::states() {
    co_return co_await state_->ask<std::vector<Schedule::State>>(
        [](State& state) -> Task<std::vector<Schedule::State>> { co_return state.schedule.states(state.pacer.now()); }, {});
}

Task<std::optional<Schedule::State>> Outbound::state(std::string domain) {
    co_return co_await state_->ask<std::optional<Schedule::State>>(
        [&domain](State& state) -> Task<std::optional<Schedule::State>> { co_return state.schedule.state(domain, state.pacer.now()); }, {});
}

Task<Routing> Outbound::route(std::string domain) {
    const Failure stopping{.status = "4.3.2", .reason = "the server is stopping"};
    co_return co_await state_->ask<Routing>([&domain](State& state) { return state.transport.route(domain); },
                                            Routing{.route = std::unexpected(stopping)});
}

// ---- the executor's own

Task<> Outbound::run() { return state_->run(); }

Task<> Outbound::State::run() {
    while (!is_stopping()) {
        Time until = pacer.now() + round_again_after;
        try {
            until = co_await round();
        } catch (const std::exception& exception) {
            log_error("outbound.round_failed", "", {{"why", exception.what()}});
            load_at = until;
            short_of_room = true;  // what it was told of is in the queue
        }
        if (!co_await pacer.wait_until(until)) break;
    }
    struct Ended {
        State& state;
        bool await_ready() const { return state.under_way == 0; }
        void await_suspend(std::coroutine_handle<> handle) const { state.waits_for_end = handle; }
        void await_resume() const {}
    };
    co_await Ended{*this};
    co_await courier.close_idle(true);
    {
        const std::scoped_lock lock(mutex);
        ended = true;
    }
    take_news();  // whoever still asks gets an answer
}

// Begins what can be begun; until when there is nothing more to do.
Task<Time> Outbound::State::round() {
    take_news();
    // A clock that was set back does not make the queue wait.
    if (load_at <= pacer.now() || load_at > pacer.now() + options.look_ahead) co_await load();
    if (const std::optional<Time> idle = courier.next_idle_end(); idle && *idle <= pacer.now()) begin(courier.close_idle(false));
    while (std::optional<Schedule::Job> job = schedule.next(pacer.now())) start(*std::move(job));
    Time until = std::min(load_at, schedule.wakes_at());
    if (const std::optional<Time> idle = courier.next_idle_end()) until = std::min(until, *idle);
    co_return until;
}

void Outbound::State::take_news() {
    std::vector<RelayDue> dues;
    std::vector<std::move_only_function<void()>> jobs;
    {
        const std::scoped_lock lock(mutex);
        dues.swap(news);
        jobs.swap(calls);
    }
    for (RelayDue& due : dues) take(std::move(due));
    for (std::move_only_function<void()>& job : jobs) job();
}

void Outbound::State::take(RelayDue due) {
    // What comes later in the queue's order will be met there.
    if (loaded.due < due.due) return;
    if (!schedule.add(due, pacer.now())) short_of_room = true;
}

// Goes on through the queue's index where it was left, up to what is due soon.
Task<> Outbound::State::load() {
    const Time now = pacer.now();
    const Time until = now + options.look_ahead;
    if (short_of_room && schedule.has_much_room()) {
        short_of_room = false;
        schedule.forget_waiting();  // it is all met again
        loaded = {};
    }
    for (;;) {
        const Result<std::vector<RelayDue>> dues = co_await queue.relay_due(loaded, until, options.load_at_once);
        if (!dues) log_error("outbound.queue_unreadable", "", {{"why", dues.error().text}});
        bool room = true;
        for (const RelayDue& due : dues ? *dues : std::vector<RelayDue>()) {
            room = schedule.add(due, now);
            if (!room) break;
            loaded = due;
        }
        if (!dues || !room) {
            load_at = now + load_again_after;
            co_return;
        }
        if (dues->size() < options.load_at_once) break;
        // What is due already is begun while the rest is read.
        while (std::optional<Schedule::Job> job = schedule.next(pacer.now())) start(*std::move(job));
        if (is_stopping()) co_return;
    }
    loaded = {.due = until, .id = last_id, .domain = {}, .begins = {}, .sender = 0, .warned = false};
    load_at = now + options.look_ahead / 2;
}

void Outbound::State::start(Schedule::Job job) {
    try {
        begin(job.act == Schedule::Act::look_up ? look_up(job)
              : job.act == Schedule::Act::send  ? courier.carry(job)
              : job.act == Schedule::Act::touch ? courier.touch(job)
                                                : courier.sift(job));
    } catch (const std::exception& exception) {
        log_error("outbound.job_failed", "", {{"domain", job.domain}, {"why", exception.what()}});
        give_up(job);
    }
}

// What could not even be begun, for want of memory.
void Outbound::State::give_up(const Schedule::Job& job) {
    const Time now = pacer.now();
    const Error why{ErrorCode::internal, "it could not be begun"};
    switch (job.act) {
        case Schedule::Act::look_up:
            return schedule.routed(*job.destination, {.route = std::unexpected(Failure{.status = "4.3.0", .reason = why.text})}, now);
        case Schedule::Act::send:
            courier.put_back(job, why);
            schedule.finished(job, {}, now);
            return schedule.released(job);
        case Schedule::Act::touch: courier.put_back(job, why); return schedule.touched(job, now);
        case Schedule::Act::sift: return schedule.sifted(job, false, now);
    }
}

// Something that ends by itself.
void Outbound::State::begin(Task<> task) {
    ++under_way;
    spawn(std::move(task), [this](std::exception_ptr thrown) {
        if (thrown) log_error("outbound.job_failed", "");
        --under_way;
        if (under_way == 0 && waits_for_end) Executor::current().post(std::exchange(waits_for_end, nullptr));
    });
}

Task<> Outbound::State::look_up(Schedule::Job job) {
    Routing routing{.route = std::unexpected(Failure{.status = "4.3.0", .reason = "the route could not be looked for"})};
    try {
        routing = co_await transport.route(job.domain);
    } catch (const std::exception& exception) {
        log_error("outbound.job_failed", "", {{"domain", job.domain}, {"why", exception.what()}});
    }
    if (!routing.route) {
        log_warning("outbound.no_route", "",
                    {{"domain", job.domain}, {"permanent", routing.route.error().permanent}, {"why", routing.route.error().reason}});
    }
    schedule.routed(*job.destination, std::move(routing), pacer.now());
    pacer.wake();
}

}  // namespace packetboat::delivery
