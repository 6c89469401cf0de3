#include "trust/policy_store.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "base/testing/must.h"
#include "store/memory.h"

namespace packetboat::trust {
namespace {

using packetboat::testing::must;
using std::chrono::seconds;
using Strings = std::vector<std::string>;

constexpr Time noon{1'700'000'000'000'000};

KeptPolicy policy(int id, seconds age) {
    return {std::to_string(id), noon, noon + age, {StsMode::enforce, age, {"mx.example.test", "*.example.test"}}};
}

struct PolicyStoreTest : ::testing::Test {
    void keep(const std::string& domain, const KeptPolicy& kept, Time now = noon) { must(run_to_end(policies.keep(domain, kept, now))); }
    std::optional<KeptPolicy> load(const std::string& domain) { return must(run_to_end(policies.load(domain))); }
    // Every key of the partition, so that nothing is left behind.
    Strings keys() {
        return must(run_to_end(store->read(trust_partition(), store::Weight::many, [](const store::Reader& reader) -> Result<Strings> {
            Strings out;
            reader.scan("", "\xff", [&](std::string_view key, std::string_view) {
                out.emplace_back(key.starts_with('x') ? "x " + decode_expiry_key(key).value().domain : key);
                return true;
            });
            return out;
        })));
    }
    void put(const std::string& key, const std::string& value) {
        must(run_to_end(store->write(trust_partition(), std::nullopt, [=](store::Transaction& transaction) -> Result<std::string> {
            transaction.put(key, value);
            return std::string();
        })));
    }

    std::unique_ptr<store::Store> store = store::make_memory_store();
    PolicyStore policies{*store, 3};
};

TEST_F(PolicyStoreTest, keeps_loads_and_forgets) {
    EXPECT_EQ(load("a.test"), std::nullopt);
    keep("a.test", policy(1, seconds(100)));
    EXPECT_EQ(load("a.test"), policy(1, seconds(100)));
    keep("a.test", policy(2, seconds(50)));
    EXPECT_EQ(load("a.test"), policy(2, seconds(50)));
    EXPECT_EQ(keys(), (Strings{"n", "pa.test", "x a.test"}));
    must(run_to_end(policies.forget("a.test")));
    must(run_to_end(policies.forget("a.test")));
    EXPECT_EQ(load("a.test"), std::nullopt);
    EXPECT_EQ(keys(), Strings{"n"});
}

TEST_F(PolicyStoreTest, over_the_limit_the_first_to_expire_goes) {
    keep("a.test", policy(1, seconds(300)));
    keep("b.test", policy(1, seconds(100)));
    keep("c.test", policy(1, seconds(200)));
    keep("d.test", policy(1, seconds(400)));
    EXPECT_EQ(keys(), (Strings{"n", "pa.test", "pc.test", "pd.test", "x c.test", "x a.test", "x d.test"}));
    must(run_to_end(policies.forget("a.test")));
    keep("e.test", policy(1, seconds(10)));
    EXPECT_EQ(keys(), (Strings{"n", "pc.test", "pd.test", "pe.test", "x e.test", "x c.test", "x d.test"}));
}

TEST_F(PolicyStoreTest, what_has_expired_goes_with_the_next) {
    keep("a.test", policy(1, seconds(10)));
    keep("b.test", policy(1, seconds(20)));
    keep("c.test", policy(1, seconds(1'000)), noon + seconds(20));
    EXPECT_EQ(keys(), (Strings{"n", "pc.test", "x c.test"}));
}

TEST_F(PolicyStoreTest, a_broken_record_is_none_and_is_written_over) {
    keep("a.test", policy(1, seconds(10)));
    put("pa.test", "\x01 what?");
    EXPECT_EQ(load("a.test"), std::nullopt);
    keep("a.test", policy(2, seconds(1'000)));
    EXPECT_EQ(load("a.test"), policy(2, seconds(1'000)));
    // The place of the broken one is still there; when it goes it takes nothing along.
    keep("b.test", policy(1, seconds(1'000)), noon + seconds(11));
    EXPECT_EQ(load("a.test"), policy(2, seconds(1'000)));
    EXPECT_EQ(keys(), (Strings{"n", "pa.test", "pb.test", "x a.test", "x b.test"}));
}

TEST_F(PolicyStoreTest, records_that_no_policy_makes_are_refused) {
    const KeptPolicy good = policy(1, seconds(10));
    EXPECT_EQ(decode_policy(encode_policy(good)), good);
    const std::string record = encode_policy(good);
    for (std::size_t size = 0; size < record.size(); ++size) EXPECT_EQ(decode_policy(record.substr(0, size)), std::nullopt) << size;
    EXPECT_EQ(decode_policy(record + "x"), std::nullopt);
    EXPECT_EQ(decode_policy("\x02" + record.substr(1)), std::nullopt);
    KeptPolicy bad = good;
    bad.expires = noon - seconds(1);
    EXPECT_EQ(decode_policy(encode_policy(bad)), std::nullopt);
    bad = good;
    bad.policy.mx = {"a b"};
    EXPECT_EQ(decode_policy(encode_policy(bad)), std::nullopt);
    bad.policy.mx.assign(sts_mx_max + 1, "a.test");
    EXPECT_EQ(decode_policy(encode_policy(bad)), std::nullopt);
    bad = good;
    bad.id = "";
    EXPECT_EQ(decode_policy(encode_policy(bad)), std::nullopt);
}

}  // namespace
}  // namespace packetboat::trust
