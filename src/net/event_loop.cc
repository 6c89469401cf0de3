#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <limits>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace packetboat::net {

namespace {

constexpr int events_at_once_max = 256;

thread_local EventLoop* running_loop = nullptr;

Descriptor opened(int descriptor, const char* what) {
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
    return Descriptor(descriptor);
}

template <class Work>
void guarded(Work&& work) {
    try {
        work();
    } catch (const std::exception& thrown) {
        log_error("net.job_failed", "", {{"error", thrown.what()}});
    }
}

}  // namespace

EventLoop::EventLoop()
    : epoll_(opened(::epoll_create1(EPOLL_CLOEXEC), "epoll")), bell_(opened(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, bell_.get(), &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll");
}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
    running_loop = this;
    std::array<epoll_event, events_at_once_max> events;
    for (;;) {
        run_jobs();
        bool jobs_wait = false;
        {
            const std::scoped_lock lock(mutex_);
            if (stopped_) break;
            jobs_wait = !posted_.empty() || !own_.empty();
            asleep_ = !jobs_wait;
        }
        const int count = ::epoll_wait(epoll_.get(), events.data(), events_at_once_max, jobs_wait ? 0 : sleep_ms());
        {
            const std::scoped_lock lock(mutex_);
            asleep_ = false;
        }
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            if (event.data.ptr) guarded([&] { static_cast<Watcher*>(event.data.ptr)->on_events(event.events); });
        }
        retired_.clear();
        run_timers();
    }
    running_loop = nullptr;
}

void EventLoop::stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    ::eventfd_write(bell_.get(), 1);
}

void EventLoop::post(std::coroutine_handle<> handle) { post(Job{handle, {}}); }
void EventLoop::post(std::move_only_function<void()> job) { post(Job{{}, std::move(job)}); }

void EventLoop::post(Job job) {
    if (running_loop == this) {
        own_.push_back(std::move(job));
        return;
    }
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(job));
    // Nobody reads the bell: edge-triggered, each ring is news of its own.
    if (std::exchange(asleep_, false)) ::eventfd_write(bell_.get(), 1);
}

// Those that are there now; what they post waits until the others' input was looked at.
void EventLoop::run_jobs() {
    std::swap(running_, own_);
    {
        const std::scoped_lock lock(mutex_);
        for (Job& job : posted_) running_.push_back(std::move(job));
        posted_.clear();
    }
    for (Job& job : running_) {
        guarded([&] {
            if (job.handle) {
                job.handle.resume();
            } else {
                job.function();
            }
        });
    }
    running_.clear();
}

bool EventLoop::watch(int descriptor, Watcher& watcher) {
    epoll_event event{.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &watcher}};
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void EventLoop::retire(std::unique_ptr<Watcher> watcher) {
    if (running_loop == this) retired_.push_back(std::move(watcher));
}

// Until the next timer; -1: for ever.
int EventLoop::sleep_ms() const {
    if (timers_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.front()->at_ - Timer::Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

void EventLoop::run_timers() {
    if (timers_.empty()) return;
    const Timer::Clock::time_point now = Timer::Clock::now();
    while (!timers_.empty() && timers_.front()->at_ <= now) {
        Timer& due = *timers_.front();
        remove(due);
        guarded([&] { due.on_time(); });
    }
}

void Timer::set(Clock::time_point at) {
    at_ = at;
    if (place_ == nowhere) {
        loop_.timers_.push_back(this);
        place_ = loop_.timers_.size() - 1;
    }
    loop_.sift(place_);
}

void Timer::cancel() {
    if (place_ != nowhere) loop_.remove(*this);
}

void EventLoop::place(Timer* timer, std::size_t at) {
    timers_[at] = timer;
    timer->place_ = at;
}

// Moves the timer at this place up or down to where the heap has it.
void EventLoop::sift(std::size_t at) {
    Timer* const timer = timers_[at];
    while (at > 0 && timer->at_ < timers_[(at - 1) / 2]->at_) {
        place(timers_[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    for (;;) {
        std::size_t child = 2 * at + 1;
        if (child >= timers_.size()) break;
        if (child + 1 < timers_.size() && timers_[child + 1]->at_ < timers_[child]->at_) ++child;
        if (timer->at_ <= timers_[child]->at_) break;
        place(timers_[child], at);
        at = child;
    }
    place(timer, at);
}

void EventLoop::remove(Timer& timer) {
    const std::size_t at = std::exchange(timer.place_, Timer::nowhere);
    Timer* const last = timers_.back();
    timers_.pop_back();
    if (last == &timer) return;
    place(last, at);
    sift(at);
}

}  // namespace packetboat::net
