#include "delivery/incoming.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "delivery/testing/post_office.h"

namespace packetboat::delivery {
namespace {

std::string counted(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes += std::to_string(bytes.size()) + "\r\n";
    bytes.resize(size);
    return bytes;
}

std::string stored(std::string_view bytes) { return std::string(return_path) + std::string(received) + std::string(bytes); }

TEST(Incoming, a_message_begins_with_its_trace_fields_and_is_stored_whole) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    Envelope envelope = office.envelope({"bob@example.test"});
    Incoming incoming = office.delivery.begin(return_path, received).value();
    for (const std::string_view part : {"Subject: hi\r\n", "", "\r\n", "text\r\n"}) ASSERT_TRUE(office.run(incoming.append(part)));
    EXPECT_EQ(incoming.size_bytes(), return_path.size() + received.size() + 21);
    const auto outcomes = office.run(office.delivery.accept(std::move(envelope), std::move(incoming), false));
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes[0].result);
    EXPECT_EQ(office.inbox(bob), std::vector{stored("Subject: hi\r\n\r\ntext\r\n")});
    EXPECT_EQ(office.store.blobs_created, 0U);
}

TEST(Incoming, a_large_message_goes_to_disk_in_pieces_as_it_comes) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    Envelope envelope = office.envelope({"bob@example.test"});
    const std::string bytes = counted(3'000'000);
    Incoming incoming = office.delivery.begin(return_path, received, bytes.size()).value();
    std::uint64_t most = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 10'000) {
        ASSERT_TRUE(office.run(incoming.append(std::string_view(bytes).substr(at, 10'000))));
        most = std::max(most, office.delivery.memory_taken_bytes());
    }
    EXPECT_LE(most, 1U << 20);
    EXPECT_LE(office.delivery.memory_taken_bytes(), 256U << 10);
    EXPECT_EQ(office.store.blobs_created, 1U);
    EXPECT_EQ(office.store.largest_append_bytes, 1U << 20);
    ASSERT_TRUE(office.run(office.delivery.accept(std::move(envelope), std::move(incoming), false))[0].result);
    EXPECT_EQ(office.inbox(bob), std::vector{stored(bytes)});
    EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(Incoming, whatever_the_size_and_the_cuts_the_bytes_are_the_same) {
    const std::size_t trace = return_path.size() + received.size();
    for (const std::size_t size :
         {0UL, 1UL, 65536 - trace, 65537 - trace, (1UL << 20) - trace, (1UL << 20) - trace + 1, (1UL << 20) + (256UL << 10)}) {
        for (const std::size_t cut : {1UL << 30, 70'001UL}) {
            PostOffice office;
            const auto bob = office.add_account("bob");
            Envelope envelope = office.envelope({"bob@example.test"});
            const std::string bytes = counted(size);
            Incoming incoming = office.delivery.begin(return_path, received).value();
            for (std::size_t at = 0; at < size; at += cut)
                ASSERT_TRUE(office.run(incoming.append(std::string_view(bytes).substr(at, cut))));
            ASSERT_TRUE(office.run(office.delivery.accept(std::move(envelope), std::move(incoming), false))[0].result);
            EXPECT_TRUE(office.inbox(bob) == std::vector{stored(bytes)}) << size << " cut at " << cut;
            EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
        }
    }
}

TEST(Incoming, memory_is_counted_over_all_messages_and_given_back) {
    PostOffice office({.delivery = {.memory_max_bytes = 100'000}});
    office.add_account("bob");
    {
        const Incoming first = office.incoming(counted(60'000));
        EXPECT_GE(office.delivery.memory_taken_bytes(), 60'000U);
        Incoming second = office.delivery.begin(return_path, received).value();
        EXPECT_EQ(office.run(second.append(counted(60'000))).error().code, ErrorCode::unavailable);
        // What is lost takes no memory while the client sends the rest of it.
        EXPECT_LT(office.delivery.memory_taken_bytes(), 80'000U);
        EXPECT_EQ(office.run(second.append("x")).error().code, ErrorCode::unavailable);
        const auto outcomes = office.run(office.delivery.accept(office.envelope({"bob@example.test"}), std::move(second), false));
        EXPECT_EQ(outcomes[0].result.error().code, ErrorCode::unavailable);
    }
    EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
    EXPECT_TRUE(office.accept(office.envelope({"bob@example.test"}), counted(60'000))[0].result);
    EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
}

TEST(Incoming, a_message_cannot_begin_without_memory) {
    PostOffice office({.delivery = {.memory_max_bytes = 20'000}});
    const Incoming first = office.delivery.begin(return_path, received).value();
    const auto second = office.delivery.begin(return_path, received);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);
    EXPECT_EQ(office.delivery.memory_taken_bytes(), 16U << 10);
}

TEST(Incoming, a_client_that_promises_much_takes_little_memory) {
    PostOffice office;
    const Incoming incoming = office.delivery.begin(return_path, received, 1 << 30).value();
    EXPECT_LE(office.delivery.memory_taken_bytes(), 66'000U);
}

TEST(Incoming, a_moved_incoming_gives_its_memory_back_once) {
    PostOffice office;
    {
        Incoming first = office.incoming("hello");
        const Incoming second = std::move(first);
        EXPECT_EQ(office.delivery.memory_taken_bytes(), 16U << 10);
    }
    EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
}

TEST(Incoming, memory_is_given_back_when_the_disk_fails_wherever_it_does) {
    for (const std::uint64_t disk : {0UL, 1UL << 20, (1UL << 20) + (256UL << 10), 1'499'999UL, 1'500'000UL}) {
        PostOffice office;
        office.add_account("bob");
        office.store.disk_bytes = disk;
        Envelope envelope = office.envelope({"bob@example.test"});
        Incoming incoming = office.delivery.begin("", "").value();
        const bool appended = office.run(incoming.append(counted(1'500'000))).has_value();
        EXPECT_EQ(appended, disk >= (1UL << 20) + (256UL << 10)) << disk;
        if (!appended) EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
        const auto outcomes = office.run(office.delivery.accept(std::move(envelope), std::move(incoming), false));
        ASSERT_FALSE(outcomes[0].result);
        EXPECT_EQ(outcomes[0].result.error().code, ErrorCode::unavailable);
        EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
    }
}

TEST(Incoming, a_blob_that_cannot_be_made_is_an_error_for_every_recipient) {
    PostOffice office;
    office.add_account("bob");
    office.add_account("carol");
    office.store.blobs_fail = true;
    const auto outcomes = office.accept(office.envelope({"bob@example.test", "carol@example.test", "x@example.org"}), counted(100'000));
    ASSERT_EQ(outcomes.size(), 3U);
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.result.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(office.queued().empty());
}

TEST(Incoming, the_memory_of_a_message_is_given_back_when_its_delivery_fails) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    office.fail_writes({directory::account_partition(bob)});
    EXPECT_FALSE(office.accept(office.envelope({"bob@example.test"}), counted(50'000))[0].result);
    EXPECT_EQ(office.delivery.memory_taken_bytes(), 0U);
}

}  // namespace
}  // namespace packetboat::delivery
