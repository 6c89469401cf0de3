#include <algorithm>

#include "mailbox/keys.h"
#include "mailbox/records.h"
#include "mailbox/testing/fixture.h"

namespace packetboat::mailbox {
namespace {

// Breaks one record at a time and expects verify() to say so.
class MailVerify : public MailTest {
protected:
    void SetUp() override {
        email = add("a body", {.keywords = {"$flagged", "mine"}});
        blob = add(std::string(70'000, 'b'));
        work = must(mail->create_mailbox(account, "Work", {}, Role::none));
        expect_sound();
    }
    void write(const std::function<void(store::Transaction&)>& change) {
        must(store->write(account, {}, [&](store::Transaction& t) -> Result<std::string> {
            change(t);
            return std::string();
        }));
    }
    void put(const std::string& key, const std::string& value) {
        write([&](store::Transaction& t) { t.put(key, value); });
    }
    void erase(const std::string& key) {
        write([&](store::Transaction& t) { t.erase(key); });
    }
    std::string get(const std::string& key) {
        return *must(store->read(account, store::Weight::few,
                                 [&](const store::Reader& r) -> Result<std::optional<std::string>> { return r.get(key); }));
    }
    template <class Change>
    void change_account(Change change) {
        AccountRecord record = *decode_account(get(std::string(key::account)));
        change(record);
        put(std::string(key::account), encode(record));
    }
    template <class Change>
    void change_inbox(Change change) {
        Mailbox record = *decode_mailbox(email.mailbox, get(key::mailbox(email.mailbox)));
        change(record);
        put(key::mailbox(email.mailbox), encode(record));
    }
    template <class Change>
    void change_email(Change change) {
        Email record = *decode_email(email.id, get(key::email(email.id)));
        change(record);
        put(key::email(email.id), encode(record));
    }
    void expect_finding(std::string_view words) {
        const std::vector<std::string> found = findings();
        EXPECT_TRUE(std::ranges::any_of(found, [&](const std::string& what) { return what.contains(words); }))
            << words << "\n"
            << testing::PrintToString(found);
    }

    Added email;
    Added blob;
    MailboxId work{};
};
PACKETBOAT_EVERY_ENGINE(MailVerify);

TEST_P(MailVerify, finds_wrong_usage) {
    change_account([](AccountRecord& a) { ++a.usage.bytes; });
    expect_finding("the account counts 2 emails of 70007 bytes, there are 2 of 70006");
}
TEST_P(MailVerify, finds_ids_that_may_be_given_again) {
    change_account([](AccountRecord& a) {
        a.next_email = 1;
        a.next_mailbox = 2;
        a.last_uidvalidity = 5;
    });
    expect_finding("email 1 has an id not given yet");
    expect_finding("mailbox 3 has an id not given yet");
    expect_finding("a uidvalidity that is another's or not given yet");
}
TEST_P(MailVerify, finds_wrong_mailboxes_and_roles) {
    change_account([](AccountRecord& a) {
        ++a.mailboxes;
        a.with_role(Role::inbox) = MailboxId{2};
    });
    expect_finding("the account counts 8 mailboxes, there are 7");
    expect_finding("roles");
}
TEST_P(MailVerify, finds_wrong_counts_of_a_mailbox) {
    change_inbox([](Mailbox& m) { --m.unseen; });
    expect_finding("mailbox 1 counts 2 emails, 1 unseen, 70006 bytes; there are 2, 2, 70006");
}
TEST_P(MailVerify, finds_a_uidnext_that_would_give_a_uid_twice) {
    change_inbox([](Mailbox& m) { m.uidnext = 2; });
    expect_finding("a UID that is to be given yet");
}
TEST_P(MailVerify, finds_a_mailbox_older_than_its_emails) {
    change_inbox([](Mailbox& m) { m.highest_modseq = 1; });
    expect_finding("has an email newer than it");
}
TEST_P(MailVerify, finds_modseqs_of_the_future) {
    change_inbox([](Mailbox& m) { m.highest_modseq = 1000; });
    change_email([](Email& e) { e.modseq = 1000; });
    expect_finding("mailbox 1 has a modseq of the future");
    expect_finding("email 1 has a modseq of the future");
}
TEST_P(MailVerify, finds_a_lost_placement) {
    erase(key::placement({email.mailbox, email.uid}));
    expect_finding("email 1 is not shown as UID 1 of mailbox 1");
}
TEST_P(MailVerify, finds_a_placement_without_an_email) {
    erase(key::email(email.id));
    expect_finding("its email is not there");
    expect_finding("belongs to no email");
}
TEST_P(MailVerify, finds_a_placement_that_its_email_does_not_know) {
    put(key::placement({email.mailbox, 9}), get(key::placement({email.mailbox, email.uid})));
    expect_finding("UID 9 of mailbox 1: its email does not know it");
}
TEST_P(MailVerify, finds_a_placement_in_no_mailbox) {
    change_email([](Email& e) { e.placements.push_back({MailboxId{66}, 1}); });
    put(key::placement({MailboxId{66}, 1}), get(key::placement({email.mailbox, email.uid})));
    expect_finding("mailbox 66 is not there but has emails");
}
TEST_P(MailVerify, finds_a_placement_that_differs_from_its_email) {
    change_email([](Email& e) { e.keywords = {"$seen"}; });
    expect_finding("its size, modseq or keywords are not its email's");
}
TEST_P(MailVerify, finds_an_email_in_no_mailbox) {
    change_email([](Email& e) { e.placements.clear(); });
    expect_finding("email 1 is in no mailbox");
}
TEST_P(MailVerify, finds_a_body_that_is_missing_or_another) {
    put(key::body(email.id), encode_body("A body"));
    expect_finding("email 1: its body is not the one that came");
    put(key::body(email.id), encode_body("a bod"));
    expect_finding("email 1: its body has not the recorded size");
    erase(key::body(email.id));
    expect_finding("email 1: its body is missing");
}
TEST_P(MailVerify, finds_a_blob_that_is_missing_or_another) {
    Email record = *decode_email(blob.id, get(key::email(blob.id)));
    const Email good = record;
    record.blob->sha256[31] ^= 1;
    put(key::email(blob.id), encode(record));
    expect_finding("email 2: its blob is missing");
    EXPECT_EQ(error(mail->body(account, blob.id)), ErrorCode::internal);
    record = good;
    record.guid.bytes[0] ^= 1;
    put(key::email(blob.id), encode(record));
    expect_finding("email 2: its blob has not the recorded size or name");
}
TEST_P(MailVerify, finds_a_broken_tree_of_mailboxes) {
    Mailbox record = *decode_mailbox(work, get(key::mailbox(work)));
    record.parent = work;
    put(key::mailbox(work), encode(record));
    expect_finding("mailbox 7 lies below a mailbox that is not there or below itself");
    expect_finding("name Work leads to mailbox 7, which has another");
    record.parent = MailboxId{70};
    put(key::mailbox(work), encode(record));
    expect_finding("mailbox 7 lies below");
}
TEST_P(MailVerify, finds_a_lost_name) {
    erase(key::name(MailboxId{}, "Work"));
    expect_finding("6 names lead to 7 mailboxes");
}
TEST_P(MailVerify, finds_a_change_log_with_holes) {
    erase(key::change(2, 0));
    expect_finding("changes in its log, there are");
    put(key::change(1000, 1), encode(std::vector<Change>{{}}));
    expect_finding("out of order at modseq 1000");
}
TEST_P(MailVerify, finds_records_that_cannot_be_read) {
    put(key::mailbox(work), "\x09");
    put(key::email(email.id), "");
    put(key::placement({email.mailbox, email.uid}), "\x01\x01");
    put(key::change(1, 0), "x");
    put(key::name(MailboxId{}, "Work"), "x");
    for (const char* key : {"4d00000007", "450000000000000001", "500000000100000001", "4c000000000000000100000000", "4e00000000576f726b"}) {
        expect_finding("record " + std::string(key) + " cannot be read");
    }
    EXPECT_EQ(error(mail->email(account, email.id)), ErrorCode::internal);
    EXPECT_EQ(error(mail->mailbox(account, work)), ErrorCode::internal);
    EXPECT_EQ(error(mail->mailboxes(account)), ErrorCode::internal);
    EXPECT_EQ(error(mail->rows(account, email.mailbox)), ErrorCode::internal);
    EXPECT_EQ(error(mail->changes(account, 0, 10)), ErrorCode::internal);
    EXPECT_EQ(error(mail->update(account, {{.id = email.id, .add_keywords = {"$seen"}}})), ErrorCode::internal);
    put(std::string(key::account), "");
    expect_finding("the account's record cannot be read");
    EXPECT_EQ(error(mail->usage(account)), ErrorCode::internal);
    EXPECT_EQ(error(mail->add(account, {}, {.content = content_of("x")})), ErrorCode::internal);
}
TEST_P(MailVerify, finds_records_of_no_known_kind) {
    for (const char* key : {"0", "AA", "C", "Q", "z", "\xff\xff"}) put(key, "x");
    for (const char* key : {"30", "4141", "43", "51", "7a", "ffff"}) expect_finding("record " + std::string(key) + " is of no known kind");
}
TEST_P(MailVerify, stops_at_a_thousand_findings) {
    write([](store::Transaction& t) {
        for (int i = 0; i < 1'500; ++i) t.put("z" + std::to_string(i), "x");
    });
    EXPECT_EQ(must(mail->verify(account)).size(), 1'001U);
    expect_finding("there is more");
}
TEST_P(MailVerify, walks_many_bodies_in_several_snapshots) {
    for (int i = 0; i < 2'100; ++i) add("body " + std::to_string(i));
    expect_sound();
    erase(key::body(EmailId{1'001}));
    put(key::body(EmailId{2'103}), encode_body("nobody's"));
    expect_finding("email 1001: its body is missing");
    expect_finding("belongs to no email");
}

}  // namespace
}  // namespace packetboat::mailbox
