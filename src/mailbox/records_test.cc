#include <gtest/gtest.h>

#include <limits>

#include "mailbox/keys.h"
#include "mailbox/records.h"

namespace packetboat::mailbox {
namespace {

constexpr std::uint32_t max32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t max64 = std::numeric_limits<std::uint64_t>::max();

Email example() {
    Email email;
    email.id = EmailId{7};
    email.guid = Id128::derived({"x"});
    email.size_bytes = max64;
    email.received = {-1};
    email.modseq = 300;
    email.keywords = {"$mdnsent", "$seen", "blue", "zebra"};
    email.placements = {{MailboxId{1}, 5}, {MailboxId{max32}, max32}};
    return email;
}

TEST(records, an_email_is_read_as_it_was_written) {
    const Email email = example();
    const Email read = *decode_email(email.id, encode(email));
    EXPECT_EQ(read.id, email.id);
    EXPECT_EQ(read.guid, email.guid);
    EXPECT_EQ(read.size_bytes, email.size_bytes);
    EXPECT_EQ(read.received, email.received);
    EXPECT_EQ(read.modseq, email.modseq);
    EXPECT_EQ(read.keywords, email.keywords);
    EXPECT_EQ(read.placements.size(), 2U);
    EXPECT_EQ(read.placements[1].uid, max32);
    EXPECT_FALSE(read.blob);
    Email with_blob = email;
    with_blob.blob = store::BlobRef{.sha256 = {1, 2, 3}, .size_bytes = email.size_bytes};
    EXPECT_EQ(decode_email(email.id, encode(with_blob))->blob, with_blob.blob);
}

TEST(records, no_part_of_a_record_is_a_record) {
    const std::string whole = encode(example());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(decode_email(EmailId{7}, whole.substr(0, length))) << length;
    }
    EXPECT_FALSE(decode_email(EmailId{7}, whole + "x"));
    const std::string changes = encode(std::vector<Change>{{.email = EmailId{1}}, {.email = EmailId{300}}});
    for (std::size_t length = 0; length < changes.size(); ++length) EXPECT_FALSE(decode_changes(1, changes.substr(0, length)));
}

TEST(records, of_another_version_are_not_read) {
    std::string email = encode(example());
    email[0] = 2;
    EXPECT_FALSE(decode_email(EmailId{7}, email));
    EXPECT_FALSE(decode_account("\x02"));
    EXPECT_FALSE(decode_body("\x02xyz"));
    EXPECT_FALSE(decode_body(""));
    EXPECT_EQ(decode_body(encode_body("xyz")), "xyz");
}

TEST(records, a_count_larger_than_the_record_is_refused_at_once) {
    EXPECT_FALSE(decode_changes(1, std::string("\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10)));
}

TEST(records, an_ordinary_email_takes_few_bytes) {
    Email email;
    email.id = EmailId{70'000};
    email.size_bytes = 4'096;
    email.received = Time::now();
    email.modseq = 100'000;
    email.placements = {{MailboxId{1}, 70'000}};
    EXPECT_LE(encode(email).size(), 40U);
    EXPECT_LE(encode(PlacementRecord{.email = email.id, .size_bytes = 4'096, .modseq = 100'000}).size(), 12U);
}

TEST(records, the_size_of_a_change_is_known_before) {
    for (const std::uint64_t email : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{16'384}, max64}) {
        const Change change{.email = EmailId{email}, .mailbox = MailboxId{200}, .uid = max32};
        EXPECT_EQ(encode(std::vector<Change>{change}).size(), 2 + encoded_size(change));
        EXPECT_LE(encoded_size(change), change_max_bytes);
    }
}

TEST(records, keys_sort_as_their_numbers_do_and_are_read_back) {
    EXPECT_LT(key::email(EmailId{255}), key::email(EmailId{256}));
    EXPECT_LT(key::placement({MailboxId{1}, max32}), key::placement({MailboxId{2}, 1}));
    EXPECT_LT(key::change(1, 7), key::change(2, 0));
    EXPECT_EQ(key::email_of(key::email(EmailId{max64})), EmailId{max64});
    EXPECT_EQ(key::email_of(key::body(EmailId{5})), EmailId{5});
    EXPECT_EQ(key::mailbox_of(key::mailbox(MailboxId{9})), MailboxId{9});
    EXPECT_EQ(key::placement_of(key::placement({MailboxId{3}, 4}))->uid, 4U);
    EXPECT_EQ(key::change_of(key::change(8, 9))->part, 9U);
    EXPECT_EQ(key::name_of(key::name(MailboxId{2}, "Work"))->name, "Work");
    EXPECT_FALSE(key::email_of("E123"));
    EXPECT_FALSE(key::placement_of(key::email(EmailId{1})));
    EXPECT_FALSE(key::mailbox_of(key::mailbox(MailboxId{9}) + "x"));
    EXPECT_FALSE(key::name_of("N12"));
}

TEST(keywords, have_bits_where_they_are_known) {
    const Keywords all = keywords_of(known_keywords_all);
    EXPECT_EQ(all.size(), 10U);
    EXPECT_EQ(known_bits(all), known_keywords_all & ~other_keywords);
    EXPECT_EQ(known_bits({"$seen", "x"}), known_seen | other_keywords);
    EXPECT_TRUE(seen({"$seen"}));
    EXPECT_FALSE(seen({"$flagged"}));
}

}  // namespace
}  // namespace packetboat::mailbox
