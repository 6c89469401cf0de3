// What only the embedded engine has: files, restarts, damage, limits of the machine.
#include "store/rocks.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/executor.h"
#include "store/log_format.h"
#include "store/rocks_store.h"
#include "store/testing/fault_file_system.h"
#include "store/testing/test_directory.h"

namespace packetboat::store {
namespace {

namespace fs = std::filesystem;

const Partition alice{"alice"};

class RocksTest : public testing::Test {
protected:
    RocksOptions options() {
        RocksOptions options;
        options.directory = directory_.path() / "data";
        options.log_segment_bytes = 64 << 10;
        options.memtable_bytes = 1 << 20;
        options.clock = [this] { return Time::now() + std::chrono::seconds(later_s_); };
        return options;
    }
    void open() { open(options()); }
    void open(RocksOptions with) {
        store_.reset();
        Result<std::unique_ptr<RocksStore>> opened = RocksStore::open(std::move(with));
        ASSERT_TRUE(opened) << opened.error().text;
        store_ = std::move(*opened);
    }
    // What a crash at this moment would leave, in a place of its own.
    fs::path crash_image(const char* name) {
        fs::path image = directory_.path() / name;
        fs::copy(directory_.path() / "data", image, fs::copy_options::recursive);
        return image;
    }
    Result<std::unique_ptr<RocksStore>> open_image(const fs::path& image) {
        RocksOptions with = options();
        with.directory = image;
        return RocksStore::open(std::move(with));
    }
    static std::vector<fs::path> segments(const fs::path& data) {
        std::vector<fs::path> paths;
        for (const auto& entry : fs::directory_iterator(data / "log")) paths.push_back(entry.path());
        std::ranges::sort(paths);
        return paths;
    }
    static Result<Committed> put(Store& store, std::string key, std::string value, std::optional<CommitId> id = std::nullopt) {
        return run_to_end(store.write(alice, id, [=](Transaction& t) -> Result<std::string> {
            t.put(key, value);
            return key;
        }));
    }
    static Result<std::optional<std::string>> get(Store& store, std::string key, Weight weight = Weight::few) {
        return run_to_end(store.read(alice, weight, [=](const Reader& r) { return Result<std::optional<std::string>>(r.get(key)); }));
    }
    static void expect_clean(Store& store) {
        const auto findings = run_to_end(store.verify());
        ASSERT_TRUE(findings) << findings.error().text;
        for (const Finding& finding : *findings) ADD_FAILURE() << finding.partition << ": " << finding.what;
    }
    static std::string value_of(int n) { return std::string(n % 2 == 0 ? 20 : 5000, static_cast<char>('a' + n % 26)) + std::to_string(n); }

