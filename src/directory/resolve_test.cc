#include <gtest/gtest.h>

#include <algorithm>

#include "directory/testing/world.h"

namespace packetboat::directory {
namespace {

using testing::at;
using testing::World;

// "alice@example.test+tag bob@… → elsewhere@…", or "not ours", "no such user", "error".
std::string shown(const Result<Resolution>& resolution) {
    if (!resolution) return std::string(to_string(resolution.error().code));
    if (std::holds_alternative<NotOurs>(*resolution)) return "not ours";
    if (std::holds_alternative<NoSuchUser>(*resolution)) return "no such user";
    const Resolved& resolved = std::get<Resolved>(*resolution);
    std::vector<std::string> all;
    for (const Local& local : resolved.accounts)
        all.push_back(local.address.text() + (local.subaddress.empty() ? "" : " tag " + local.subaddress));
    for (const Address& address : resolved.elsewhere) all.push_back("> " + address.text());
    std::sort(all.begin(), all.end());
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
    return text;
}

struct resolving : ::testing::Test {
    resolving() {
        world.domain("example.test");
        world.domain("xn--bcher-kva.example");
        alice = world.account("alice@example.test");
        bob = world.account("bob@example.test");
    }
    std::string of(std::string_view address) { return shown(world.resolve(address)); }
    bool may(AccountId id, std::string_view address) { return run_to_end(world->may_send_as(id, at(address))).value(); }

