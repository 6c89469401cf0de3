#include "delivery/sender_turns.h"

#include <gtest/gtest.h>

#include <vector>

namespace packetboat::delivery {
namespace {

using Turns = SenderTurns<int>;

// All that may begin now, and holds its place.
std::vector<std::uint64_t> begin_all(Turns& turns) {
    std::vector<std::uint64_t> senders;
    while (const std::optional<Turns::Next> next = turns.next()) {
        turns.take(next->sender, next->failing);
        senders.push_back(next->sender);
    }
    return senders;
}

TEST(SenderTurns, senders_take_turns_whatever_they_have) {
    Turns turns(100);
    for (int i = 0; i < 1000; ++i) turns.wait(1, i, false);
    turns.wait(2, 0, false);
    turns.wait(3, 0, false);
    std::vector<std::uint64_t> senders = begin_all(turns);
    ASSERT_GE(senders.size(), 4U);
    senders.resize(4);
    EXPECT_EQ(senders, (std::vector<std::uint64_t>{1, 2, 3, 1}));
}

TEST(SenderTurns, nobody_holds_so_many_that_a_newcomer_finds_none) {
    Turns turns(50);
    for (int i = 0; i < 10'000; ++i) turns.wait(1, i, false);
    EXPECT_EQ(begin_all(turns).size(), 26U);  // what is left, and one or two
    EXPECT_TRUE(turns.short_of_places());
    for (std::uint64_t sender = 2; sender < 6; ++sender) {
        for (int i = 0; i < 10'000; ++i) turns.wait(sender, i, false);
        EXPECT_FALSE(begin_all(turns).empty()) << sender;
    }
    turns.give_back(1, false);
    for (int i = 0; i < 3; ++i) turns.wait(100, i, false);
    const std::vector<std::uint64_t> senders = begin_all(turns);
    ASSERT_FALSE(senders.empty());
    EXPECT_EQ(senders[0], 100U);
}

TEST(SenderTurns, what_has_failed_before_gets_no_more_than_half) {
    Turns turns(8);
    for (std::uint64_t sender = 0; sender < 100; ++sender) turns.wait(sender, 0, true);
    EXPECT_EQ(begin_all(turns).size(), 4U);
    for (std::uint64_t sender = 200; sender < 300; ++sender) turns.wait(sender, 0, false);
    EXPECT_EQ(begin_all(turns).size(), 4U);
    // And what has not failed takes turns with it.
    turns.give_back(200, false);
    turns.give_back(0, true);
    EXPECT_EQ(begin_all(turns).size(), 2U);
}

TEST(SenderTurns, one_place_is_enough_and_nothing_is_remembered) {
    Turns turns(1);
    for (int i = 0; i < 3; ++i) turns.wait(7, i, i == 1);
    for (int i = 0; i < 3; ++i) {
        const std::optional<Turns::Next> next = turns.next();
        ASSERT_TRUE(next);
        turns.take(7, next->failing);
        EXPECT_FALSE(turns.next());
        turns.give_back(7, next->failing);
    }
    EXPECT_FALSE(turns.next());
    EXPECT_EQ(turns.senders(), 0U);
    EXPECT_EQ(turns.taken(), 0U);
}

}  // namespace
}  // namespace packetboat::delivery
