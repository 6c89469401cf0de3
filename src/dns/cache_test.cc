#include "dns/cache.h"

#include <gtest/gtest.h>

namespace packetboat::dns {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t roomy_bytes = 1 << 20;

Answer address(std::chrono::seconds ttl) {
    Answer answer;
    answer.outcome = Outcome::found;
    answer.ttl = ttl;
    answer.addresses = {IpAddress::v4(192, 0, 2, 1)};
    return answer;
}

TEST(dns_cache, an_answer_is_kept_until_its_ttl_is_over_and_its_ttl_counts_down) {
    Cache cache(roomy_bytes);
    const Cache::Time start{};
    cache.put({"example.org", Type::a}, address(10s), start);
    EXPECT_FALSE(cache.find({"example.org", Type::aaaa}, start));
    EXPECT_FALSE(cache.find({"example.com", Type::a}, start));
    EXPECT_EQ(cache.find({"example.org", Type::a}, start).value().ttl, 10s);
    EXPECT_EQ(cache.find({"example.org", Type::a}, start + 3s).value().ttl, 7s);
    EXPECT_EQ(cache.find({"example.org", Type::a}, start + 9900ms).value().ttl, 1s);
    EXPECT_EQ(cache.find({"example.org", Type::a}, start + 9900ms).value().addresses, address(10s).addresses);
    EXPECT_FALSE(cache.find({"example.org", Type::a}, start + 10s));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(cache.bytes(), 0U);
}

TEST(dns_cache, an_answer_without_ttl_is_not_kept_and_drives_out_the_old_one) {
    Cache cache(roomy_bytes);
    cache.put({"example.org", Type::a}, address(10s), {});
    cache.put({"example.org", Type::a}, address(0s), {});
    EXPECT_FALSE(cache.find({"example.org", Type::a}, {}));
    EXPECT_EQ(cache.bytes(), 0U);
}

TEST(dns_cache, a_new_answer_takes_the_place_of_the_old_one) {
    Cache cache(roomy_bytes);
    cache.put({"example.org", Type::a}, address(10s), {});
    const std::uint64_t bytes = cache.bytes();
    cache.put({"example.org", Type::a}, address(20s), {});
    EXPECT_EQ(cache.find({"example.org", Type::a}, {}).value().ttl, 20s);
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_EQ(cache.bytes(), bytes);
}

TEST(dns_cache, what_was_not_asked_for_longest_makes_room) {
    Cache sizing(roomy_bytes);
    sizing.put({"a", Type::a}, address(10s), {});
    Cache cache(sizing.bytes() * 3);
    for (const char* name : {"a", "b", "c"}) cache.put({name, Type::a}, address(10s), {});
    EXPECT_TRUE(cache.find({"a", Type::a}, {}));
    cache.put({"d", Type::a}, address(10s), {});
    EXPECT_EQ(cache.size(), 3U);
    EXPECT_TRUE(cache.find({"a", Type::a}, {}));
    EXPECT_FALSE(cache.find({"b", Type::a}, {}));
    EXPECT_TRUE(cache.find({"c", Type::a}, {}));
    EXPECT_LE(cache.bytes(), sizing.bytes() * 3);
}

TEST(dns_cache, what_is_larger_than_the_cache_is_not_kept) {
    Cache cache(2'000);
    cache.put({"a", Type::a}, address(10s), {});
    Answer large = address(10s);
    large.texts = {std::string(3'000, 'x')};
    cache.put({"b", Type::txt}, large, {});
    EXPECT_TRUE(cache.find({"a", Type::a}, {}));
    EXPECT_FALSE(cache.find({"b", Type::txt}, {}));
    Cache none(0);
    none.put({"a", Type::a}, address(10s), {});
    EXPECT_FALSE(none.find({"a", Type::a}, {}));
}

}  // namespace
}  // namespace packetboat::dns
