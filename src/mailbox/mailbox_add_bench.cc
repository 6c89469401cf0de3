#include <ctime>

#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/executor.h"
#include "mailbox/mailbox.h"
#include "store/memory.h"
#include "store/rocks.h"

// What one message of 4 KB costs on its way into a mailbox, in CPU of the whole process: `mailbox_add_bench [messages]`.
// "no store" is a store that keeps the few records an add reads and forgets the rest: what is left is this room's own work.
namespace packetboat::mailbox {
namespace {

class Forgetful final : public store::Store {
    class Memory final : public store::Transaction {
    public:
        std::map<std::string, std::string, std::less<>> kept;
        std::uint64_t commits = 0;

        std::optional<std::string> get(std::string_view key) const override {
            const auto found = kept.find(key);
            if (found == kept.end()) return std::nullopt;
            return found->second;
        }
        void scan(std::string_view, std::string_view, const Visit&) const override {}
        void scan_back(std::string_view, std::string_view, const Visit&) const override {}
        std::uint64_t version() const override { return commits + 1; }
        void put(std::string_view key, std::string_view value) override {
            if (key.starts_with("A") || key.starts_with("M")) kept.insert_or_assign(std::string(key), std::string(value));
        }
        void erase(std::string_view) override {}
        void refer(const store::BlobRef&) override {}
        void release(const store::BlobRef&) override {}
    };

public:
    Task<Result<store::Committed>> write(store::Partition, std::optional<store::CommitId>, store::WriteBody body) override {
        Result<std::string> result = body(memory_);
        if (!result) co_return fail(std::move(result).error());
        co_return store::Committed{.version = ++memory_.commits, .result = std::move(*result)};
    }
    Result<std::unique_ptr<store::BlobWriter>> create_blob() override { return fail(ErrorCode::unavailable, "no blobs"); }
    Task<Result<std::unique_ptr<store::BlobReader>>> open_blob(const store::BlobRef&) override {
        co_return fail(ErrorCode::not_found, "no blobs");
    }
    Task<Result<std::uint64_t>> sweep_blobs() override { co_return std::uint64_t{0}; }
    Task<Result<std::vector<store::Partition>>> partitions(std::string, std::string, std::size_t) override {
        co_return std::vector<store::Partition>();
    }
    Task<Result<std::vector<store::Finding>>> verify() override { co_return std::vector<store::Finding>(); }
    Task<Result<store::Stats>> stats() override { co_return store::Stats(); }
    bool failed() const override { return false; }

protected:
    Task<Result<>> read_any(store::Partition, store::Weight, store::ReadBody body) override {
        body(memory_);
        co_return Result<>();
    }

private:
    Memory memory_;
};

double cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void report(const char* what, int count, const std::function<void()>& run) {
    const double before = cpu_us();
    run();
    fmt::print("{:<44} {:8.2f} us CPU a message\n", what, (cpu_us() - before) / count);
}

Content message() {
    std::string bytes(4096, 'x');
    const std::uint64_t size = bytes.size();
    return {.bytes = std::make_shared<const std::string>(std::move(bytes)), .size_bytes = size};
}

Task<> add_some(Mail& mail, Content content, int count) {
    for (int i = 0; i < count; ++i) {
        const Result<Added> added = co_await mail.add({"a-bench"}, Id128::random(), {.content = content});
        if (!added) std::abort();
    }
}

Task<> add_side_by_side(Mail& mail, Content content, int count, int writers) {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < writers; ++i) {
        tasks.push_back([](Mail& to, Content what, int many) -> Task<int> {
            co_await add_some(to, std::move(what), many);
            co_return 0;
        }(mail, content, count / writers));
    }
    co_await when_all(std::move(tasks));
}

void on_rocks(int count, int writers, const Content& settled) {
    std::string name = (std::filesystem::temp_directory_path() / "packetboat-bench-XXXXXX").string();
    const std::filesystem::path directory = mkdtemp(name.data());
    {
        auto store = store::open_rocks({.directory = directory});
        if (!store) std::abort();
        Mail mail(**store, {});
        RunLoop loop;
        report(fmt::format("RocksDB, durable, {} writers", writers).c_str(), count,
               [&] { loop.run(add_side_by_side(mail, settled, count, writers)); });
    }
    std::filesystem::remove_all(directory);
}

void run(int count) {
    RunLoop loop;
    Forgetful forgetful;
    Mail bare(forgetful, {});
    const Content fresh = message();
    const Content settled = *loop.run(bare.settle(fresh));
    report("no store, guid known", count, [&] { loop.run(add_some(bare, settled, count)); });
    report("no store, guid computed (SHA-256)", count, [&] { loop.run(add_some(bare, fresh, count)); });
    const std::unique_ptr<store::Store> memory = store::make_memory_store();
    Mail remembered(*memory, {});
    report("memory store", count, [&] { loop.run(add_some(remembered, settled, count)); });
    for (const int writers : {1, 16, 64}) on_rocks(writers == 1 ? count / 10 : count, writers, settled);
}

}  // namespace
}  // namespace packetboat::mailbox

int main(int argc, char** argv) { packetboat::mailbox::run(argc > 1 ? std::atoi(argv[1]) : 20'000); }
