#include "base/worker_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace packetboat {

struct WorkerPool::State {
    Options options;
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::move_only_function<void()>> queue;
    bool stopping = false;
    std::vector<std::thread> threads;

    void work() {
        for (;;) {
            std::unique_lock lock(mutex);
            wake.wait(lock, [&] { return stopping || !queue.empty(); });
            if (queue.empty()) return;
            std::move_only_function<void()> job = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            job();
        }
    }
};

WorkerPool::WorkerPool(Options options) : state_(std::make_unique<State>()) {
    state_->options = options;
    for (std::size_t i = 0; i < options.threads; ++i) {
        state_->threads.emplace_back([state = state_.get()] { state->work(); });
        pthread_setname_np(state_->threads.back().native_handle(), options.name);
    }
}

WorkerPool::~WorkerPool() {
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_all();
    for (std::thread& thread : state_->threads) thread.join();
}

bool WorkerPool::submit(std::move_only_function<void()> job) {
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->stopping || state_->queue.size() >= state_->options.queue_max) return false;
        state_->queue.push_back(std::move(job));
    }
    state_->wake.notify_one();
    return true;
}

std::size_t WorkerPool::waiting() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->queue.size();
}

}  // namespace packetboat
