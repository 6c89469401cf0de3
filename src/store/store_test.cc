// What every engine must do, run against both.
#include "store/store.h"

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/executor.h"
#include "store/memory.h"
#include "store/rocks.h"
#include "store/testing/test_directory.h"

namespace packetboat::store {
namespace {

using std::chrono::hours;

const Partition alice{"alice"};

class StoreTest : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (std::string_view(GetParam()) == "memory") {
            store_ = make_memory_store([this] { return now(); });
        } else {
            RocksOptions options;
            options.directory = directory_.path();
            options.clock = [this] { return now(); };
            options.memtable_bytes = 1 << 20;
            Result<std::unique_ptr<Store>> opened = open_rocks(std::move(options));
            ASSERT_TRUE(opened) << opened.error().text;
            store_ = std::move(*opened);
        }
    }

    Time now() const { return Time::now() + std::chrono::seconds(later_s_); }

    Result<Committed> write(WriteBody body, std::optional<CommitId> id = std::nullopt, Partition partition = alice) {
        return run_to_end(store_->write(std::move(partition), id, std::move(body)));
    }
    Result<Committed> put(std::string key, std::string value, Partition partition = alice) {
        return write(
            [=](Transaction& t) -> Result<std::string> {
                t.put(key, value);
                return std::string();
            },
            std::nullopt, std::move(partition));
    }
    std::optional<std::string> get(std::string key, Partition partition = alice) {
        auto value = run_to_end(store_->read(std::move(partition), Weight::few,
                                             [=](const Reader& r) { return Result<std::optional<std::string>>(r.get(key)); }));
        EXPECT_TRUE(value) << value.error().text;
        return value ? *value : std::nullopt;
    }
    static std::string all(const Reader& reader, std::string_view from, std::string_view to) {
        std::string seen;
        reader.scan(from, to, [&](std::string_view key, std::string_view value) {
            seen += fmt::format("{}={} ", key, value);
            return true;
        });
        return seen;
    }
    static std::string all_back(const Reader& reader, std::string_view from, std::string_view to) {
        std::string seen;
        reader.scan_back(from, to, [&](std::string_view key, std::string_view value) {
            seen += fmt::format("{}={} ", key, value);
            return true;
        });
        return seen;
    }
    BlobRef make_blob(const std::string& content) {
        const Result<BlobRef> blob = run_to_end([](Store& store, std::string bytes) -> Task<Result<BlobRef>> {
            Result<std::unique_ptr<BlobWriter>> writer = store.create_blob();
            if (!writer) co_return fail(writer.error());
            const std::size_t half = bytes.size() / 2;
            if (Result<> done = co_await (*writer)->append(bytes.substr(0, half)); !done) co_return fail(done.error());
            if (Result<> done = co_await (*writer)->append(bytes.substr(half)); !done) co_return fail(done.error());
            co_return co_await (*writer)->finish();
        }(*store_, content));
        EXPECT_TRUE(blob) << blob.error().text;
        return blob.value_or(BlobRef());
    }
    Result<std::string> read_blob(const BlobRef& blob, std::uint64_t offset, std::size_t count) {
        return run_to_end([](Store& store, BlobRef ref, std::uint64_t at, std::size_t n) -> Task<Result<std::string>> {
            Result<std::unique_ptr<BlobReader>> reader = co_await store.open_blob(ref);
            if (!reader) co_return fail(reader.error());
            co_return co_await (*reader)->read(at, n);
        }(*store_, blob, offset, count));
    }
    void expect_clean() {
        const auto findings = run_to_end(store_->verify());
        ASSERT_TRUE(findings) << findings.error().text;
        for (const Finding& finding : *findings) ADD_FAILURE() << finding.partition << ": " << finding.what;
    }

    TestDirectory directory_;
    std::atomic<std::int64_t> later_s_{0};
    std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Engines, StoreTest, testing::Values("memory", "rocks"), [](const auto& engine) { return engine.param; });

TEST_P(StoreTest, what_is_written_can_be_read_and_each_commit_counts) {
    EXPECT_EQ(get("a"), std::nullopt);
    const Result<Committed> first = put("a", "1");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->version, 1U);
    EXPECT_FALSE(first->replayed);
    EXPECT_EQ(put("a", "2")->version, 2U);
    EXPECT_EQ(get("a"), "2");
    EXPECT_EQ(get("a", {"bob"}), std::nullopt);
    expect_clean();
}