    World world;
    AccountId alice{};
    AccountId bob{};
};

TEST_F(resolving, finds_an_account_in_any_case) {
    EXPECT_EQ(of("Alice@EXAMPLE.test"), "alice@example.test");
    const Resolved resolved = std::get<Resolved>(*world.resolve("alice@example.test"));
    EXPECT_EQ(resolved.accounts, (std::vector<Local>{{alice, at("alice@example.test"), "", 0}}));
}

TEST_F(resolving, tells_no_such_user_from_a_foreign_domain) {
    EXPECT_EQ(of("nobody@example.test"), "no such user");
    EXPECT_EQ(of("alice@example.com"), "not ours");
}

TEST_F(resolving, carries_the_quota) {
    ASSERT_TRUE(run_to_end(world->set_quota(at("alice@example.test"), 4096)));
    EXPECT_EQ(std::get<Resolved>(*world.resolve("alice@example.test")).accounts.at(0).quota_bytes, 4096U);
}

TEST_F(resolving, a_disabled_account_still_gets_mail) {
    ASSERT_TRUE(run_to_end(world->set_enabled(at("alice@example.test"), false)));
    EXPECT_EQ(of("alice@example.test"), "alice@example.test");
}

TEST_F(resolving, strips_the_subaddress_last) {
    EXPECT_EQ(of("alice+lists@example.test"), "alice@example.test tag lists");
    EXPECT_EQ(of("alice+a+b@example.test"), "alice@example.test tag a+b");
    EXPECT_EQ(of("alice+@example.test"), "alice@example.test");
    EXPECT_EQ(of("+alice@example.test"), "no such user");
    world.account("alice+exact@example.test");
    EXPECT_EQ(of("alice+exact@example.test"), "alice+exact@example.test");
    ASSERT_TRUE(world.alias("alice+alias@example.test", {"bob@example.test"}));
    EXPECT_EQ(of("alice+alias@example.test"), "bob@example.test");
}

TEST_F(resolving, the_separator_is_a_setting) {
    Limits limits = testing::cheap_limits();
    limits.subaddress_separator = '-';
    world.open(limits);
    EXPECT_EQ(of("alice-x@example.test"), "alice@example.test tag x");
    EXPECT_EQ(of("alice+x@example.test"), "no such user");
    limits.subaddress_separator = '\0';
    world.open(limits);
    EXPECT_EQ(of("alice-x@example.test"), "no such user");
}

TEST_F(resolving, expands_aliases_here_and_elsewhere) {
    ASSERT_TRUE(world.alias("team@example.test", {"alice@example.test", "bob+team@example.test", "carol@example.com"}));
    ASSERT_TRUE(world.alias("all@xn--bcher-kva.example", {"team@example.test", "alice@example.test", "carol@example.com"}));
    EXPECT_EQ(of("team@example.test"), "> carol@example.com, alice@example.test, bob@example.test tag team");
    EXPECT_EQ(of("all@b\u00fccher.example"), "> carol@example.com, alice@example.test, bob@example.test tag team");
}

TEST_F(resolving, passes_an_aliass_tag_on_to_targets_without_one) {
    ASSERT_TRUE(world.alias("team@example.test", {"alice@example.test", "bob+own@example.test"}));
    EXPECT_EQ(of("team+news@example.test"), "alice@example.test tag news, bob@example.test tag own");
}

TEST_F(resolving, gives_each_account_once) {
    ASSERT_TRUE(world.alias("team@example.test", {"alice+a@example.test", "alice+b@example.test", "alice@example.test"}));
    EXPECT_EQ(of("team@example.test"), "alice@example.test tag a");
}

TEST_F(resolving, cuts_loops_of_aliases_silently) {
    ASSERT_TRUE(world.alias("a@example.test", {"b@example.test", "alice@example.test"}));
    ASSERT_TRUE(world.alias("b@example.test", {"a@example.test", "b@example.test", "bob@example.test"}));
    EXPECT_EQ(of("a@example.test"), "alice@example.test, bob@example.test");
    EXPECT_EQ(of("b@example.test"), "alice@example.test, bob@example.test");
}

TEST_F(resolving, an_alias_that_leads_nowhere_does_not_exist) {
    ASSERT_TRUE(world.alias("a@example.test", {"b@example.test"}));
    ASSERT_TRUE(world.alias("b@example.test", {"a@example.test", "gone@example.test"}));
    EXPECT_EQ(of("a@example.test"), "no such user");
}

TEST_F(resolving, limits_the_depth_of_aliases) {
    const auto name = [](int i) { return "n" + std::to_string(i) + "@example.test"; };
    for (int i = 1; i <= 11; ++i) ASSERT_TRUE(world.alias(name(i), {i == 1 ? "alice@example.test" : name(i - 1)}));
    EXPECT_EQ(of(name(10)), "alice@example.test");
    EXPECT_EQ(of(name(11)), "too_many");
}

TEST_F(resolving, limits_the_targets_in_all) {
    Limits limits = testing::cheap_limits();
    limits.alias_targets_max = 4;
    world.open(limits);
    ASSERT_TRUE(world.alias("two@example.test", {"a@example.com", "b@example.com"}));
    ASSERT_TRUE(world.alias("four@example.test", {"two@example.test", "c@example.com"}));
    ASSERT_TRUE(world.alias("five@example.test", {"two@example.test", "c@example.com", "d@example.com"}));
    EXPECT_EQ(of("four@example.test"), "> a@example.com, > b@example.com, > c@example.com");
    EXPECT_EQ(of("five@example.test"), "too_many");
    const Result<> added = world.alias("six@example.test", {"a@x.com", "b@x.com", "c@x.com", "d@x.com", "e@x.com"});
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::too_many);
}

TEST_F(resolving, follows_many_targets_and_few) {
    for (const int count : {15, 16, 17, 200}) {
        std::vector<std::string> targets;
        for (int i = 0; i < count; ++i) targets.push_back("t" + std::to_string(i) + "@example.com");
        const std::string name = "list" + std::to_string(count) + "@example.test";
        ASSERT_TRUE(world.alias(name, targets));
        EXPECT_EQ(std::get<Resolved>(*world.resolve(name)).elsewhere.size(), static_cast<std::size_t>(count));
    }
}

TEST_F(resolving, the_catch_all_takes_what_nobody_has) {
    ASSERT_TRUE(run_to_end(world->set_catch_all("example.test", at("bob@example.test"))));
    EXPECT_EQ(of("nobody@example.test"), "bob@example.test");
    EXPECT_EQ(of("nobody+tag@example.test"), "bob@example.test");
    EXPECT_EQ(of("alice+tag@example.test"), "alice@example.test tag tag");
    ASSERT_TRUE(run_to_end(world->set_catch_all("example.test", at("else@example.com"))));
    EXPECT_EQ(of("nobody@example.test"), "> else@example.com");
    ASSERT_TRUE(run_to_end(world->set_catch_all("example.test", at("gone@example.test"))));
    EXPECT_EQ(of("nobody@example.test"), "no such user");
    ASSERT_TRUE(run_to_end(world->set_catch_all("example.test", std::nullopt)));
    EXPECT_EQ(of("nobody@example.test"), "no such user");
}

TEST_F(resolving, postmaster_always_gets_mail) {
    EXPECT_EQ(of("Postmaster@example.test"), "alice@example.test");
    ASSERT_TRUE(run_to_end(world->remove_account(at("alice@example.test"))));
    EXPECT_EQ(of("postmaster@example.test"), "bob@example.test");
    ASSERT_TRUE(run_to_end(world->set_catch_all("example.test", at("else@example.com"))));
    EXPECT_EQ(of("postmaster@example.test"), "> else@example.com");
    ASSERT_TRUE(world.alias("postmaster@example.test", {"bob@example.test", "root@example.com"}));
    EXPECT_EQ(of("postmaster@example.test"), "> root@example.com, bob@example.test");
    EXPECT_EQ(of("postmaster@xn--bcher-kva.example"), "no such user");
}

TEST_F(resolving, who_gets_the_mail_may_send_it) {
    ASSERT_TRUE(world.alias("team@example.test", {"inner@example.test", "carol@example.com"}));
    ASSERT_TRUE(world.alias("inner@example.test", {"alice@example.test"}));
    EXPECT_TRUE(may(alice, "alice@example.test"));
    EXPECT_TRUE(may(alice, "Alice+news@example.test"));
    EXPECT_TRUE(may(alice, "team@example.test"));
    EXPECT_TRUE(may(alice, "team+x@example.test"));
    EXPECT_FALSE(may(alice, "bob@example.test"));
    EXPECT_FALSE(may(bob, "team@example.test"));
    EXPECT_FALSE(may(alice, "carol@example.com"));
    EXPECT_FALSE(may(bob, "any@example.test"));
    ASSERT_TRUE(run_to_end(world->set_catch_all("example.test", at("bob@example.test"))));
    EXPECT_TRUE(may(bob, "any@example.test"));
    EXPECT_FALSE(may(bob, "alice@example.test"));
    EXPECT_FALSE(may(alice, "any@example.test"));
}

TEST_F(resolving, knows_its_domains) {
    EXPECT_TRUE(run_to_end(world->is_local_domain("EXAMPLE.test")).value());
    EXPECT_TRUE(run_to_end(world->is_local_domain("b\u00fccher.example")).value());
    EXPECT_FALSE(run_to_end(world->is_local_domain("example.com")).value());
    EXPECT_FALSE(run_to_end(world->is_local_domain("[192.0.2.1]")).value());
}

}  // namespace
}  // namespace packetboat::directory