    TestDirectory directory_;
    std::atomic<std::int64_t> later_s_{0};
    std::unique_ptr<RocksStore> store_;
};

TEST_F(RocksTest, everything_is_there_after_reopening) {
    const CommitId id = CommitId::random();
    open();
    for (int n = 0; n < 100; ++n) ASSERT_TRUE(put(*store_, fmt::format("k{}", n), value_of(n)));
    ASSERT_EQ(put(*store_, "once", "1", id)->version, 101U);
    for (int round = 0; round < 3; ++round) {
        open();
        for (int n = 0; n < 100; ++n) EXPECT_EQ(get(*store_, fmt::format("k{}", n)), value_of(n));
        const Result<Committed> again = put(*store_, "once", "2", id);
        ASSERT_TRUE(again);
        EXPECT_TRUE(again->replayed);
        EXPECT_EQ(again->version, 101U);
        EXPECT_EQ(again->result, "once");
        expect_clean(*store_);
    }
    EXPECT_EQ(put(*store_, "next", "")->version, 102U);
}

TEST_F(RocksTest, everything_is_there_after_a_crash) {
    open();
    for (int n = 0; n < 100; ++n) ASSERT_TRUE(put(*store_, fmt::format("k{}", n), value_of(n)));
    const fs::path image = crash_image("crashed");
    for (int round = 0; round < 2; ++round) {
        const auto opened = open_image(image);
        ASSERT_TRUE(opened) << opened.error().text;
        for (int n = 0; n < 100; ++n) EXPECT_EQ(get(**opened, fmt::format("k{}", n)), value_of(n));
        EXPECT_EQ(put(**opened, "more", value_of(round))->version, 101U + static_cast<unsigned>(round));
        expect_clean(**opened);
    }
}

TEST_F(RocksTest, a_second_process_is_refused) {
    open();
    const auto second = RocksStore::open(options());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_NE(second.error().text.find(directory_.path().string()), std::string::npos);
    store_.reset();
    open();
}

// A frame cut off anywhere is a commit that nobody was told of.
TEST_F(RocksTest, a_torn_tail_loses_the_last_commit_only) {
    open();
    ASSERT_TRUE(put(*store_, "a", value_of(1)));
    const std::uintmax_t before = fs::file_size(segments(options().directory).back());
    ASSERT_TRUE(put(*store_, "b", value_of(3)));
    const std::uintmax_t after = fs::file_size(segments(options().directory).back());
    int images = 0;
    for (std::uintmax_t size = before; size < after; size += 1 + (after - before) / 7) {
        const fs::path image = crash_image(fmt::format("torn-{}", images++).c_str());
        fs::resize_file(segments(image).back(), size);
        auto opened = open_image(image);
        ASSERT_TRUE(opened) << opened.error().text << " " << size;
        EXPECT_EQ(get(**opened, "a"), value_of(1));
        EXPECT_EQ(get(**opened, "b"), std::nullopt);
        ASSERT_TRUE(put(**opened, "c", value_of(5)));
        opened->reset();
        opened = open_image(image);
        ASSERT_TRUE(opened) << opened.error().text;
        EXPECT_EQ(get(**opened, "c"), value_of(5));
        expect_clean(**opened);
    }
    EXPECT_GT(images, 5);
}

TEST_F(RocksTest, a_header_without_frames_is_no_damage) {
    open();
    ASSERT_TRUE(put(*store_, "a", value_of(1)));
    for (const std::uintmax_t size : {0UL, 10UL, log::segment_header_bytes}) {
        const fs::path image = crash_image(fmt::format("head-{}", size).c_str());
        fs::resize_file(segments(image).back(), size);
        const auto opened = open_image(image);
        ASSERT_TRUE(opened) << opened.error().text;
        EXPECT_EQ(get(**opened, "a"), std::nullopt);
        ASSERT_TRUE(put(**opened, "b", value_of(2)));
        expect_clean(**opened);
    }
}

// What had been promised and is not there any more is told, not passed over in silence.
TEST_F(RocksTest, damage_in_the_log_is_refused) {
    open();
    for (int n = 0; n < 40; ++n) ASSERT_TRUE(put(*store_, fmt::format("k{}", n), value_of(n)));
    ASSERT_GT(segments(options().directory).size(), 1U);
    const auto damage = [&](const char* name, std::size_t segment, std::streamoff at) {
        const fs::path image = crash_image(name);
        std::fstream file(segments(image)[segment], std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(at);
        const char byte = static_cast<char>(file.get() ^ 0x10);
        file.seekp(at);
        file.put(byte);
        file.close();
        return open_image(image);
    };
    const std::size_t last = segments(options().directory).size() - 1;
    int count = 0;
    for (const std::size_t segment : {std::size_t{0}, last}) {
        for (const std::streamoff at : {3, 70, 200, 3000}) {
            const auto opened = damage(fmt::format("damaged-{}", count++).c_str(), segment, at);
            ASSERT_FALSE(opened) << segment << " " << at;
            EXPECT_EQ(opened.error().code, ErrorCode::internal);
            EXPECT_NE(opened.error().text.find("damaged"), std::string::npos);
        }
    }
    const fs::path image = crash_image("missing");
    fs::remove(segments(image).front());
    EXPECT_EQ(open_image(image).error().code, ErrorCode::internal);
}

TEST_F(RocksTest, a_damaged_value_is_an_error_and_is_found) {
    open();
    ASSERT_TRUE(put(*store_, "a", std::string(10'000, 'v')));
    store_.reset();
    {
        std::fstream file(segments(options().directory).front(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(5000);
        file.put('w');
    }
    open();
    EXPECT_EQ(get(*store_, "a").error().code, ErrorCode::internal);
    EXPECT_EQ(run_to_end(store_->verify())->size(), 1U);
    EXPECT_FALSE(store_->failed());
}

TEST_F(RocksTest, segments_go_when_nothing_needs_them) {
    open();
    constexpr int count = 200;
    for (int n = 0; n < count; ++n) ASSERT_TRUE(put(*store_, fmt::format("k{:03}", n), value_of(1) + std::to_string(n)));
    const std::size_t before = segments(options().directory).size();
    ASSERT_GT(before, 10U);
    for (int n = 0; n < count; ++n) {
        if (n % 10 == 0) continue;  // every segment keeps a little
        ASSERT_TRUE(run_to_end(store_->write(alice, std::nullopt, [=](Transaction& t) -> Result<std::string> {
            t.erase(fmt::format("k{:03}", n));
            return std::string();
        })));
    }
    const Result<std::uint64_t> removed = run_to_end(store_->compact());
    ASSERT_TRUE(removed) << removed.error().text;
    EXPECT_LT(segments(options().directory).size(), before / 2);
    for (int round = 0; round < 2; ++round) {
        for (int n = 0; n < count; ++n) {
            const auto value = get(*store_, fmt::format("k{:03}", n), Weight::many);
            ASSERT_TRUE(value) << value.error().text;
            EXPECT_EQ(*value, n % 10 == 0 ? std::optional(value_of(1) + std::to_string(n)) : std::nullopt);
        }
        expect_clean(*store_);
        open();
    }
}

TEST_F(RocksTest, values_are_moved_under_readers) {
    open();
    constexpr int count = 60;
    const auto rewrite = [&](int round) {
        for (int n = 0; n < count; ++n) {
            if (round > 0 && n % 6 == 0) continue;
            ASSERT_TRUE(put(*store_, fmt::format("k{:02}", n), std::string(5000, static_cast<char>('a' + n % 26))));
        }
    };
    rewrite(0);
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        while (!stop) {
            const auto right = run_to_end(store_->read(alice, Weight::few, [](const Reader& r) {
                int seen = 0;
                r.scan("", "\xff", [&](std::string_view key, std::string_view value) {
                    const int n = std::stoi(std::string(key.substr(1)));
                    if (value == std::string(5000, static_cast<char>('a' + n % 26))) ++seen;
                    return true;
                });
                return Result<int>(seen);
            }));
            EXPECT_TRUE(right) << right.error().text;
            EXPECT_EQ(right.value_or(0), count);
        }
    });
    for (int round = 1; round < 6; ++round) {
        rewrite(round);
        EXPECT_TRUE(run_to_end(store_->compact()));
    }
    stop = true;
    reader.join();
    expect_clean(*store_);
}

TEST_F(RocksTest, reads_that_need_the_disk_go_on_elsewhere) {
    open();
    for (int n = 0; n < 300; ++n) ASSERT_TRUE(put(*store_, fmt::format("k{:03}", n), value_of(n)));
    RocksOptions small = options();
    small.cache_bytes = 0;
    open(small);
    for (int n = 0; n < 300; ++n) EXPECT_EQ(get(*store_, fmt::format("k{:03}", n)), value_of(n));
    const auto seen = run_to_end(store_->read(alice, Weight::few, [](const Reader& r) {
        int count = 0;
        r.scan_back("k100", "k200", [&](auto, auto) { return ++count < 50; });
        return Result<int>(count);
    }));
    EXPECT_EQ(seen, 50);
}

TEST_F(RocksTest, commit_records_are_dropped_after_their_day) {
    open();
    for (int n = 0; n < 100; ++n) ASSERT_TRUE(put(*store_, "k", "v", CommitId::random()));
    ASSERT_TRUE(run_to_end(store_->compact()));
    EXPECT_GE(run_to_end(store_->stats())->records, 100U);
    later_s_ = 26 * 3600;
    ASSERT_TRUE(run_to_end(store_->compact()));
    EXPECT_LT(run_to_end(store_->stats())->records, 10U);
    expect_clean(*store_);
}

TEST_F(RocksTest, too_many_waiting_writes_are_refused) {
    RocksOptions few = options();
    few.commit_queue_max = 3;
    open(few);
    std::latch entered(1);
    std::latch go_on(1);
    std::thread blocker([&] {
        EXPECT_TRUE(run_to_end(store_->write(alice, std::nullopt, [&](Transaction&) -> Result<std::string> {
            entered.count_down();
            go_on.wait();
            return std::string();
        })));
    });
    entered.wait();
    int done = 0;
    int refused = 0;
    const auto write_many = [&]() -> Task<> {
        std::vector<Task<int>> tasks;
        for (int i = 0; i < 10; ++i) {
            tasks.push_back([](Store& store, std::latch& latch, int& ok, int& no) -> Task<int> {
                const Result<Committed> result =
                    co_await store.write(alice, std::nullopt, [](Transaction&) -> Result<std::string> { return std::string(); });
                ++(result ? ok : no);
                if (!result) {
                    EXPECT_EQ(result.error().code, ErrorCode::unavailable);
                    if (no == 7) latch.count_down();  // all that can be refused are
                }
                co_return 0;
            }(*store_, go_on, done, refused));
        }
        co_await when_all(std::move(tasks));
    };
    RunLoop loop;
    loop.run(write_many());
    blocker.join();
    EXPECT_EQ(done, 3);
    EXPECT_EQ(refused, 7);
}

TEST_F(RocksTest, a_nearly_full_disk_is_foreseen_and_can_be_emptied) {
    open(options());
    ASSERT_TRUE(put(*store_, "old", "1"));
    RocksOptions greedy = options();
    greedy.min_free_bytes = ~std::uint64_t{0};
    open(greedy);
    EXPECT_EQ(put(*store_, "a", "1").error().code, ErrorCode::unavailable);
    EXPECT_FALSE(store_->failed());
    EXPECT_EQ(get(*store_, "a"), std::nullopt);
    const Result<Committed> erased = run_to_end(store_->write(alice, std::nullopt, [](Transaction& t) -> Result<std::string> {
        t.frees_space();
        t.erase("old");
        return std::string();
    }));
    EXPECT_TRUE(erased);
    EXPECT_EQ(get(*store_, "old"), std::nullopt);
}

TEST_F(RocksTest, a_relaxed_store_keeps_everything_at_a_clean_stop) {
    RocksOptions relaxed = options();
    relaxed.durable = false;
    open(relaxed);
    for (int n = 0; n < 60; ++n) ASSERT_TRUE(put(*store_, fmt::format("k{}", n), value_of(n)));
    open();
    for (int n = 0; n < 60; ++n) EXPECT_EQ(get(*store_, fmt::format("k{}", n)), value_of(n));
    expect_clean(*store_);
}

// Groups that were prepared over one that could not be written are prepared again without it.
TEST_F(RocksTest, a_group_that_is_refused_takes_nothing_with_it) {
    const auto files = std::make_shared<FaultFileSystem>();
    RocksOptions with = options();
    with.files = files;
    open(with);
    std::atomic<int> acknowledged{0};
    std::atomic<int> refused{0};
    const auto increment_many = [&](std::uint64_t fault_at) {
        files->arm(FaultFileSystem::Fault::no_space, fault_at);
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 3; ++thread) {
            threads.emplace_back([&] {
                std::vector<Task<int>> tasks;
                for (int task = 0; task < 8; ++task) {
                    tasks.push_back([](Store& store, std::atomic<int>& ok, std::atomic<int>& no) -> Task<int> {
                        for (int i = 0; i < 6; ++i) {
                            const Result<Committed> done =
                                co_await store.write(alice, std::nullopt, [](Transaction& t) -> Result<std::string> {
                                    const int n = std::stoi(t.get("n").value_or("0")) + 1;
                                    t.put("n", std::to_string(n));
                                    t.put(fmt::format("v{}", n), std::string(4000, 'v'));
                                    if (n > 1 && t.get(fmt::format("v{}", n - 1)) != std::string(4000, 'v'))
                                        return fail(ErrorCode::internal, "lost");
                                    return std::to_string(n);
                                });
                            ++(done ? ok : no);
                            if (done) EXPECT_EQ(std::to_string(done->version), done->result);
                            if (!done) EXPECT_EQ(done.error().code, ErrorCode::unavailable);
                        }
                        co_return 0;
                    }(*store_, acknowledged, refused));
                }
                run_to_end(when_all(std::move(tasks)));
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_TRUE(files->fired());
        files->disarm();
    };
    for (const std::uint64_t at : {1U, 4U, 9U}) increment_many(at);
    EXPECT_FALSE(store_->failed());
    EXPECT_GT(refused, 0);
    EXPECT_EQ(get(*store_, "n"), std::to_string(acknowledged));
    open();
    EXPECT_EQ(get(*store_, "n"), std::to_string(acknowledged));
    expect_clean(*store_);
}

TEST_F(RocksTest, a_failed_sync_ends_all_writing) {
    const auto files = std::make_shared<FaultFileSystem>();
    RocksOptions with = options();
    with.files = files;
    open(with);
    ASSERT_TRUE(put(*store_, "a", "1"));
    files->arm(FaultFileSystem::Fault::io_error, 2);  // the write, then its sync
    EXPECT_EQ(put(*store_, "b", "1").error().code, ErrorCode::unavailable);
    EXPECT_TRUE(store_->failed());
    EXPECT_EQ(put(*store_, "c", "1").error().code, ErrorCode::unavailable);
    EXPECT_FALSE(store_->create_blob());
    EXPECT_EQ(get(*store_, "a"), "1");
    EXPECT_EQ(get(*store_, "b"), std::nullopt);
    files->disarm();
    open();
    EXPECT_EQ(get(*store_, "a"), "1");
    EXPECT_TRUE(put(*store_, "c", "1"));
    expect_clean(*store_);
}

}  // namespace
}  // namespace packetboat::store