TEST_P(StoreTest, values_of_all_sizes_come_back_as_they_were) {
    for (const std::size_t size : {0UL, 1UL, 2047UL, 2048UL, 2049UL, 10'000UL, 65'536UL, value_max_bytes}) {
        const std::string value(size, static_cast<char>('a' + size % 26));
        ASSERT_TRUE(put("k", value));
        EXPECT_EQ(get("k"), value) << size;
    }
    ASSERT_TRUE(put("", "the empty key is one"));
    EXPECT_EQ(get(""), "the empty key is one");
    ASSERT_TRUE(put(std::string("\0\xff\0", 3), std::string("\0", 1)));
    EXPECT_EQ(get(std::string("\0\xff\0", 3)), std::string("\0", 1));
    expect_clean();
}

TEST_P(StoreTest, a_body_sees_what_it_has_written) {
    ASSERT_TRUE(put("b", "old"));
    ASSERT_TRUE(put("d", "old"));
    const std::string large(5000, 'x');
    const Result<Committed> done = write([&](Transaction& t) -> Result<std::string> {
        EXPECT_EQ(t.version(), 3U);
        t.put("a", "new");
        t.put("b", "new");
        t.put("c", "new");
        t.erase("d");
        t.erase("c");
        t.put("e", large);
        EXPECT_EQ(t.get("b"), "new");
        EXPECT_EQ(t.get("c"), std::nullopt);
        EXPECT_FALSE(t.contains("d"));
        EXPECT_TRUE(t.contains("e"));
        EXPECT_EQ(t.get("e"), large);
        return std::string("seen");
    });
    ASSERT_TRUE(done);
    EXPECT_EQ(done->result, "seen");
    EXPECT_EQ(get("e"), large);
    EXPECT_EQ(get("d"), std::nullopt);
}

TEST_P(StoreTest, scans_go_both_ways_over_stored_and_own_records) {
    for (const char* key : {"b", "d", "f", "h"}) ASSERT_TRUE(put(key, "0"));
    ASSERT_TRUE(put("c", "other partition", {"alicf"}));
    ASSERT_TRUE(write([](Transaction& t) -> Result<std::string> {
        t.put("a", "1");
        t.put("d", "1");
        t.put("e", "1");
        t.erase("f");
        t.put("z", "1");
        EXPECT_EQ(all(t, "", "\xff"), "a=1 b=0 d=1 e=1 h=0 z=1 ");
        EXPECT_EQ(all_back(t, "", "\xff"), "z=1 h=0 e=1 d=1 b=0 a=1 ");
        EXPECT_EQ(all(t, "b", "e"), "b=0 d=1 ");
        EXPECT_EQ(all_back(t, "b", "e"), "d=1 b=0 ");
        EXPECT_EQ(all(t, "f", "g"), "");
        EXPECT_EQ(all(t, "x", "b"), "");
        EXPECT_EQ(all_back(t, "x", "b"), "");
        std::string first;
        t.scan("", "\xff", [&](std::string_view key, std::string_view) {
            first = key;
            return false;
        });
        EXPECT_EQ(first, "a");
        return std::string();
    }));
    const auto seen = run_to_end(store_->read(alice, Weight::many, [](const Reader& r) {
        return Result<std::string>(all(r, "", prefix_end("")) + "| " + all_back(r, "b", "e") + all(r, "e", "b"));
    }));
    ASSERT_TRUE(seen);
    EXPECT_EQ(*seen, "a=1 b=0 d=1 e=1 h=0 z=1 | d=1 b=0 ");
}

TEST_P(StoreTest, a_scan_may_change_what_it_visits) {
    for (char key = 'a'; key <= 'e'; ++key) ASSERT_TRUE(put(std::string(1, key), std::string(3000, key)));
    ASSERT_TRUE(write([](Transaction& t) -> Result<std::string> {
        std::string seen;
        t.scan("", "\xff", [&](std::string_view key, std::string_view value) {
            seen += key;
            t.erase(key);
            EXPECT_EQ(value, std::string(3000, key[0]));
            return true;
        });
        t.scan_back("", "\xff", [&](std::string_view, std::string_view) { return ADD_FAILURE() << "all should be gone", true; });
        EXPECT_EQ(seen, "abcde");
        t.put("f", "x");
        return std::string();
    }));
    EXPECT_EQ(get("a"), std::nullopt);
    EXPECT_EQ(get("f"), "x");
}

