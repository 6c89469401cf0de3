#include "mailbox/edit.h"
#include "mailbox/testing/fixture.h"

// What is read of the store, counted by a store that stands before another.
namespace packetboat::mailbox {
namespace {

struct Reads {
    std::uint64_t records = 0;
    std::uint64_t bodies = 0;
    std::uint64_t emails = 0;

    void count(std::string_view key) {
        ++records;
        if (key.starts_with("B")) ++bodies;
        if (key.starts_with("E")) ++emails;
    }
};

class CountingReader final : public store::Reader {
public:
    CountingReader(const store::Reader& inner, Reads& reads) : inner_(inner), reads_(reads) {}

    std::optional<std::string> get(std::string_view key) const override {
        reads_.count(key);
        return inner_.get(key);
    }
    void scan(std::string_view from, std::string_view to, const Visit& visit) const override { inner_.scan(from, to, counting(visit)); }
    void scan_back(std::string_view from, std::string_view to, const Visit& visit) const override {
        inner_.scan_back(from, to, counting(visit));
    }
    std::uint64_t version() const override { return inner_.version(); }

private:
    Visit counting(const Visit& visit) const {
        return [this, &visit](std::string_view key, std::string_view value) {
            reads_.count(key);
            return visit(key, value);
        };
    }
    const store::Reader& inner_;
    Reads& reads_;
};

class CountingStore final : public store::Store {
public:
    explicit CountingStore(store::Store& inner) : inner_(inner) {}
    Reads reads;

    Task<Result<store::Committed>> write(store::Partition p, std::optional<store::CommitId> id, store::WriteBody body) override {
        return inner_.write(std::move(p), id, std::move(body));
    }
    Result<std::unique_ptr<store::BlobWriter>> create_blob() override { return inner_.create_blob(); }
    Task<Result<std::unique_ptr<store::BlobReader>>> open_blob(const store::BlobRef& blob) override { return inner_.open_blob(blob); }
    Task<Result<std::uint64_t>> sweep_blobs() override { return inner_.sweep_blobs(); }
    Task<Result<std::vector<store::Partition>>> partitions(std::string prefix, std::string after, std::size_t limit) override {
        return inner_.partitions(std::move(prefix), std::move(after), limit);
    }
    Task<Result<std::vector<store::Finding>>> verify() override { return inner_.verify(); }
    Task<Result<store::Stats>> stats() override { return inner_.stats(); }
    bool failed() const override { return inner_.failed(); }

protected:
    Task<Result<>> read_any(store::Partition partition, store::Weight weight, store::ReadBody body) override {
        const Result<bool> done = co_await inner_.read(std::move(partition), weight, [&](const store::Reader& reader) -> Result<bool> {
            body(CountingReader(reader, reads));
            return true;
        });
        if (!done) co_return fail(done.error());
        co_return Result<>();
    }

private:
    store::Store& inner_;
};

class MailScan : public MailTest {};
INSTANTIATE_TEST_SUITE_P(on, MailScan, testing::Values(Engine::memory), [](const auto&) { return "memory"; });

TEST_P(MailScan, a_mailbox_of_100_000_messages_opens_without_reading_a_body_or_an_email) {
    const Content content = must(mail->settle(content_of("a body")));
    // A thousand in a commit, which no caller of Mail can: a hundred thousand commits would tell nothing more.
    for (int commit = 0; commit < 100; ++commit) {
        must(store->write(account, {}, [&](store::Transaction& t) -> Result<std::string> {
            Result<Edit> edit = Edit::open(t, account, mail->limits());
            for (int i = 0; i < 1'000; ++i) {
                if (!edit->add({.content = content}, *content.guid)) return fail(ErrorCode::internal, "an add failed");
            }
            if (Result<> closed = edit->close(); !closed) return fail(closed.error());
            return std::string();
        }));
    }
    CountingStore counting(*store);
    Mail counted(counting, {});

    const Mailbox inbox = must(counted.mailbox(account, Role::inbox));
    EXPECT_EQ(inbox.emails, 100'000U);
    EXPECT_LE(counting.reads.records, 2U) << "STATUS is the mailbox's record";

    const std::vector<Row> rows = must(counted.rows(account, inbox.id));
    ASSERT_EQ(rows.size(), 100'000U);
    EXPECT_EQ(rows[99'999].uid, 100'000U);
    EXPECT_EQ(must(counted.rows(account, inbox.id, RowDetail::keywords)).size(), 100'000U);
    EXPECT_EQ(counting.reads.bodies, 0U);
    EXPECT_EQ(counting.reads.emails, 0U);

    must(counted.body(account, rows[5].email));
    EXPECT_EQ(counting.reads.bodies, 1U);
}

}  // namespace
}  // namespace packetboat::mailbox
