#include "delivery/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/executor.h"
#include "delivery/queue_read.h"
#include "delivery/queue_record.h"
#include "store/memory.h"

namespace packetboat::delivery {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time start{1'700'000'000'000'000};

mailbox::Content content_of(std::string bytes) {
    const std::uint64_t size = bytes.size();
    return {std::make_shared<const std::string>(std::move(bytes)), std::nullopt, size};
}

QueueEntry entry_for(std::initializer_list<std::string_view> recipients, Time arrived = start) {
    QueueEntry entry;
    entry.reverse_path = "sender@example.org";
    entry.arrived = arrived;
    for (const std::string_view address : recipients) {
        QueuedRecipient& recipient = entry.recipients.emplace_back();
        recipient.address = address;
        recipient.due = arrived;
    }
    return entry;
}

class QueueTest : public testing::Test {
protected:
    template <class T>
    T run(Task<T> task) {
        return run_to_end(std::move(task));
    }
    Id128 add(QueueEntry entry, std::string content = "hello\r\n") {
        const Result<Id128> id = run(queue_.add(std::move(entry), content_of(std::move(content))));
        EXPECT_TRUE(id) << id.error().text;
        return id.value_or(Id128{});
    }
    std::vector<Id128> ids(const Result<std::vector<QueueEntry>>& entries) {
        std::vector<Id128> out;
        for (const QueueEntry& entry : entries.value()) out.push_back(entry.id);
        return out;
    }
    std::vector<std::string> findings() {
        std::vector<std::string> lines;
        for (const store::Finding& finding : run(queue_.verify()).value()) lines.push_back(finding.what);
        for (const store::Finding& finding : run(store_->verify()).value()) lines.push_back(finding.what);
        return lines;
    }
    void damage(std::move_only_function<void(store::Transaction&)> body) {
        const auto written =
            run(store_->write(queue_partition(), std::nullopt, [&](store::Transaction& transaction) -> Result<std::string> {
                body(transaction);
                return std::string();
            }));
        ASSERT_TRUE(written);
    }

    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    Queue queue_{*store_, {.entries_max = 3, .recipients_max = 4}};
};

TEST_F(QueueTest, an_entry_comes_back_as_it_was_put) {
    QueueEntry entry = entry_for({"x@example.org", "y@example.net"});
    entry.id = Id128::random();
    entry.envid = "QQ314159";
    entry.ret = "HDRS";
    entry.smtputf8 = true;
    entry.body = Body::binary_mime;
    entry.skip_bytes = 3;
    entry.recipients[0].orcpt = "rfc822;x@example.org";
    entry.recipients[0].notify = 6;
    entry.recipients[0].original = "team@example.test";
    entry.recipients[1].local = true;
    entry.recipients[1].account = directory::AccountId{7};
    entry.recipients[1].attempts = 2;
    entry.recipients[1].last_error = "the disk is full";
    entry.recipients[1].status = "4.3.1";
    entry.recipients[1].report = Report::delayed;
    entry.recipients[1].warned = true;
    entry.recipients[0].held = true;
    entry.recipients[0].diagnostic = "450 4.2.0 later";
    entry.recipients[0].remote = "mx.example.org";
    entry.require_tls = true;
    ASSERT_EQ(add(entry), entry.id);

    entry.size_bytes = 7;
    entry.recipients[0].number = 1;
    entry.recipients[1].number = 2;
    EXPECT_EQ(run(queue_.get(entry.id)).value(), entry);
    EXPECT_EQ(*run(queue_.content(entry.id)).value().bytes, "hello\r\n");
    EXPECT_EQ(run(queue_.size()).value(), 1U);
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST_F(QueueTest, the_last_dialogue_of_each_domain_is_kept_and_its_end_rather_than_its_beginning) {
    const Id128 id = add(entry_for({"a@example.org", "b@example.net"}));
    const auto said = [&](std::string domain, std::string text) {
        ASSERT_TRUE(run(queue_.change(id, [](QueueEntry&) -> Result<> { return {}; }, QueueDialogue{std::move(domain), std::move(text)})));
    };
    const auto kept = [&] { return run(queue_.dialogues(id)).value(); };
    EXPECT_TRUE(kept().empty());
    said("example.org", "first\n");
    said("example.net", "other\n");
    said("example.org", "second\n");
    EXPECT_EQ(kept(), (std::vector<QueueDialogue>{{"example.net", "other\n"}, {"example.org", "second\n"}}));
    said("example.net", "");
    EXPECT_EQ(kept(), (std::vector<QueueDialogue>{{"example.org", "second\n"}}));

    said("example.org", "begin\n" + std::string(20'000, 'x') + "\n550 no\n");
    EXPECT_EQ(kept()[0].text, "(what was said before is left out)\n550 no\n");
    said("example.org", std::string(20'000, 'x'));
    EXPECT_LT(kept()[0].text.size(), 16U * 1024 + 100);
    for (char c = 'a'; c < 'h'; ++c) said(std::string(1, c), std::string(16 * 1024, c));
    EXPECT_EQ(kept().size(), 3U);
    EXPECT_EQ(kept().back().domain, "g");
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST(QueueLists, are_cut_short_where_there_are_many_recipients) {
    const std::unique_ptr<store::Store> store = store::make_memory_store();
    Queue queue(*store, {.entries_max = 100, .recipients_max = 4000});
    constexpr std::size_t entries = 7;
    for (std::size_t i = 0; i < entries; ++i) {
        QueueEntry entry = entry_for({}, start + seconds(static_cast<int>(i)));
        for (int n = 0; n < 3000; ++n) entry.recipients.push_back({.address = std::to_string(n) + "@example.org"});
        ASSERT_TRUE(run_to_end(queue.add(std::move(entry), content_of("x"))));
    }
    std::size_t met = 0;
    Queue::Position last;
    for (;;) {
        const std::vector<QueueEntry> page = run_to_end(queue.list_after(last, 100)).value();
        if (page.empty()) break;
        EXPECT_LE(page.size(), 4U);
        met += page.size();
        last = {page.back().arrived, page.back().id};
    }
    EXPECT_EQ(met, entries);
    std::map<Id128, std::size_t> counted;
    std::optional<Id128> after = Id128{};
    while (after) {
        const Queue::Recipients page = run_to_end(queue.recipients_after(*after, 100)).value();
        EXPECT_LE(page.entries.size(), 4U);
        for (const QueueEntry& entry : page.entries) counted[entry.id] += entry.recipients.size();
        after = page.last;
    }
    EXPECT_EQ(counted.size(), entries);
    for (const auto& [id, count] : counted) EXPECT_EQ(count, 3000U);
}

TEST_F(QueueTest, recipients_are_counted_without_the_envelopes) {
    std::map<Id128, std::size_t> added;
    for (int i = 0; i < 3; ++i) {
        added.emplace(add(i % 2 == 0 ? entry_for({"a@example.org", "b@example.net"}, start + seconds(i)) : entry_for({"c@example.org"})),
                      i % 2 == 0 ? 2 : 1);
    }
    for (const std::size_t page : {1U, 2U, 3U, 100U}) {
        std::map<Id128, std::size_t> counted;
        std::optional<Id128> last = Id128{};
        while (last) {
            const Queue::Recipients found = run(queue_.recipients_after(*last, page)).value();
            EXPECT_LE(found.entries.size(), page);
            for (const QueueEntry& entry : found.entries) {
                EXPECT_TRUE(counted.emplace(entry.id, entry.recipients.size()).second);
                EXPECT_EQ(entry.arrived, run(queue_.get(entry.id)).value().arrived);
            }
            last = found.last;
        }
        EXPECT_EQ(counted, added) << page;
    }
    EXPECT_FALSE(run(queue_.recipients_after(Id128{}, 0)).value().last);
}

TEST_F(QueueTest, entries_are_listed_in_the_order_of_their_arrival) {
    const Id128 second = add(entry_for({"b@example.org"}, start + seconds(1)));
    const Id128 first = add(entry_for({"a@example.org"}, start));
    const Id128 third = add(entry_for({"c@example.org"}, start + seconds(2)));
    EXPECT_EQ(ids(run(queue_.list(std::nullopt, 10))), (std::vector{first, second, third}));
    EXPECT_EQ(ids(run(queue_.list(std::nullopt, 2))), (std::vector{first, second}));
    EXPECT_EQ(ids(run(queue_.list(second, 10))), std::vector{third});
    EXPECT_EQ(ids(run(queue_.list(third, 10))), std::vector<Id128>());
    EXPECT_EQ(ids(run(queue_.list(std::nullopt, 0))), std::vector<Id128>());

    ASSERT_TRUE(run(queue_.remove(second)));
    EXPECT_EQ(run(queue_.list(second, 10)).error().code, ErrorCode::not_found);
    EXPECT_EQ(ids(run(queue_.list_after({start + seconds(1), second}, 10))), std::vector{third});
}

TEST_F(QueueTest, a_full_queue_takes_no_more) {
    add(entry_for({"a@example.org"}));
    add(entry_for({"b@example.org"}));
    const Id128 last = add(entry_for({"c@example.org"}));
    EXPECT_EQ(run(queue_.add(entry_for({"d@example.org"}), content_of("x"))).error().code, ErrorCode::too_many);
    ASSERT_TRUE(run(queue_.remove(last)));
    EXPECT_TRUE(run(queue_.add(entry_for({"d@example.org"}), content_of("x"))));
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST_F(QueueTest, what_may_not_be_kept_is_refused) {
    const auto refusal = [&](QueueEntry entry) { return run(queue_.add(std::move(entry), content_of("x"))).error().code; };
    EXPECT_EQ(refusal(entry_for({"1@x.org", "2@x.org", "3@x.org", "4@x.org", "5@x.org"})), ErrorCode::too_many);
    EXPECT_EQ(refusal(entry_for({})), ErrorCode::invalid);
    QueueEntry entry = entry_for({"x@example.org"});
    entry.reverse_path.assign(queue_text_max_bytes + 1, 'x');
    EXPECT_EQ(refusal(entry), ErrorCode::invalid);
    entry = entry_for({"x@example.org"});
    entry.skip_bytes = 2;
    EXPECT_EQ(refusal(entry), ErrorCode::invalid);
    EXPECT_EQ(run(queue_.add(entry_for({"x@example.org"}), {})).error().code, ErrorCode::invalid);
    EXPECT_EQ(run(queue_.size()).value(), 0U);
}

TEST_F(QueueTest, the_same_entry_is_added_once) {
    QueueEntry entry = entry_for({"x@example.org"});
    entry.id = Id128::random();
    add(entry);
    add(entry);
    EXPECT_EQ(run(queue_.size()).value(), 1U);
    // Not even when it has been served meanwhile.
    ASSERT_TRUE(run(queue_.remove(entry.id)));
    entry.arrived = start + seconds(1);
    entry.recipients[0].due = start + seconds(1);
    add(entry);
    EXPECT_EQ(run(queue_.size()).value(), 0U);
}

TEST_F(QueueTest, adding_under_an_id_that_is_there_adds_the_recipients_that_are_lacking) {
    QueueEntry entry = entry_for({"x@example.org"});
    entry.id = Id128::random();
    add(entry);
    QueueEntry more = entry_for({"x@example.org", "bob@example.test"});
    more.id = entry.id;
    more.recipients[1].local = true;
    more.recipients[1].account = directory::AccountId{2};
    add(more);
    more.recipients[1].address = "bob+tag@example.test";  // the same account
    add(more);

    const QueueEntry kept = run(queue_.get(entry.id)).value();
    ASSERT_EQ(kept.recipients.size(), 2U);
    EXPECT_EQ(kept.recipients[1].address, "bob@example.test");
    EXPECT_EQ(kept.recipients[1].number, 2U);
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST_F(QueueTest, a_large_content_is_a_blob_that_goes_with_its_entry) {
    const std::string large(64 * 1024 + 1, 'x');
    const Id128 id = add(entry_for({"x@example.org"}), large);
    const mailbox::Content content = run(queue_.content(id)).value();
    ASSERT_TRUE(content.blob);
    EXPECT_FALSE(content.bytes);
    EXPECT_EQ(content.size_bytes, large.size());
    const auto reader = run(store_->open_blob(*content.blob));
    EXPECT_EQ(run((*reader)->read(0, large.size())).value(), large);
    EXPECT_EQ(findings(), std::vector<std::string>());

    // release() of what is not referred to is refused, so a second removal would say so.
    ASSERT_TRUE(run(queue_.remove(id)));
    EXPECT_EQ(run(queue_.get(id)).error().code, ErrorCode::not_found);
    EXPECT_EQ(run(queue_.content(id)).error().code, ErrorCode::not_found);
    EXPECT_EQ(run(queue_.remove(id)).error().code, ErrorCode::not_found);
    EXPECT_EQ(findings(), std::vector<std::string>());
    EXPECT_EQ(run(store_->stats()).value().records, 1U);  // the count
}

TEST_F(QueueTest, an_update_keeps_what_is_the_queues_own) {
    const Id128 id = add(entry_for({"x@example.org", "y@example.org", "z@example.org"}));
    QueueEntry entry = run(queue_.get(id)).value();
    entry.arrived = start + minutes(9);
    entry.size_bytes = 0;
    entry.recipients.erase(entry.recipients.begin() + 1);
    entry.recipients[0].due = start + minutes(5);
    entry.recipients[0].attempts = 1;
    entry.recipients[0].last_error = "no route to host";
    ASSERT_TRUE(run(queue_.update(entry)));

    entry.arrived = start;
    entry.size_bytes = 7;
    EXPECT_EQ(run(queue_.get(id)).value(), entry);
    EXPECT_EQ(findings(), std::vector<std::string>());

    // A number is not given again.
    entry.recipients.push_back({.address = "w@example.org"});
    ASSERT_TRUE(run(queue_.update(entry)));
    EXPECT_EQ(run(queue_.get(id)).value().recipients.back().number, 4U);
    entry.recipients.back().number = 1;
    EXPECT_EQ(run(queue_.update(entry)).error().code, ErrorCode::invalid);
    entry.recipients.back().number = 9;
    EXPECT_EQ(run(queue_.update(entry)).error().code, ErrorCode::invalid);
    EXPECT_EQ(run(queue_.update({.id = Id128::random(), .recipients = entry.recipients})).error().code, ErrorCode::not_found);
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST_F(QueueTest, an_entry_without_recipients_left_is_removed) {
    const Id128 id = add(entry_for({"x@example.org"}));
    ASSERT_TRUE(run(queue_.change(id, [](QueueEntry& entry) -> Result<> {
        entry.recipients.clear();
        return {};
    })));
    EXPECT_EQ(run(queue_.size()).value(), 0U);
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST_F(QueueTest, a_change_that_answers_an_error_changes_nothing) {
    const Id128 id = add(entry_for({"x@example.org"}));
    const QueueEntry before = run(queue_.get(id)).value();
    const Result<> changed = run(queue_.change(id, [](QueueEntry& entry) -> Result<> {
        entry.recipients.clear();
        return fail(ErrorCode::conflict, "somebody holds it");
    }));
    EXPECT_EQ(changed.error().code, ErrorCode::conflict);
    EXPECT_EQ(run(queue_.get(id)).value(), before);
}

TEST_F(QueueTest, long_errors_are_cut_between_characters) {
    QueueEntry entry = entry_for({"x@example.org"});
    entry.recipients[0].last_error = std::string(511, 'x') + "é";
    const Id128 id = add(entry);
    EXPECT_EQ(run(queue_.get(id)).value().recipients[0].last_error, std::string(511, 'x'));
}

TEST_F(QueueTest, work_that_is_due_is_found_by_kind_and_time) {
    QueueEntry both = entry_for({"x@example.org", "bob@example.test"});
    both.recipients[1].local = true;
    both.recipients[1].due = start + minutes(1);
    const Id128 first = add(both);
    QueueEntry local = entry_for({"carol@example.test"}, start + seconds(1));
    local.recipients[0].local = true;
    local.recipients[0].due = start + seconds(30);
    const Id128 second = add(local);

    EXPECT_EQ(run(queue_.relay_due({}, start, 10)).value().at(0).id, first);
    EXPECT_EQ(ids(run(queue_.due(Work::deliver, start, 10))), std::vector<Id128>());
    EXPECT_EQ(ids(run(queue_.due(Work::deliver, start + seconds(30), 10))), std::vector{second});
    EXPECT_EQ(ids(run(queue_.due(Work::deliver, start + minutes(1), 10))), (std::vector{second, first}));
    EXPECT_EQ(ids(run(queue_.due(Work::deliver, start + minutes(1), 1))), std::vector{second});

    ASSERT_TRUE(run(queue_.change(second, [](QueueEntry& entry) -> Result<> {
        entry.recipients[0].report = Report::failed;
        return {};
    })));
    EXPECT_EQ(ids(run(queue_.due(Work::deliver, start + minutes(1), 10))), std::vector{first});
    EXPECT_EQ(ids(run(queue_.due(Work::tell_sender, start + minutes(1), 10))), std::vector{second});
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST_F(QueueTest, each_domain_is_due_by_itself) {
    std::vector<RelayDue> told;
    queue_.watch([&](std::vector<RelayDue> dues) { told = std::move(dues); });
    QueueEntry entry = entry_for({"x@example.org", "y@example.net", "z@example.org", "bob@example.test"});
    entry.recipients[0].due = start + minutes(2);
    entry.recipients[1].due = start + minutes(3);
    entry.recipients[3].local = true;
    const Id128 id = add(entry);
    const auto dues = [&](Time until) { return run(queue_.relay_due({}, until, 10)).value(); };
    ASSERT_EQ(dues(start + minutes(3)).size(), 2U);
    EXPECT_EQ(dues(start + minutes(3)), told.at(0).domain == "example.org" ? told : (std::vector{told.at(1), told.at(0)}));
    EXPECT_EQ(dues(start).at(0).domain, "example.org");
    EXPECT_EQ(dues(start).at(0).due, start);
    EXPECT_EQ(dues(start).at(0).begins, start);
    EXPECT_EQ(run(queue_.relay_due(dues(start).at(0), start + minutes(3), 10)).value().at(0).domain, "example.net");

    ASSERT_TRUE(run(queue_.change(
        id,
        [](QueueEntry& kept) -> Result<> {
            kept.recipients[2].report = Report::failed;
            kept.recipients[1].held = true;
            kept.recipients[0].report = Report::delayed;
            kept.recipients[0].warned = true;
            return {};
        },
        QueueDialogue{"example.org", "220 hello"})));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].due, start + minutes(2));
    EXPECT_TRUE(told[0].warned);
    EXPECT_EQ(dues(start + minutes(9)), told);
    EXPECT_EQ(ids(run(queue_.due(Work::tell_sender, start + minutes(9), 10))), std::vector{id});
    EXPECT_EQ(run(queue_.dialogues(id)).value(), (std::vector<QueueDialogue>{{"example.org", "220 hello"}}));
    EXPECT_EQ(findings(), std::vector<std::string>());

    ASSERT_TRUE(run(queue_.remove(id)));
    EXPECT_EQ(run(queue_.dialogues(id)).error().code, ErrorCode::not_found);
    EXPECT_TRUE(dues(start + minutes(9)).empty());
    EXPECT_EQ(findings(), std::vector<std::string>());
}

TEST_F(QueueTest, verify_finds_what_is_broken) {
    const Id128 id = add(entry_for({"x@example.org"}));
    const Id128 stranger = Id128::random();
    const auto finds = [&](std::move_only_function<void(store::Transaction&)> body, std::string_view what) {
        std::vector<std::pair<std::string, std::string>> before;
        damage([&](store::Transaction& transaction) {
            transaction.scan("", "\xff", [&](std::string_view key, std::string_view record) {
                before.emplace_back(key, record);
                return true;
            });
            body(transaction);
        });
        const std::vector<std::string> found = findings();
        EXPECT_TRUE(std::ranges::any_of(found, [&](const std::string& line) { return line.contains(what); })) << what;
        damage([&](store::Transaction& transaction) {
            transaction.scan("", "\xff", [&](std::string_view key, std::string_view) {
                transaction.erase(key);
                return true;
            });
            for (const auto& [key, record] : before) transaction.put(key, record);
        });
        EXPECT_EQ(findings(), std::vector<std::string>()) << "after " << what;
    };
    finds([&](auto& t) { t.put(count_key, encode_number(2)); }, "count is 2");
    finds([&](auto& t) { t.put(count_key, "?"); }, "count cannot be read");
    finds([&](auto& t) { t.erase(count_key); }, "count is missing");
    finds([&](auto& t) { t.put("x", ""); }, "none of ours");
    finds([&](auto& t) { t.erase(content_key(id)); }, "content is missing");
    finds([&](auto& t) { t.put(content_key(id), "short"); }, "size is not its content's");
    finds([&](auto& t) { t.put(content_key(stranger), "x"); }, "content without its entry");
    finds([&](auto& t) { t.erase(recipient_key(id, 1)); }, "no recipient");
    finds([&](auto& t) { t.put(recipient_key(id, 1), "?"); }, "recipient of");
    finds([&](auto& t) { t.put(recipient_key(id, 7), encode_recipient({.address = "x"})); }, "never given");
    finds([&](auto& t) { t.put(recipient_key(stranger, 1), encode_recipient({})); }, "recipient without its entry");
    finds([&](auto& t) { t.put(entry_key(start, id), "?"); }, "envelope of");
    finds([&](auto& t) { t.erase(entry_key(start, id)); }, "leads to no entry");
    finds([&](auto& t) { t.erase(id_key(id)); }, "index does not lead");
    finds([&](auto& t) { t.put(id_key(stranger), encode_number(5)); }, "leads to no entry");
    finds([&](auto& t) { t.erase(relay_key({.due = start, .id = id, .domain = "example.org"})); }, "due time is missing");
    finds([&](auto& t) { t.put(due_key(Work::deliver, start, id), ""); }, "not its own");
    finds([&](auto& t) { t.put(relay_key({.due = start, .id = id, .domain = "example.org"}), "?"); }, "due time is missing");
    finds([&](auto& t) { t.put(dialogue_key(stranger), ""); }, "dialogue without");
    finds([&](auto& t) { t.put(due_key(Work::deliver, start, stranger), ""); }, "due time without");
}

TEST_F(QueueTest, a_broken_entry_does_not_hide_the_others) {
    const Id128 broken = add(entry_for({"x@example.org"}));
    const Id128 whole = add(entry_for({"y@example.org"}, start + seconds(1)));
    damage([&](store::Transaction& transaction) { transaction.put(entry_key(start, broken), "?"); });
    EXPECT_EQ(ids(run(queue_.list(std::nullopt, 1))), std::vector{whole});
    EXPECT_EQ(run(queue_.get(broken)).error().code, ErrorCode::internal);
}

TEST(QueueVerify, goes_through_a_queue_of_many_pages) {
    const std::unique_ptr<store::Store> store = store::make_memory_store();
    Queue queue(*store, {});
    for (int i = 0; i < 300; ++i)
        ASSERT_TRUE(run_to_end(queue.add(entry_for({"x@example.org", "y@example.org"}, start + seconds(i)), content_of("x"))));
    EXPECT_EQ(run_to_end(queue.verify()).value().size(), 0U);
    EXPECT_EQ(run_to_end(queue.list(std::nullopt, 1000)).value().size(), 300U);
}

}  // namespace
}  // namespace packetboat::delivery