TEST_P(StoreTest, an_error_rolls_back_and_is_answered) {
    ASSERT_TRUE(put("a", "1"));
    const BlobRef blob = make_blob("content");
    const Result<Committed> refused = write([&](Transaction& t) -> Result<std::string> {
        t.put("a", "2");
        t.put("b", std::string(9000, 'b'));
        t.refer(blob);
        return fail(ErrorCode::over_quota, "no");
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), (Error{ErrorCode::over_quota, "no"}));
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("b"), std::nullopt);
    EXPECT_EQ(put("c", "")->version, 2U);
    EXPECT_EQ(write([&](Transaction& t) -> Result<std::string> { return t.release(blob), std::string(); }).error().code,
              ErrorCode::invalid);
    EXPECT_FALSE(write([&](Transaction&) -> Result<std::string> { return fail(ErrorCode::exists, ""); }, std::nullopt, {"carol"}));
    EXPECT_EQ(run_to_end(store_->partitions("carol", "", 10))->size(), 0U);
    expect_clean();
}

TEST_P(StoreTest, an_exception_rolls_that_body_back_only) {
    const Result<Committed> refused = write([&](Transaction& t) -> Result<std::string> {
        t.put("a", "2");
        throw std::runtime_error("a mistake of the caller");
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::internal);
    EXPECT_EQ(get("a"), std::nullopt);
    EXPECT_TRUE(put("a", "1"));
    EXPECT_FALSE(store_->failed());
}

TEST_P(StoreTest, a_commit_id_answers_its_first_result_for_a_day) {
    const CommitId id = CommitId::random();
    int runs = 0;
    const auto body = [&](Transaction& t) -> Result<std::string> {
        ++runs;
        t.put("n", std::to_string(runs));
        return fmt::format("run {}", runs);
    };
    const Result<Committed> first = write(body, id);
    ASSERT_TRUE(first);
    ASSERT_TRUE(put("other", ""));
    const Result<Committed> again = write(body, id);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(again->version, 1U);
    EXPECT_EQ(again->result, "run 1");
    EXPECT_EQ(get("n"), "1");
    EXPECT_FALSE(write(body, id, {"bob"})->replayed);  // ids are a partition's own

    later_s_ = 25 * 3600;
    EXPECT_FALSE(write(body, id)->replayed);
    EXPECT_EQ(get("n"), std::to_string(runs));
}

TEST_P(StoreTest, an_error_is_not_remembered_for_its_commit_id) {
    const CommitId id = CommitId::random();
    EXPECT_FALSE(write([](Transaction&) -> Result<std::string> { return fail(ErrorCode::denied, ""); }, id));
    const Result<Committed> done = write([](Transaction&) -> Result<std::string> { return std::string("done"); }, id);
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->replayed);
}

TEST_P(StoreTest, limits_are_kept) {
    const auto code_of = [](const Result<Committed>& result) { return result ? std::nullopt : std::optional(result.error().code); };
    EXPECT_EQ(code_of(put(std::string(key_max_bytes, 'k'), "")), std::nullopt);
    EXPECT_EQ(code_of(put(std::string(key_max_bytes + 1, 'k'), "")), ErrorCode::invalid);
    EXPECT_EQ(code_of(put("k", std::string(value_max_bytes + 1, 'v'))), ErrorCode::invalid);
    EXPECT_EQ(code_of(put("k", "", {std::string(32, 'p')})), std::nullopt);
    EXPECT_EQ(code_of(put("k", "", {std::string(33, 'p')})), ErrorCode::invalid);
    EXPECT_EQ(code_of(put("k", "", {""})), ErrorCode::invalid);
    EXPECT_EQ(code_of(write([](Transaction&) -> Result<std::string> { return std::string(result_max_bytes, 'r'); })), std::nullopt);
    EXPECT_EQ(code_of(write([](Transaction&) -> Result<std::string> { return std::string(result_max_bytes + 1, 'r'); })),
              ErrorCode::invalid);
    EXPECT_EQ(code_of(write([](Transaction& t) -> Result<std::string> {
                  const std::string value(value_max_bytes, 'v');
                  for (std::size_t i = 0; i <= commit_max_bytes / value_max_bytes; ++i) t.put(std::to_string(i), value);
                  return std::string();
              })),
              ErrorCode::invalid);
    const auto read = [&](Partition partition) {
        return run_to_end(
            store_->read(std::move(partition), Weight::few, [](const Reader& r) { return Result<std::uint64_t>(r.version()); }));
    };
    EXPECT_EQ(read({""}).error().code, ErrorCode::invalid);
    EXPECT_EQ(read({"nobody"}), 0U);
    EXPECT_EQ(get(std::string(key_max_bytes + 1, 'k')), std::nullopt);
    EXPECT_EQ(read(alice), 2U);
    expect_clean();
}

