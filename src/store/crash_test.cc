// Kills a process that writes, at any moment, and looks whether everything it was told had been done is there.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/executor.h"
#include "base/text.h"
#include "store/rocks.h"
#include "store/testing/test_directory.h"

namespace packetboat::store {
namespace {

constexpr int rounds = 10;
constexpr int threads = 3;
constexpr int tasks = 8;

RocksOptions options_for(const std::filesystem::path& directory) {
    RocksOptions options;
    options.directory = directory;
    // Small, so that flushes, compactions, new segments and removed ones happen all the time.
    options.memtable_bytes = 128 << 10;
    options.log_segment_bytes = 128 << 10;
    options.log_replay_max_bytes = 512 << 10;
    return options;
}

std::string value_for(const std::string& key) {
    const std::size_t seed = std::hash<std::string>()(key);
    return std::string(seed % 3 == 0 ? 30 : seed % 9000, static_cast<char>('a' + seed % 26)) + key;
}

// Puts a key under an id of its own, tells the parent when it is done, and erases an older one now and then, so that there is
// garbage to be collected.
Task<int> write_until_killed(Store& store, std::string name, int report) {
    const Partition partition{name.substr(0, name.find('.'))};
    for (int n = 0;; ++n) {
        const std::string key = fmt::format("{}.{}", name, n);
        const Result<Committed> done =
            co_await store.write(partition, CommitId::derived({key}), [&](Transaction& t) -> Result<std::string> {
                t.put(key, value_for(key));
                if (n >= 40) t.erase(fmt::format("{}.{}", name, n - 40));
                const std::uint64_t count = std::stoull(t.get("count").value_or("0")) + 1;
                t.put("count", std::to_string(count));
                return std::to_string(count);
            });
        if (!done) std::abort();
        const std::string line = fmt::format("{} {}\n", name, n);
        if (::write(report, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
    }
}

// The child's part; run by the test below in a process of its own.
TEST(CrashChild, DISABLED_writes_until_it_is_killed) {
    const char* directory = std::getenv("PACKETBOAT_CRASH_DIRECTORY");
    const char* prefix = std::getenv("PACKETBOAT_CRASH_PREFIX");
    ASSERT_TRUE(directory != nullptr && prefix != nullptr);
    constexpr int report = 3;
    Result<std::unique_ptr<Store>> store = open_rocks(options_for(directory));
    ASSERT_TRUE(store) << store.error().text;
    std::vector<std::thread> running;
    for (int thread = 0; thread < threads; ++thread) {
        running.emplace_back([&, thread] {
            std::vector<Task<int>> all;
            for (int task = 0; task < tasks; ++task) {
                all.push_back(write_until_killed(**store, fmt::format("p{}.{}.{}", task % 3, prefix, thread * tasks + task), report));
            }
            run_to_end(when_all(std::move(all)));
        });
    }
    for (std::thread& thread : running) thread.join();
}

class Child {
public:
    Child(const std::filesystem::path& directory, int round) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        const std::string directory_text = directory;
        const std::string prefix = std::to_string(round);
        process_ = ::fork();
        if (process_ == 0) {
            ::setenv("PACKETBOAT_CRASH_DIRECTORY", directory_text.c_str(), 1);
            ::setenv("PACKETBOAT_CRASH_PREFIX", prefix.c_str(), 1);
            if (ends[1] == 3) {
                ::fcntl(3, F_SETFD, 0);
            } else {
                ::dup2(ends[1], 3);
            }
            const int nowhere = ::open("/dev/null", O_WRONLY);
            ::dup2(nowhere, 1);
            ::execl("/proc/self/exe", "store_test", "--gtest_also_run_disabled_tests",
                    "--gtest_filter=CrashChild.DISABLED_writes_until_it_is_killed", nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        reports_ = ::fdopen(ends[0], "r");
    }
    ~Child() {
        kill();
        std::fclose(reports_);
    }

    // The next writer and number that the child was told about; nothing at its end.
    std::optional<std::pair<std::string, int>> next() {
        char name[64];
        int n = 0;
        if (std::fscanf(reports_, "%63s %d\n", name, &n) != 2) return std::nullopt;
        return std::pair(std::string(name), n);
    }
    void kill() {
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }

private:
    pid_t process_ = 0;
    std::FILE* reports_ = nullptr;
};

void check(Store& store, const std::map<std::string, int>& acknowledged) {
    for (const auto& [name, last] : acknowledged) {
        const Partition partition{name.substr(0, name.find('.'))};
        const auto missing = run_to_end(store.read(partition, Weight::many, [&](const Reader& r) {
            std::string text;
            for (int n = 0; n <= last + 1; ++n) {
                const std::string key = fmt::format("{}.{}", name, n);
                const std::optional<std::string> value = r.get(key);
                // The write after the last that was told of may have happened, and have erased one more.
                const bool may_be_missing = n > last || n <= last - 39;
                const bool may_be_there = n >= last - 39;
                const bool right = value ? may_be_there && *value == value_for(key) : may_be_missing;
                if (!right) text += key + " ";
            }
            return Result<std::string>(text);
        }));
        ASSERT_TRUE(missing) << missing.error().text;
        EXPECT_EQ(*missing, "");
    }
    for (const char* name : {"p0", "p1", "p2"}) {
        const auto agree = run_to_end(store.read({name}, Weight::many, [](const Reader& r) {
            return Result<bool>(std::to_string(r.version()) == r.get("count").value_or("0"));
        }));
        EXPECT_TRUE(agree && *agree) << name;
    }
    const auto findings = run_to_end(store.verify());
    ASSERT_TRUE(findings) << findings.error().text;
    for (const Finding& finding : *findings) ADD_FAILURE() << finding.partition << ": " << finding.what;
}

TEST(Crash, everything_acknowledged_survives_being_killed) {
    const TestDirectory directory;
    std::mt19937 random(20261124);
    std::map<std::string, int> acknowledged;
    for (int round = 0; round < rounds; ++round) {
        Child child(directory.path(), round);
        const unsigned moment = 1 + random() % 3000;
        for (unsigned seen = 0;; ++seen) {
            if (seen == moment) child.kill();
            const std::optional<std::pair<std::string, int>> report = child.next();
            if (!report) break;
            acknowledged[report->first] = report->second;
        }
        ASSERT_FALSE(acknowledged.empty());
        const Result<std::unique_ptr<Store>> store = open_rocks(options_for(directory.path()));
        ASSERT_TRUE(store) << store.error().text;
        check(**store, acknowledged);
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace packetboat::store
