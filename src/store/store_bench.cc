// Durable messages per second and CPU per message: the store against a bare log with group commit, in turns, on the same disk.
//
//   store_bench [messages [directory [rounds [durable|relaxed]]]]
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/executor.h"
#include "base/text.h"
#include "store/rocks.h"

namespace packetboat::store {
namespace {

constexpr std::size_t message_bytes = 10 << 10;
constexpr std::size_t index_keys = 3;
constexpr std::size_t index_bytes = 40;
constexpr std::size_t loops = 2;  // executors that the store's writers run on

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double cpu_s() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void die(const std::string& what) {
    fmt::print(stderr, "store_bench: {}\n", what);
    std::exit(1);
}

struct Figures {
    double per_second = 0;
    double cpu_us = 0;
};

// A message and its index entries as the bare log takes them: the same bytes, one after another.
std::string bare_record(const std::string& message) { return message + std::string(index_keys * (index_bytes + 30), 'k'); }

// What comes while a sync is under way is written and synced together, by one of those who wait.
class BareLog {
public:
    explicit BareLog(const std::filesystem::path& path)
        : descriptor_(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)) {
        if (descriptor_ < 0) die("cannot open " + path.string());
    }
    ~BareLog() { ::close(descriptor_); }

    void append(std::string_view record) {
        std::unique_lock lock(mutex_);
        waiting_ += record;
        const std::uint64_t mine = ++appended_;
        while (synced_ < mine) {
            if (syncing_) {
                wake_.wait(lock);
                continue;
            }
            syncing_ = true;
            writing_.clear();
            std::swap(writing_, waiting_);
            const std::uint64_t last = appended_;
            lock.unlock();
            if (::write(descriptor_, writing_.data(), writing_.size()) != static_cast<ssize_t>(writing_.size()))
                die("cannot write the log");
            if (::fdatasync(descriptor_) != 0) die("cannot sync the log");
            lock.lock();
            synced_ = last;
            syncing_ = false;
            wake_.notify_all();
        }
    }

private:
    int descriptor_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::string waiting_;
    std::string writing_;
    std::uint64_t appended_ = 0;
    std::uint64_t synced_ = 0;
    bool syncing_ = false;
};

Figures run_bare(const std::filesystem::path& directory, std::size_t writers, std::size_t messages) {
    const std::filesystem::path path = directory / "bare.log";
    Figures figures;
    {
        BareLog log(path);
        const std::string record = bare_record(std::string(message_bytes, 'm'));
        const double cpu = cpu_s();
        const double start = now_s();
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < writers; ++i) {
            threads.emplace_back([&] {
                for (std::size_t n = 0; n < messages / writers; ++n) log.append(record);
            });
        }
        for (std::thread& thread : threads) thread.join();
        figures.per_second = static_cast<double>(messages) / (now_s() - start);
        figures.cpu_us = (cpu_s() - cpu) * 1e6 / static_cast<double>(messages);
    }
    std::filesystem::remove(path);
    return figures;
}

Task<bool> write_messages(Store& store, std::size_t writer, std::size_t count) {
    const std::string message(message_bytes, 'm');
    const std::string entry(index_bytes, 'i');
    for (std::size_t n = 0; n < count; ++n) {
        const Result<Committed> done =
            co_await store.write(Partition{fmt::format("u{:04}", writer)}, std::nullopt, [&](Transaction& t) -> Result<std::string> {
                t.put(fmt::format("m{:016x}", n), message);
                for (std::size_t k = 0; k < index_keys; ++k) t.put(fmt::format("i{}{:016x}", k, n), entry);
                return std::string();
            });
        if (!done) die(done.error().text);
    }
    co_return true;
}

Figures run_store(const std::filesystem::path& directory, std::size_t writers, std::size_t messages, bool durable) {
    RocksOptions options;
    options.directory = directory / "store";
    options.durable = durable;
    Result<std::unique_ptr<Store>> store = open_rocks(options);
    if (!store) die(store.error().text);
    const double cpu = cpu_s();
    const double start = now_s();
    std::vector<std::thread> threads;
    for (std::size_t loop = 0; loop < std::min(loops, writers); ++loop) {
        threads.emplace_back([&, loop] {
            std::vector<Task<bool>> tasks;
            for (std::size_t writer = loop; writer < writers; writer += loops)
                tasks.push_back(write_messages(**store, writer, messages / writers));
            run_to_end(when_all(std::move(tasks)));
        });
    }
    for (std::thread& thread : threads) thread.join();
    Figures figures;
    figures.per_second = static_cast<double>(messages) / (now_s() - start);
    const Stats stats = run_to_end((*store)->stats()).value_or(Stats());
    store->reset();  // flushes what is left: that CPU counts too
    figures.cpu_us = (cpu_s() - cpu) * 1e6 / static_cast<double>(messages);
    fmt::print(stderr, "  {} writers: {:.1f} commits a group\n", writers,
               static_cast<double>(stats.commits) / static_cast<double>(std::max<std::uint64_t>(stats.commit_groups, 1)));
    std::filesystem::remove_all(options.directory);
    return figures;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void compare(const std::filesystem::path& directory, std::size_t writers, std::size_t messages, std::size_t rounds, bool durable) {
    std::vector<double> bare_rates;
    std::vector<double> bare_cpus;
    std::vector<double> store_rates;
    std::vector<double> store_cpus;
    std::vector<double> ratios;
    for (std::size_t round = 0; round < rounds; ++round) {
        const Figures bare = run_bare(directory, writers, messages);
        const Figures ours = run_store(directory, writers, messages, durable);
        bare_rates.push_back(bare.per_second);
        bare_cpus.push_back(bare.cpu_us);
        store_rates.push_back(ours.per_second);
        store_cpus.push_back(ours.cpu_us);
        ratios.push_back(ours.per_second / bare.per_second);
    }
    fmt::print("{:>8} {:>12.0f} {:>12.0f} {:>8.2f} {:>12.1f} {:>12.1f}\n", writers, median(bare_rates), median(store_rates), median(ratios),
               median(bare_cpus), median(store_cpus));
    std::fflush(stdout);
}

}  // namespace
}  // namespace packetboat::store

int main(int count, char** arguments) {
    using namespace packetboat::store;
    const auto number = [&](int at, std::size_t otherwise) {
        return count > at ? static_cast<std::size_t>(packetboat::parse_u64(arguments[at]).value_or(otherwise)) : otherwise;
    };
    const std::size_t messages = number(1, 40'000);
    const std::filesystem::path directory =
        std::filesystem::path(count > 2 ? arguments[2] : ".") / fmt::format("store-bench-{}", ::getpid());
    const std::size_t rounds = std::max<std::size_t>(number(3, 3), 1);
    const bool durable = count <= 4 || std::string_view(arguments[4]) != "relaxed";
    std::filesystem::create_directories(directory);
    fmt::print("{} messages of {} bytes with {} index keys; medians of {} rounds\n", messages, message_bytes, index_keys, rounds);
    fmt::print("{:>8} {:>12} {:>12} {:>8} {:>12} {:>12}\n", "writers", "bare log/s", "store/s", "ratio", "bare CPU µs", "store CPU µs");
    for (const std::size_t writers : {1U, 16U, 64U, 256U})
        compare(directory, writers, writers == 1 ? messages / 10 : messages, rounds, durable);
    std::filesystem::remove_all(directory);
    return 0;
}