TEST_P(StoreTest, increments_from_many_threads_are_serializable) {
    constexpr int threads = 4;
    constexpr int tasks = 8;
    constexpr int rounds = 20;
    const auto increment = [](Transaction& t) -> Result<std::string> {
        const int before = std::stoi(t.get("n").value_or("0"));
        t.put("n", std::to_string(before + 1));
        t.put(fmt::format("seen-{}", before + 1), std::string(before % 5 == 0 ? 4000 : 10, 's'));
        return std::to_string(before + 1);
    };
    std::atomic<int> mismatches{0};
    std::vector<std::thread> running;
    for (int thread = 0; thread < threads; ++thread) {
        running.emplace_back([&] {
            std::vector<Task<int>> all_tasks;
            for (int task = 0; task < tasks; ++task) {
                all_tasks.push_back([](Store& store, auto body, std::atomic<int>& wrong) -> Task<int> {
                    for (int round = 0; round < rounds; ++round) {
                        const Result<Committed> done = co_await store.write(alice, CommitId::random(), body);
                        // The version counts the same commits as the record does.
                        if (!done || std::to_string(done->version) != done->result) ++wrong;
                        const auto seen = co_await store.read(
                            alice, Weight::few, [](const Reader& r) { return Result<bool>(std::to_string(r.version()) == r.get("n")); });
                        if (!seen || !*seen) ++wrong;
                    }
                    co_return 0;
                }(*store_, increment, mismatches));
            }
            run_to_end(when_all(std::move(all_tasks)));
        });
    }
    for (std::thread& thread : running) thread.join();
    EXPECT_EQ(mismatches, 0);
    EXPECT_EQ(get("n"), std::to_string(threads * tasks * rounds));
    expect_clean();
}

TEST_P(StoreTest, a_read_sees_one_moment) {
    ASSERT_TRUE(put("a", "0"));
    ASSERT_TRUE(put("b", "0"));
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (int i = 1; !stop; ++i) {
            run_to_end(store_->write(alice, std::nullopt, [=](Transaction& t) -> Result<std::string> {
                t.put("a", std::to_string(i));
                t.put("b", std::to_string(i));
                return std::string();
            })).value();
        }
    });
    for (int i = 0; i < 500; ++i) {
        const auto equal = run_to_end(store_->read(alice, i % 10 == 0 ? Weight::many : Weight::few, [](const Reader& r) {
            const std::optional<std::string> a = r.get("a");
            std::this_thread::yield();
            return Result<bool>(a == r.get("b") && all(r, "a", "c") == fmt::format("a={} b={} ", *a, *a));
        }));
        EXPECT_TRUE(equal && *equal);
    }
    stop = true;
    writer.join();
}

TEST_P(StoreTest, partitions_are_listed_in_the_order_of_their_names) {
    for (const char* name : {"u/bob", "q/1", "u/al", "u/alice", "v"}) ASSERT_TRUE(put("k", "", {name}));
    const auto list = [&](std::string prefix, std::string after, std::size_t limit) {
        std::string names;
        const auto found = run_to_end(store_->partitions(std::move(prefix), std::move(after), limit));
        EXPECT_TRUE(found);
        for (const Partition& partition : *found) names += partition.name + " ";
        return names;
    };
    EXPECT_EQ(list("", "", 100), "q/1 u/al u/alice u/bob v ");
    EXPECT_EQ(list("u/", "", 100), "u/al u/alice u/bob ");
    EXPECT_EQ(list("u/", "u/al", 100), "u/alice u/bob ");
    EXPECT_EQ(list("u/", "u/al", 1), "u/alice ");
    EXPECT_EQ(list("u/", "z", 100), "");
    EXPECT_EQ(list("w", "", 100), "");
    EXPECT_EQ(list("", "", 0), "");
    EXPECT_EQ(run_to_end(store_->stats())->partitions, 5U);
}

