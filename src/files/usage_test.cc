#include "files/usage.h"

#include <gtest/gtest.h>

namespace packetboat::files {
namespace {

TEST(usage, never_grows_over_the_quota) {
    Usage usage;
    const Quota quota{.bytes = 100, .files = 3};
    usage.add({.bytes = 60, .files = 1});
    Charge charge(usage);
    EXPECT_TRUE(charge.take({.bytes = 40, .files = 2}, quota));
    EXPECT_EQ(charge.take({.bytes = 1, .files = 0}, quota).error().code, ErrorCode::over_quota);
    EXPECT_EQ(charge.take({.bytes = 0, .files = 1}, quota).error().code, ErrorCode::over_quota);
    EXPECT_EQ(charge.take({.bytes = ~0ULL, .files = 0}, quota).error().code, ErrorCode::over_quota);
    charge.give_back({.bytes = 10, .files = 0});
    EXPECT_EQ(usage.available_bytes(quota), 10U);
    charge.keep();
    EXPECT_EQ(usage.used(), (Amount{.bytes = 90, .files = 3}));
    usage.give_back({.bytes = 1'000, .files = 1'000});
    EXPECT_EQ(usage.used(), Amount());
}

TEST(usage, a_credit_is_for_one_upload_alone) {
    Usage usage;
    const Quota quota{.bytes = 100, .files = 2};
    usage.add({.bytes = 80, .files = 1});
    Charge other(usage);
    {
        Charge replacing(usage);
        replacing.credit({.bytes = 80, .files = 1});
        EXPECT_TRUE(replacing.would_fit(100, quota));
        EXPECT_FALSE(replacing.would_fit(101, quota));
        EXPECT_TRUE(replacing.take({.bytes = 50, .files = 1}, quota));
        EXPECT_EQ(usage.used(), (Amount{.bytes = 130, .files = 2}));
        // What it has not used of its credit makes no room for others, who would keep it when this one ends.
        EXPECT_FALSE(other.take({.bytes = 21, .files = 1}, quota));
        EXPECT_TRUE(other.take({.bytes = 20, .files = 1}, quota));
        EXPECT_TRUE(replacing.take({.bytes = 30, .files = 0}, quota));
        EXPECT_FALSE(replacing.take({.bytes = 1, .files = 0}, quota));
        other.give_back({.bytes = 5, .files = 0});
        EXPECT_TRUE(replacing.take({.bytes = 5, .files = 0}, quota));
    }
    EXPECT_EQ(usage.used(), (Amount{.bytes = 95, .files = 2}));
    EXPECT_EQ(usage.available_bytes(quota), 5U);
    Charge replacing(usage);
    replacing.credit({.bytes = 80, .files = 1});
    EXPECT_TRUE(replacing.take({.bytes = 10, .files = 1}, quota));
    replacing.keep({.bytes = 80, .files = 1});
    EXPECT_EQ(usage.used(), (Amount{.bytes = 25, .files = 2}));
    EXPECT_EQ(usage.available_bytes(quota), 75U);
}

}  // namespace
}  // namespace packetboat::files
