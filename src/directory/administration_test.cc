#include <gtest/gtest.h>

#include "base/record.h"
#include "directory/records.h"
#include "directory/testing/world.h"

namespace packetboat::directory {
namespace {

using testing::at;
using testing::World;

template <class T>
ErrorCode code(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorCode::internal : result.error().code;
}

struct administration : ::testing::Test {
    administration() { world.domain("example.test"); }
    std::vector<store::Finding> findings() { return run_to_end(world->verify()).value(); }
    void put(std::string_view key, std::string_view value) {
        run_to_end(world.store->write(directory_partition(), std::nullopt, [&](store::Transaction& t) -> Result<std::string> {
            t.put(key, value);
            return std::string();
        })).value();
    }
    void erase(std::string_view key) {
        run_to_end(world.store->write(directory_partition(), std::nullopt, [&](store::Transaction& t) -> Result<std::string> {
            t.erase(key);
            return std::string();
        })).value();
    }
    World world;
};

TEST_F(administration, domains_come_and_go) {
    EXPECT_EQ(code(run_to_end(world->add_domain("Example.TEST"))), ErrorCode::exists);
    EXPECT_EQ(code(run_to_end(world->add_domain("not a domain"))), ErrorCode::invalid);
    EXPECT_EQ(code(run_to_end(world->remove_domain("example.com"))), ErrorCode::not_found);
    EXPECT_EQ(code(run_to_end(world->set_catch_all("example.com", std::nullopt))), ErrorCode::not_found);
    world.domain("b\u00fccher.example");
    ASSERT_TRUE(run_to_end(world->set_catch_all("example.test", at("x@example.test"))));
    const std::vector<Domain> domains = run_to_end(world->domains()).value();
    ASSERT_EQ(domains.size(), 2U);
    EXPECT_EQ(domains[0].name, "example.test");
    EXPECT_EQ(domains[0].catch_all, at("x@example.test"));
    EXPECT_GT(domains[0].created, Time{});
    EXPECT_EQ(domains[1].name, "xn--bcher-kva.example");
    ASSERT_TRUE(run_to_end(world->remove_domain("example.test")));
    EXPECT_EQ(run_to_end(world->domains()).value().size(), 1U);
}

TEST_F(administration, a_domain_with_accounts_or_aliases_stays) {
    world.account("alice@example.test");
    EXPECT_EQ(code(run_to_end(world->remove_domain("example.test"))), ErrorCode::conflict);
    ASSERT_TRUE(run_to_end(world->remove_account(at("alice@example.test"))));
    ASSERT_TRUE(world.alias("a@example.test", {"b@example.com"}));
    EXPECT_EQ(code(run_to_end(world->remove_domain("example.test"))), ErrorCode::conflict);
    ASSERT_TRUE(run_to_end(world->remove_alias(at("a@example.test"))));
    EXPECT_TRUE(run_to_end(world->remove_domain("example.test")));
}

TEST_F(administration, an_account_is_found_by_address_and_by_id) {
    const Result<AccountId> id = run_to_end(world->add_account({at("alice@example.test"), "Alice \u00c4", 1 << 20, std::nullopt}));
    ASSERT_TRUE(id);
    const Account account = run_to_end(world->account(at("ALICE@example.test"))).value();
    EXPECT_EQ(account.id, *id);
    EXPECT_EQ(account.name, "Alice \u00c4");
    EXPECT_EQ(account.quota_bytes, 1U << 20);
    EXPECT_TRUE(account.enabled);
    EXPECT_GT(account.created, Time{});
    EXPECT_EQ(run_to_end(world->account(*id)).value().address, at("alice@example.test"));
    EXPECT_EQ(code(run_to_end(world->account(at("alice+x@example.test")))), ErrorCode::not_found);
    EXPECT_EQ(code(run_to_end(world->account(AccountId{99}))), ErrorCode::not_found);
}

TEST_F(administration, an_id_is_never_used_again) {
    const AccountId first = world.account("alice@example.test");
    ASSERT_TRUE(run_to_end(world->remove_account(at("alice@example.test"))));
    EXPECT_EQ(code(run_to_end(world->account(first))), ErrorCode::not_found);
    EXPECT_NE(world.account("alice@example.test"), first);
    EXPECT_NE(account_partition(first), account_partition(AccountId{2}));
    EXPECT_EQ(account_partition(AccountId{1}).name, std::string("a\0\0\0\0\0\0\0\1", 9));
}

TEST_F(administration, a_removed_account_s_mail_is_to_be_erased_until_somebody_has_done_it) {
    using Presence = Directory::Presence;
    const auto presence = [&](AccountId id) { return run_to_end(world->presence(id)).value(); };
    const auto ids = [&](AccountId after, std::size_t limit) { return run_to_end(world->erasures(after, limit)).value(); };
    const AccountId alice = world.account("alice@example.test");
    const AccountId bob = world.account("bob@example.test");
    EXPECT_EQ(presence(alice), Presence::here);
    EXPECT_EQ(presence(AccountId{99}), Presence::gone);
    EXPECT_TRUE(ids({}, 10).empty());

    EXPECT_EQ(run_to_end(world->remove_account(at("alice@example.test"))).value(), alice);
    EXPECT_EQ(run_to_end(world->remove_account(at("bob@example.test"))).value(), bob);
    world.open(testing::cheap_limits());  // it is on disk
    EXPECT_EQ(presence(alice), Presence::to_be_erased);
    EXPECT_EQ(ids({}, 10), (std::vector{alice, bob}));
    EXPECT_EQ(ids({}, 1), (std::vector{alice}));
    EXPECT_EQ(ids(alice, 10), (std::vector{bob}));
    EXPECT_TRUE(findings().empty());

    const AccountId again = world.account("alice@example.test");
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(run_to_end(world->finish_erasure(alice)));
    EXPECT_EQ(presence(alice), Presence::gone);
    EXPECT_EQ(presence(again), Presence::here);
    EXPECT_EQ(ids({}, 10), (std::vector{bob}));
}

TEST_F(administration, an_account_that_cannot_be_removed_is_not_erased) {
    EXPECT_EQ(code(run_to_end(world->remove_account(at("alice@example.test")))), ErrorCode::not_found);
    EXPECT_TRUE(run_to_end(world->erasures({}, 10)).value().empty());
}

TEST_F(administration, only_accounts_have_an_account_s_partition) {
    EXPECT_EQ(account_of(account_partition(AccountId{7})), AccountId{7});
    for (const char* name : {"a", "d", "q", "abcdefgh", "abcdefghij", "d12345678"}) EXPECT_EQ(account_of({name}), std::nullopt) << name;
}

TEST_F(administration, refuses_accounts_that_cannot_be) {
    world.account("alice@example.test");
    ASSERT_TRUE(world.alias("team@example.test", {"alice@example.test"}));
    const auto add = [&](Directory::NewAccount account) { return code(run_to_end(world->add_account(std::move(account)))); };
    EXPECT_EQ(add({at("alice@example.test"), "", 0, {}}), ErrorCode::exists);
    EXPECT_EQ(add({at("team@example.test"), "", 0, {}}), ErrorCode::exists);
    EXPECT_EQ(add({at("alice@example.com"), "", 0, {}}), ErrorCode::not_found);
    EXPECT_EQ(add({at("b@example.test"), std::string(256, 'x'), 0, {}}), ErrorCode::invalid);
    EXPECT_EQ(add({at("b@example.test"), "a\nb", 0, {}}), ErrorCode::invalid);
    EXPECT_EQ(add({at("b@example.test"), "\xff", 0, {}}), ErrorCode::invalid);
    EXPECT_EQ(add({at("b@example.test"), "", 0, ""}), ErrorCode::invalid);
    EXPECT_EQ(add({at("b@example.test"), "", 0, std::string("a\0b", 3)}), ErrorCode::invalid);
    EXPECT_EQ(add({at("b@example.test"), "", 0, std::string(1025, 'x')}), ErrorCode::invalid);
    EXPECT_EQ(code(run_to_end(world->set_password(at("alice@example.test"), ""))), ErrorCode::invalid);
    EXPECT_EQ(code(run_to_end(world->set_password(at("bob@example.test"), "x"))), ErrorCode::not_found);
    EXPECT_EQ(code(run_to_end(world->set_quota(at("bob@example.test"), 1))), ErrorCode::not_found);
    EXPECT_EQ(code(run_to_end(world->set_enabled(at("bob@example.test"), true))), ErrorCode::not_found);
    EXPECT_EQ(code(run_to_end(world->remove_account(at("team@example.test")))), ErrorCode::not_found);
}

TEST_F(administration, refuses_aliases_that_cannot_be) {
    world.account("alice@example.test");
    ASSERT_TRUE(world.alias("team@example.test", {"alice@example.test", "alice@example.test"}));
    EXPECT_EQ(code(world.alias("team@example.test", {"alice@example.test"})), ErrorCode::exists);
    EXPECT_EQ(code(world.alias("alice@example.test", {"bob@example.com"})), ErrorCode::exists);
    EXPECT_EQ(code(world.alias("a@example.com", {"bob@example.com"})), ErrorCode::not_found);
    EXPECT_EQ(code(world.alias("a@example.test", {})), ErrorCode::invalid);
    EXPECT_EQ(code(run_to_end(world->remove_alias(at("alice@example.test")))), ErrorCode::not_found);
    std::vector<std::string> long_targets;
    for (int i = 0; i < 1000; ++i) long_targets.push_back(std::to_string(i) + std::string(60, 'x') + "@example.com");
    EXPECT_EQ(code(world.alias("long@example.test", long_targets)), ErrorCode::too_large);
    const std::vector<Alias> aliases = run_to_end(world->aliases("", "", 10)).value();
    ASSERT_EQ(aliases.size(), 1U);
    EXPECT_EQ(aliases[0].targets, std::vector<Address>{at("alice@example.test")});
}

TEST_F(administration, lists_in_pages) {
    world.domain("other.test");
    for (const char* name : {"carol@example.test", "alice@example.test", "bob@example.test", "dan@other.test"}) world.account(name);
    const auto names = [&](std::string domain, std::string after, std::size_t limit) {
        std::vector<std::string> all;
        for (const Account& account : run_to_end(world->accounts(std::move(domain), std::move(after), limit)).value())
            all.push_back(account.address.text());
        return all;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names("", "", 10), (Names{"alice@example.test", "bob@example.test", "carol@example.test", "dan@other.test"}));
    EXPECT_EQ(names("Example.test", "", 2), (Names{"alice@example.test", "bob@example.test"}));
    EXPECT_EQ(names("example.test", "bob@example.test", 2), (Names{"carol@example.test"}));
    EXPECT_EQ(names("", "bob@example.test", 2), (Names{"carol@example.test", "dan@other.test"}));
    EXPECT_EQ(names("example.test", "dan@other.test", 2), Names{});
    EXPECT_EQ(names("other.test", "alice@example.test", 2), Names{"dan@other.test"});
    EXPECT_EQ(names("", "", 0), Names{});
    EXPECT_EQ(code(run_to_end(world->accounts("example.com", "", 1))), ErrorCode::not_found);
    EXPECT_EQ(code(run_to_end(world->accounts("", "nonsense", 1))), ErrorCode::invalid);
    ASSERT_TRUE(world.alias("x@other.test", {"alice@example.test"}));
    EXPECT_EQ(run_to_end(world->aliases("other.test", "", 5)).value().size(), 1U);
    EXPECT_EQ(run_to_end(world->aliases("other.test", "x@other.test", 5)).value().size(), 0U);
}

TEST_F(administration, imports_many_accounts) {
    std::vector<Directory::NewAccount> many;
    for (int i = 0; i < 250; ++i)
        many.push_back(
            {at("user" + std::to_string(i) + "@example.test"), "", 0, i % 2 == 0 ? std::optional("p" + std::to_string(i)) : std::nullopt});
    ASSERT_TRUE(run_to_end(world->import_accounts(many)));
    EXPECT_EQ(run_to_end(world->accounts("", "", 1000)).value().size(), 250U);
    EXPECT_TRUE(world.login("user248@example.test", "p248"));
    EXPECT_FALSE(world.login("user249@example.test", "p249"));
    EXPECT_TRUE(findings().empty());
    EXPECT_TRUE(run_to_end(world->import_accounts({})));
}

TEST_F(administration, an_import_fails_by_the_hundred) {
    world.account("user150@example.test");
    std::vector<Directory::NewAccount> many;
    for (int i = 0; i < 300; ++i) many.push_back({at("user" + std::to_string(i) + "@example.test"), "", 0, std::nullopt});
    const Result<> imported = run_to_end(world->import_accounts(many));
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().code, ErrorCode::exists);
    EXPECT_NE(imported.error().text.find("user150@example.test"), std::string::npos);
    EXPECT_EQ(run_to_end(world->accounts("", "", 1000)).value().size(), 101U);
    many.assign(1, {at("new@example.test"), "", 0, ""});
    EXPECT_EQ(code(run_to_end(world->import_accounts(many))), ErrorCode::invalid);
    EXPECT_TRUE(findings().empty());
}

TEST_F(administration, an_import_is_refused_when_hashing_is_full) {
    WorkerPool full({.threads = 1, .queue_max = 0});
    Directory directory(*world.store, full, testing::cheap_limits());
    std::vector<Directory::NewAccount> one{{at("a@example.test"), "", 0, "x"}};
    EXPECT_EQ(code(run_to_end(directory.import_accounts(one))), ErrorCode::unavailable);
    EXPECT_EQ(code(run_to_end(directory.add_account(one[0]))), ErrorCode::unavailable);
    EXPECT_TRUE(run_to_end(world->accounts("", "", 10)).value().empty());
}

struct verification : administration {
    verification() {
        world.account("former@example.test");
        run_to_end(world->remove_account(at("former@example.test"))).value();
        id = world.account("alice@example.test", "secret");
        world.alias("team@example.test", {"alice@example.test", "x@example.com"}).value();
        run_to_end(world->scram_keys(World::client(), "alice@example.test")).value();  // makes the installation's secret
    }
    AccountId id{};
};

TEST_F(verification, finds_nothing_in_a_sound_directory) { EXPECT_TRUE(findings().empty()); }

TEST_F(verification, notices_every_record_that_is_cut_or_of_another_version) {
    using Record = std::pair<std::string, std::string>;
    std::vector<Record> records;
    run_to_end(world.store->read(directory_partition(), store::Weight::many, [&](const store::Reader& reader) -> Result<bool> {
        records.clear();
        reader.scan("", "\xff", [&](std::string_view key, std::string_view value) {
            records.emplace_back(key, value);
            return true;
        });
        return true;
    })).value();
    EXPECT_EQ(records.size(), 9U);
    for (const auto& [key, value] : records) {
        for (std::size_t length = 0; length < value.size(); ++length) {
            put(key, value.substr(0, length));
            ASSERT_FALSE(findings().empty()) << key << " cut to " << length;
        }
        put(key, "\x02" + value.substr(1));
        EXPECT_FALSE(findings().empty()) << key;
        put(key, value + "x");
        EXPECT_FALSE(findings().empty()) << key;
        put(key, value);
        EXPECT_TRUE(findings().empty()) << key;
    }
}

TEST_F(verification, notices_what_is_missing) {
    for (const std::string& key : {account_key(at("alice@example.test")), account_id_key(id), age_key("example.test", id),
                                   domain_key("example.test"), std::string(next_id_key)}) {
        const Result<std::string> value =
            run_to_end(world.store->read(directory_partition(), store::Weight::few,
                                         [&](const store::Reader& reader) -> Result<std::string> { return reader.get(key).value(); }));
        erase(key);
        EXPECT_FALSE(findings().empty()) << key;
        put(key, value.value());
    }
    EXPECT_TRUE(findings().empty());
}

TEST_F(verification, notices_what_does_not_belong) {
    const auto notices = [&](const std::string& key, const std::string& value) {
        put(key, value);
        EXPECT_FALSE(findings().empty()) << key;
        erase(key);
    };
    notices("zzz", "\x01");
    notices("a", "\x01");
    notices("aNot.Normal" + std::string(1, '\0') + "x", "\x01");
    notices(alias_key(at("alice@example.test")), encode(Alias{at("alice@example.test"), {at("b@example.com")}, {}}));
    notices(alias_key(at("x@nowhere.test")), encode(Alias{at("x@nowhere.test"), {at("b@example.com")}, {}}));
    notices(account_id_key(AccountId{77}), encode(at("alice@example.test")));
    notices(age_key("example.test", AccountId{77}), encode_bytes("alice"));
    notices(credentials_key(AccountId{77}), encode(Credentials{1, "$argon2id$", {"salt", 1, std::string(32, 'a'), std::string(32, 'b')}}));
    notices(erasure_key(id), encode(at("alice@example.test")));
    notices(erasure_key(AccountId{77}), encode(at("former@example.test")));
    notices("e", encode(at("former@example.test")));
    EXPECT_TRUE(findings().empty());
}

TEST_F(verification, a_broken_record_is_an_internal_error_to_everybody_else) {
    put(account_key(at("alice@example.test")), "\x07garbage");
    EXPECT_EQ(code(world.resolve("alice@example.test")), ErrorCode::internal);
    EXPECT_EQ(code(run_to_end(world->account(id))), ErrorCode::internal);
    EXPECT_EQ(code(world.login("alice@example.test", "secret")), ErrorCode::internal);
    EXPECT_EQ(code(run_to_end(world->accounts("", "", 5))), ErrorCode::internal);
    put(domain_key("example.test"), "");
    EXPECT_EQ(code(run_to_end(world->domains())), ErrorCode::internal);
}

}  // namespace
}  // namespace packetboat::directory