TEST_P(StoreTest, blobs_come_back_in_pieces) {
    std::string content;
    for (int i = 0; content.size() < 700'000; ++i) content += std::to_string(i);
    const BlobRef blob = make_blob(content);
    EXPECT_EQ(blob.size_bytes, content.size());
    EXPECT_EQ(make_blob(content), blob);  // the same content is the same blob
    EXPECT_EQ(read_blob(blob, 0, content.size()), content);
    EXPECT_EQ(read_blob(blob, 123'456, 1000), content.substr(123'456, 1000));
    EXPECT_EQ(read_blob(blob, content.size() - 3, 1000), content.substr(content.size() - 3));
    EXPECT_EQ(read_blob(blob, content.size() + 5, 1000), "");
    BlobRef missing = blob;
    missing.sha256[0] ^= 1;
    EXPECT_EQ(read_blob(missing, 0, 1).error().code, ErrorCode::not_found);
    EXPECT_EQ(make_blob("").size_bytes, 0U);
    const Result<Stats> stats = run_to_end(store_->stats());
    EXPECT_EQ(stats->blobs, 2U);
    EXPECT_EQ(stats->blob_bytes, content.size());
    expect_clean();
}

TEST_P(StoreTest, a_writer_that_is_let_go_leaves_nothing) {
    {
        Result<std::unique_ptr<BlobWriter>> writer = store_->create_blob();
        ASSERT_TRUE(writer);
        ASSERT_TRUE(run_to_end((*writer)->append(std::string(500'000, 'x'))));
    }
    EXPECT_EQ(run_to_end(store_->stats())->blobs, 0U);
}

TEST_P(StoreTest, blobs_without_references_are_swept_after_a_day) {
    const BlobRef kept = make_blob("kept");
    const BlobRef unused = make_blob("unused");
    const BlobRef dropped = make_blob("dropped");
    const auto change = [&](const BlobRef& blob, int by, const Partition& partition) {
        return write(
            [=](Transaction& t) -> Result<std::string> {
                for (int i = 0; i < by; ++i) t.refer(blob);
                for (int i = 0; i > by; --i) t.release(blob);
                return std::string();
            },
            std::nullopt, partition);
    };
    ASSERT_TRUE(change(kept, 2, alice));
    ASSERT_TRUE(change(kept, -1, alice));
    ASSERT_TRUE(change(dropped, 1, alice));
    ASSERT_TRUE(change(dropped, 1, {"bob"}));
    ASSERT_TRUE(change(dropped, -1, alice));
    EXPECT_FALSE(change(dropped, -1, alice));
    EXPECT_EQ(run_to_end(store_->sweep_blobs()), 0U);  // all are young

    later_s_ = 26 * 3600;
    EXPECT_EQ(run_to_end(store_->sweep_blobs()), 1U);  // "unused"
    EXPECT_EQ(read_blob(unused, 0, 10).error().code, ErrorCode::not_found);
    EXPECT_EQ(read_blob(kept, 0, 10), "kept");
    EXPECT_EQ(read_blob(dropped, 0, 10), "dropped");

    ASSERT_TRUE(change(dropped, -1, {"bob"}));
    later_s_ = 60 * 3600;
    EXPECT_EQ(run_to_end(store_->sweep_blobs()), 1U);
    EXPECT_EQ(read_blob(dropped, 0, 10).error().code, ErrorCode::not_found);
    EXPECT_EQ(read_blob(kept, 0, 10), "kept");
    expect_clean();

    // What was swept can come again.
    EXPECT_EQ(make_blob("unused"), unused);
    EXPECT_EQ(read_blob(unused, 0, 10), "unused");
}

TEST_P(StoreTest, a_reference_without_its_blob_is_found) {
    BlobRef blob;
    blob.size_bytes = 5;
    ASSERT_TRUE(write([&](Transaction& t) -> Result<std::string> { return t.refer(blob), std::string(); }));
    const auto findings = run_to_end(store_->verify());
    ASSERT_TRUE(findings);
    ASSERT_EQ(findings->size(), 1U);
    EXPECT_EQ(findings->front().partition, "alice");
}

TEST(PrefixEnd, is_the_key_after_all_with_the_prefix) {
    EXPECT_EQ(prefix_end("ab"), "ac");
    EXPECT_EQ(prefix_end("a\xff\xff"), "b");
    EXPECT_GT(prefix_end(""), std::string(key_max_bytes, '\xff'));
    EXPECT_GT(prefix_end("\xff"), std::string(key_max_bytes, '\xff'));
}

}  // namespace
}  // namespace packetboat::store
