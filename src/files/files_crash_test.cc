// Kills a process that uploads, at any moment, and looks at what is there then.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <map>

#include "files/testing/world.h"

namespace packetboat::files {
namespace {

using namespace testing;

constexpr int rounds = 12;
constexpr int names_count = 5;

// The number that it is of tells the content.
std::string content(int number) {
    return std::to_string(number) + ":" +
           std::string(static_cast<std::size_t>(number) * 7919 % 200'000, static_cast<char>('a' + number % 26));
}

// In the child: uploads until it is killed, and reports what has been acknowledged.
[[noreturn]] void upload_until_killed(const std::filesystem::path& root, int first, int report) {
    Limits limits;
    limits.min_free_bytes = 0;
    const auto files = Files::open(root, limits);
    const auto area = (*files)->area("alice", {}, {});
    if (!area) ::_exit(1);
    for (int number = first;; ++number) {
        const std::string name = "/f" + std::to_string(number % names_count);
        const std::string bytes = content(number);
        {
            const auto upload = (*area)->upload(path(name), {});
            if (!upload) ::_exit(2);
            for (std::size_t at = 0; at < bytes.size(); at += 20'000) {
                if (!(*upload)->write(std::string_view(bytes).substr(at, 20'000))) ::_exit(3);
            }
            if (!(*upload)->commit()) ::_exit(4);
        }
        if (::write(report, &number, sizeof number) != sizeof number) ::_exit(5);
    }
}

TEST(files_crash, what_was_acknowledged_is_whole_and_nothing_else_is_seen) {
    World world;
    std::map<int, int> acknowledged;  // by name, the last number
    int next = 0;
    for (int round = 0; round < rounds; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) upload_until_killed(world.root(), next, ends[1]);
        ::close(ends[1]);
        // After another number of acknowledgements each time, and somewhere within what comes next.
        int number = -1;
        const auto acknowledge = [&] {
            acknowledged[number % names_count] = number;
            next = number + 1;
        };
        for (int n = 0; n < 2 + round * 3 % 11; ++n) {
            ASSERT_EQ(::read(ends[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
            acknowledge();
        }
        for (volatile int spin = 0; spin < (round * 7'919'777) % 1'000'000;) spin = spin + 1;
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
        while (::read(ends[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number)) acknowledge();
        ::close(ends[0]);

        world.reopen();
        const auto area = world.area();
        std::uint64_t bytes_seen = 0;
        const auto listing = area->list(Path());
        const auto entries = (*listing)->next(1000);
        EXPECT_GE(entries->size(), acknowledged.size());
        for (const Entry& entry : *entries) {
            const std::string bytes = *load(*area, entry.name);
            const int of = std::stoi(bytes);
            EXPECT_EQ(bytes, content(of)) << entry.name;
            EXPECT_EQ(entry.name, "f" + std::to_string(of % names_count));
            // The one after the last acknowledged may be there already.
            EXPECT_GE(of, acknowledged.contains(of % names_count) ? acknowledged[of % names_count] : next);
            EXPECT_LE(of, next);
            bytes_seen += bytes.size();
        }
        std::uint64_t hidden_bytes = 0;
        std::uint64_t hidden_files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(world.inside())) {
            if (!is_hidden(entry.path().filename().string())) continue;
            hidden_bytes += entry.file_size();
            ++hidden_files;
        }
        EXPECT_LE(hidden_files, static_cast<std::uint64_t>(round + 1));
        EXPECT_EQ(area->space()->used_bytes, bytes_seen + hidden_bytes);
        EXPECT_EQ(area->space()->used_files, entries->size() + hidden_files);
        ++next;
    }
    EXPECT_TRUE(world.files().sweep(Time::now() + std::chrono::hours(100)));
    EXPECT_EQ(hidden_count(world.root()), 0U);
}

}  // namespace
}  // namespace packetboat::files
