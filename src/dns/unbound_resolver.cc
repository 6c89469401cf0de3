#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/signals_blocked.h"
#include "base/text.h"
#include "dns/cache.h"
#include "dns/context.h"
#include "dns/pending.h"
#include "dns/records.h"
#include "dns/resolver.h"
#include "dns/unbound_answer.h"

namespace packetboat::dns {

namespace {

using Clock = std::chrono::steady_clock;

// An eventfd that ends a poll().
class Wake {
public:
    Wake() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Wake() { ::close(descriptor_); }
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;

    int descriptor() const { return descriptor_; }
    // Its counter cannot overflow: reset() comes after so few of them.
    void set() { [[maybe_unused]] const int done = ::eventfd_write(descriptor_, 1); }
    void reset() {
        eventfd_t count = 0;
        [[maybe_unused]] const int done = ::eventfd_read(descriptor_, &count);
    }

private:
    int descriptor_;
};

// Answers from the cache at once. What is not there one thread asks libunbound for, and posts the answers to those who wait. So a querying
// thread never waits: not for libunbound's pipe, not for its locks.
class UnboundResolver final : public Resolver {
public:
    // Throws std::system_error: no thread, no descriptor.
    UnboundResolver(Context context, ResolverOptions options)
        : options_(std::move(options)), context_(std::move(context)), cache_(answer_cache_bytes(options_)) {
        const SignalsBlocked blocked;
        thread_ = std::thread([this] { run(); });
        pthread_setname_np(thread_.native_handle(), "dns");
    }

    ~UnboundResolver() override { stop(); }

    void stop() override {
        {
            const std::scoped_lock lock(mutex_);
            if (std::exchange(stopping_, true)) return;
        }
        wake_.set();
        thread_.join();
        context_.reset();
        finish_all(std::string(stopped));
    }

    Task<Answer> query(std::string name, Type type) override {
        std::optional<std::string> normal = normalize_name(name);
        if (!normal) co_return no_name(name);
        co_return co_await Asking{*this, {std::move(*normal), type}, {}};
    }

private:
    static constexpr std::string_view stopped = "the resolver was stopped";

    struct Asking {
        UnboundResolver& resolver;
        Question question;
        Waiter waiter;
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> handle) {
            waiter.handle = handle;
            return resolver.ask(question, waiter);
        }
        Answer await_resume() { return std::move(waiter.answer); }
    };

    static Answer no_name(std::string_view name) {
        Answer answer;
        answer.outcome = Outcome::no_such_name;
        answer.canonical_name = escape_control(name);
        answer.ttl = negative_ttl_max;
        return answer;
    }

    bool ask(const Question& question, Waiter& waiter);

    // The thread's.
    void run();
    void start_asked();
    void start(Pending::Entry& entry);
    void expire();
    void wait_for_news();
    void finish(Pending::Entry& entry, const Answer& answer);
    void finish_all(const std::string& why);
    static void on_result(void* entry, int error, ub_result* result);

    const ResolverOptions options_;
    Context context_;    // the thread's, and of its callbacks
    bool lost_ = false;  // the thread's: libunbound does not answer any more
    Wake wake_;

    std::mutex mutex_;
    Cache cache_;
    Pending pending_;
    std::vector<Pending::Entry*> asked_;  // pending, and libunbound does not know yet
    bool stopping_ = false;

    std::thread thread_;
};

// True: the answer comes later. Otherwise it is there.
bool UnboundResolver::ask(const Question& question, Waiter& waiter) {
    const std::scoped_lock lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (std::optional<Answer> cached = cache_.find(question, now)) {
        waiter.answer = std::move(*cached);
        return false;
    }
    if (stopping_) {
        waiter.answer = failed_answer(question, std::string(stopped));
        return false;
    }
    // The thread sleeps until the next deadline, or something wakes it.
    bool wake = !pending_.next_deadline();
    Pending::Entry* entry = pending_.find(question);
    if (entry == nullptr) {
        if (pending_.size() >= options_.queries_max) {
            waiter.answer = failed_answer(question, "too many DNS queries are under way");
            return false;
        }
        entry = &pending_.add(question);
        wake |= asked_.empty();
        asked_.push_back(entry);
    }
    waiter.home = &Executor::current();
    pending_.wait(*entry, waiter, now + options_.timeout);
    if (wake) wake_.set();
    return true;
}

void UnboundResolver::run() {
    for (;;) {
        {
            const std::scoped_lock lock(mutex_);
            if (stopping_) return;
        }
        start_asked();
        expire();
        wait_for_news();
    }
}

void UnboundResolver::start_asked() {
    std::vector<Pending::Entry*> asked;
    {
        const std::scoped_lock lock(mutex_);
        asked.swap(asked_);
    }
    for (Pending::Entry* entry : asked) start(*entry);
}

void UnboundResolver::start(Pending::Entry& entry) {
    if (lost_) return finish(entry, failed_answer(entry.question, "the resolver has stopped working"));
    constexpr int class_in = 1;
    entry.owner = this;
    const std::string name = entry.question.name + ".";
    const int error =
        ub_resolve_async(context_.get(), name.c_str(), static_cast<int>(entry.question.type), class_in, &entry, on_result, nullptr);
    if (error != 0) finish(entry, read_result(entry.question, error, nullptr));
}

void UnboundResolver::on_result(void* given, int error, ub_result* result) {
    auto& entry = *static_cast<Pending::Entry*>(given);
    const std::unique_ptr<ub_result, decltype(&ub_resolve_free)> owned(result, ub_resolve_free);
    static_cast<UnboundResolver*>(entry.owner)->finish(entry, read_result(entry.question, error, result));
}

void UnboundResolver::expire() {
    for (;;) {
        std::vector<Waiter*> waiters;
        Answer answer;
        {
            const std::scoped_lock lock(mutex_);
            const Clock::time_point now = Clock::now();
            Pending::Entry* entry = pending_.overdue(now);
            if (entry == nullptr) return;
            answer = failed_answer(entry->question, "no name server has answered for the " + to_text(entry->question) + " in time");
            cache_.put(entry->question, answer, now);
            waiters = std::move(entry->waiters);
            entry->waiters.clear();
        }
        answer_all(waiters, answer);
    }
}

void UnboundResolver::wait_for_news() {
    int timeout_ms = -1;
    {
        const std::scoped_lock lock(mutex_);
        if (const std::optional<Clock::time_point> deadline = pending_.next_deadline()) {
            constexpr std::int64_t longest_ms = 60'000;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
            timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest_ms));
        }
    }
    pollfd descriptors[] = {{wake_.descriptor(), POLLIN, 0}, {lost_ ? -1 : ub_fd(context_.get()), POLLIN, 0}};
    if (::poll(descriptors, std::size(descriptors), timeout_ms) <= 0) return;
    if (descriptors[0].revents != 0) wake_.reset();
    if (descriptors[1].revents != 0 && ub_process(context_.get()) != 0) {
        lost_ = true;
        log_error("dns.lost", "", {{"consequence", "every question fails until a restart"}});
        finish_all("the resolver has stopped working");
    }
}

void UnboundResolver::finish(Pending::Entry& entry, const Answer& answer) {
    std::vector<Waiter*> waiters;
    {
        const std::scoped_lock lock(mutex_);
        cache_.put(entry.question, answer, Clock::now());
        waiters = pending_.finish(entry);
    }
    answer_all(waiters, answer);
}

void UnboundResolver::finish_all(const std::string& why) {
    for (;;) {
        std::vector<Waiter*> waiters;
        Answer answer;
        {
            const std::scoped_lock lock(mutex_);
            asked_.clear();
            if (pending_.empty()) return;
            Pending::Entry& entry = pending_.any();
            answer = failed_answer(entry.question, why);
            waiters = pending_.finish(entry);
        }
        answer_all(waiters, answer);
    }
}

}  // namespace

Result<std::unique_ptr<Resolver>> make_resolver(ResolverOptions options) {
    if (options.timeout.count() <= 0) return fail(ErrorCode::invalid, "a DNS query needs time to be answered in");
    if (options.queries_max == 0) return fail(ErrorCode::invalid, "the number of DNS queries under way cannot be 0");
    Result<Context> context = make_context(options);
    if (!context) return fail(context.error());
    try {
        return std::make_unique<UnboundResolver>(std::move(*context), std::move(options));
    } catch (const std::system_error& error) {
        return fail(ErrorCode::unavailable, "the DNS resolver does not start: " + std::string(error.what()));
    }
}

}  // namespace packetboat::dns
