#include <gtest/gtest.h>

#include <algorithm>

#include "directory/credentials.h"
#include "directory/testing/world.h"
#include "directory/throttle.h"

namespace packetboat::directory {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::at;
using testing::World;

struct login : ::testing::Test {
    login() {
        world.domain("example.test");
        alice = world.account("alice@example.test", "packetboat");
        world.account("bob@example.test", "other");
        world.account("mute@example.test");
    }
    static Error error(const Result<Account>& result) { return result ? Error{ErrorCode::internal, "it went well"} : result.error(); }
    ErrorCode fails(std::string_view user, std::string_view from, std::string_view password) {
        return error(world.login(user, password, from)).code;
    }
    // With a password that was never tried before.
    ErrorCode fails(std::string_view user, std::string_view from) { return fails(user, from, "wrong" + std::to_string(++guess_number)); }

    World world;
    AccountId alice{};
    int guess_number = 0;
};

TEST_F(login, takes_the_right_password) {
    const Result<Account> account = world.login("Alice@example.test", "packetboat");
    ASSERT_TRUE(account);
    EXPECT_EQ(account->id, alice);
    EXPECT_EQ(account->address, at("alice@example.test"));
}

TEST_F(login, takes_a_bare_user_name_in_the_only_domain) {
    EXPECT_TRUE(world.login("alice", "packetboat"));
    world.domain("other.test");
    EXPECT_FALSE(world.login("alice", "packetboat"));
}

TEST_F(login, does_not_take_aliases_and_subaddresses) {
    ASSERT_TRUE(world.alias("a@example.test", {"alice@example.test"}));
    EXPECT_FALSE(world.login("a@example.test", "packetboat"));
    EXPECT_FALSE(world.login("alice+x@example.test", "packetboat"));
}

TEST_F(login, answers_alike_and_hashes_once_whoever_it_is) {
    ASSERT_TRUE(run_to_end(world->set_enabled(at("bob@example.test"), false)));
    const Error wrong = error(world.login("alice@example.test", "wrong"));
    EXPECT_EQ(wrong, (Error{ErrorCode::denied, "authentication failed"}));
    EXPECT_EQ(world->password_hashes(), 1U);
    std::uint64_t hashes = 1;
    for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{{"nobody@example.test", "packetboat"},
                                                                                         {"alice@example.com", "packetboat"},
                                                                                         {"not an address", "packetboat"},
                                                                                         {"", "packetboat"},
                                                                                         {std::string(100'000, 'x'), "packetboat"},
                                                                                         {"\xff@\xff", "packetboat"},
                                                                                         {"mute@example.test", "packetboat"},
                                                                                         {"bob@example.test", "wrong"},
                                                                                         {"bob@example.test", "other"}}) {
        EXPECT_EQ(error(world.login(user, password)), wrong) << user;
        EXPECT_EQ(world->password_hashes(), ++hashes) << user;
    }
}

TEST_F(login, the_dummy_costs_what_a_hash_costs) {
    const Limits limits = testing::cheap_limits();
    const std::string dummy = make_dummy_hash(limits);
    EXPECT_EQ(verify_password(dummy, "x"), Verdict::wrong);  // it is computed, not refused
    EXPECT_FALSE(is_outdated({1, dummy, {"s", limits.scram_iterations, "", ""}}, limits));
    EXPECT_EQ(dummy.size(), make_credentials("x", limits)->password_hash.size());
    for (const std::string broken : {"", "nonsense", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$short"})
        EXPECT_EQ(verify_password(broken, "x"), Verdict::unknown) << broken;
}

TEST_F(login, an_impossible_password_costs_no_hash_but_counts) {
    for (const std::string& password : {std::string(), std::string(1025, 'x'), std::string("packetboat\0", 11)})
        EXPECT_EQ(fails("alice@example.test", "192.0.2.1", password), ErrorCode::denied);
    EXPECT_EQ(world->password_hashes(), 0U);
    for (std::size_t i = 3; i < 20; ++i) EXPECT_EQ(fails("alice@example.test", "192.0.2.1", std::string(1025 + i, 'x')), ErrorCode::denied);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.1", ""), ErrorCode::too_many);
}

TEST_F(login, takes_a_password_of_any_bytes_and_of_the_greatest_length) {
    const std::string longest(1024, '\xfe');
    ASSERT_TRUE(run_to_end(world->set_password(at("mute@example.test"), longest)));
    EXPECT_TRUE(world.login("mute@example.test", longest));
    EXPECT_FALSE(world.login("mute@example.test", longest.substr(1)));
}

TEST_F(login, hashes_a_right_password_once_in_an_hour) {
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "2001:db8::1"));
    EXPECT_EQ(world->password_hashes(), 1U);
    EXPECT_FALSE(world.login("alice@example.test", "Packetboat"));
    EXPECT_EQ(world->password_hashes(), 2U);
    world.now += seconds(3600);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    EXPECT_EQ(world->password_hashes(), 3U);
}

TEST_F(login, never_remembers_a_wrong_password) {
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(world.login("alice@example.test", "wrong"));
    EXPECT_EQ(world->password_hashes(), 3U);
}

TEST_F(login, the_cache_can_be_off_and_is_bounded) {
    Limits limits = testing::cheap_limits();
    limits.credentials_cache_time = seconds(0);
    world.open(limits);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    EXPECT_EQ(world->password_hashes(), 2U);
    limits.credentials_cache_time = seconds(3600);
    limits.credentials_cache_max = 1;
    world.open(limits);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    EXPECT_TRUE(world.login("bob@example.test", "other"));
    EXPECT_TRUE(world.login("bob@example.test", "other"));
    EXPECT_EQ(world->password_hashes(), 2U);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    EXPECT_EQ(world->password_hashes(), 3U);
}

TEST_F(login, a_changed_password_and_a_disabled_account_are_seen_at_once) {
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    ASSERT_TRUE(run_to_end(world->set_password(at("alice@example.test"), "new")));
    EXPECT_FALSE(world.login("alice@example.test", "packetboat"));
    EXPECT_TRUE(world.login("alice@example.test", "new"));
    ASSERT_TRUE(run_to_end(world->set_enabled(at("alice@example.test"), false)));
    EXPECT_FALSE(world.login("alice@example.test", "new"));
    ASSERT_TRUE(run_to_end(world->set_enabled(at("alice@example.test"), true)));
    EXPECT_TRUE(world.login("alice@example.test", "new"));
    // And the old password again is another password too.
    ASSERT_TRUE(run_to_end(world->set_password(at("alice@example.test"), "packetboat")));
    const std::uint64_t hashes = world->password_hashes();
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    EXPECT_EQ(world->password_hashes(), hashes + 1);
}

TEST_F(login, a_new_account_of_an_old_name_is_another) {
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    ASSERT_TRUE(run_to_end(world->remove_account(at("alice@example.test"))));
    EXPECT_FALSE(world.login("alice@example.test", "packetboat"));
    world.account("alice@example.test");
    EXPECT_FALSE(world.login("alice@example.test", "packetboat"));
}

Credentials stored(World& world, AccountId id) {
    return **run_to_end(world.store->read(directory_partition(), store::Weight::few,
                                          [&](const store::Reader& reader) { return get_credentials(reader, id); }));
}

TEST_F(login, hashes_anew_when_the_parameters_have_changed) {
    const Credentials before = stored(world, alice);
    Limits limits = testing::cheap_limits();
    limits.hash_memory_kib = 16;
    world.open(limits);
    EXPECT_FALSE(world.login("alice@example.test", "wrong"));
    EXPECT_EQ(stored(world, alice).password_hash, before.password_hash);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    const Credentials after = stored(world, alice);
    EXPECT_TRUE(after.password_hash.starts_with("$argon2id$v=19$m=16,t=1,p=1$")) << after.password_hash;
    EXPECT_EQ(after.version, before.version);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    limits.scram_iterations = 100;
    world.open(limits);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
    EXPECT_EQ(stored(world, alice).scram.iterations, 100U);
    world.open(limits);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat"));
}

TEST_F(login, says_unavailable_when_hashing_is_full) {
    WorkerPool full({.threads = 1, .queue_max = 0});
    Directory directory(*world.store, full, testing::cheap_limits());
    for (const char* user : {"alice@example.test", "nobody@example.test"})
        EXPECT_EQ(error(run_to_end(directory.check_password(World::client(), user, "packetboat"))).code, ErrorCode::unavailable);
}

TEST_F(login, an_address_has_to_wait_after_its_failures) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(fails("u" + std::to_string(i) + "@example.test", "192.0.2.9"), ErrorCode::denied);
    const std::uint64_t hashes = world->password_hashes();
    const Error known = error(world.login("alice@example.test", "packetboat", "192.0.2.9"));
    const Error unknown = error(world.login("nobody@example.test", "packetboat", "192.0.2.9"));
    EXPECT_EQ(known.code, ErrorCode::too_many);
    EXPECT_EQ(known, unknown);
    EXPECT_EQ(world->password_hashes(), hashes);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.10"));
    world.now += seconds(599);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.9", "packetboat"), ErrorCode::too_many);
    world.now += seconds(1);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.9"));
}

TEST_F(login, counts_ipv6_by_its_64) {
    for (int i = 0; i < 20; ++i) fails("alice@example.test", "2001:db8:0:1::" + std::to_string(i + 1));
    EXPECT_EQ(fails("alice@example.test", "2001:db8:0:1:ffff::1"), ErrorCode::too_many);
    EXPECT_EQ(fails("alice@example.test", "2001:db8:0:2::1"), ErrorCode::denied);
}

TEST_F(login, an_account_has_to_wait_whether_it_exists_or_not) {
    for (const std::string user : {"alice@example.test", "nobody@example.test", "no address"}) {
        for (int i = 0; i < 50; ++i) EXPECT_EQ(fails(user, "198.51.100." + std::to_string(i)), ErrorCode::denied);
        const std::uint64_t hashes = world->password_hashes();
        EXPECT_EQ(fails(user, "203.0.113.1", "packetboat"), ErrorCode::too_many);
        EXPECT_EQ(world->password_hashes(), hashes);
    }
}

TEST_F(login, others_failures_do_not_lock_out_a_known_address) {
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "203.0.113.1"));
    for (int i = 0; i < 50; ++i) fails("alice@example.test", "198.51.100." + std::to_string(i));
    EXPECT_EQ(fails("alice@example.test", "203.0.113.2", "packetboat"), ErrorCode::too_many);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "203.0.113.1"));
    world.now += hours(7 * 24);
    for (int i = 0; i < 50; ++i) fails("alice@example.test", "198.51.100." + std::to_string(i));
    EXPECT_EQ(fails("alice@example.test", "203.0.113.1", "packetboat"), ErrorCode::too_many);
}

TEST_F(login, a_success_forgives_slips_on_the_same_account_only) {
    for (int i = 0; i < 19; ++i) fails("alice@example.test", "192.0.2.1");
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    for (int i = 0; i < 19; ++i) EXPECT_EQ(fails("bob@example.test", "192.0.2.1"), ErrorCode::denied);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    EXPECT_EQ(fails("bob@example.test", "192.0.2.1"), ErrorCode::denied);
    EXPECT_EQ(fails("bob@example.test", "192.0.2.1"), ErrorCode::too_many);
}

TEST_F(login, one_wrong_password_in_a_device_locks_nobody_out) {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "old"), ErrorCode::denied);
    EXPECT_EQ(fails("alice", "192.0.2.1", "old"), ErrorCode::denied);  // the same user
    EXPECT_TRUE(world.login("bob@example.test", "other", "192.0.2.1"));
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    EXPECT_EQ(world->password_hashes(), 103U);  // repeating is no way to a faster answer
}

TEST_F(login, a_wrong_password_counts_once_for_each_account_address_and_window) {
    // Of one address on twenty accounts: twenty guesses. (After the last one the repeats have to wait too.)
    for (int i = 0; i < 20; ++i)
        for (int tries = i < 19 ? 3 : 1; tries > 0; --tries)
            EXPECT_EQ(fails("u" + std::to_string(i) + "@example.test", "192.0.2.1", "summer"), ErrorCode::denied);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "summer"), ErrorCode::too_many);
    // Of fifty addresses on one account: fifty guesses.
    for (int i = 0; i < 50; ++i)
        for (int tries = i < 49 ? 3 : 1; tries > 0; --tries)
            EXPECT_EQ(fails("alice@example.test", "198.51.100." + std::to_string(i), "summer"), ErrorCode::denied);
    EXPECT_EQ(fails("alice@example.test", "203.0.113.1"), ErrorCode::too_many);
    // And in every window anew.
    Limits limits = testing::cheap_limits();
    limits.failures_per_address_max = 2;
    world.open(limits);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "old"), ErrorCode::denied);
    world.now += limits.failure_window;
    EXPECT_EQ(fails("bob@example.test", "192.0.2.1"), ErrorCode::denied);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "old"), ErrorCode::denied);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "old"), ErrorCode::too_many);
}

TEST_F(login, unknown_users_wrong_passwords_are_repeated_alike) {
    for (const std::string user : {"alice@example.test", "nobody@example.test", "no address"}) {
        const std::uint64_t hashes = world->password_hashes();
        for (int i = 0; i < 30; ++i) EXPECT_EQ(fails(user, "192.0.2.1", "old"), ErrorCode::denied) << user;
        EXPECT_EQ(world->password_hashes(), hashes + 30) << user;
    }
}

TEST_F(login, repeating_a_wrong_password_does_not_buy_hashes_without_end) {
    Limits limits = testing::cheap_limits();
    limits.repeats_per_address_max = 10;
    limits.failures_per_address_max = 3;
    world.open(limits);
    std::uint64_t denied = 0;
    while (denied < 100 && fails("alice@example.test", "192.0.2.1", "old") == ErrorCode::denied) ++denied;
    EXPECT_EQ(denied, 13U);
    EXPECT_EQ(world->password_hashes(), 13U);
    // Whoever is known there may spend as many on his own account and no more.
    world.now += limits.failure_window;
    EXPECT_TRUE(world.login("bob@example.test", "other", "192.0.2.1"));
    denied = 0;
    while (denied < 100 && fails("bob@example.test", "192.0.2.1", "old") == ErrorCode::denied) ++denied;
    EXPECT_EQ(denied, 13U);
}

TEST_F(login, an_address_s_other_failures_do_not_lock_out_who_is_known_there) {
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(fails("u" + std::to_string(i) + "@example.test", "192.0.2.1"), ErrorCode::denied);
    EXPECT_EQ(fails("bob@example.test", "192.0.2.1", "other"), ErrorCode::too_many);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    EXPECT_EQ(fails("alice@example.test", "192.0.2.2"), ErrorCode::denied);
    EXPECT_EQ(fails("bob@example.test", "192.0.2.1", "other"), ErrorCode::too_many);  // one's success is not another's
    world.now += hours(7 * 24);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(fails("u" + std::to_string(i) + "@example.test", "192.0.2.1"), ErrorCode::denied);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "packetboat"), ErrorCode::too_many);
}

TEST_F(login, being_known_gives_an_address_no_more_guesses_at_the_account) {
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(fails("alice@example.test", "192.0.2.1"), ErrorCode::denied);
    EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "packetboat"), ErrorCode::too_many);
    world.now += seconds(600);
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
}

TEST_F(login, being_known_for_one_account_gives_no_guesses_at_another) {
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    // Alice's own slips are the address's too, and her success takes only those back.
    for (int i = 0; i < 15; ++i) EXPECT_EQ(fails("bob@example.test", "192.0.2.1"), ErrorCode::denied);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(fails("alice@example.test", "192.0.2.1"), ErrorCode::denied);
    EXPECT_EQ(fails("bob@example.test", "192.0.2.1"), ErrorCode::too_many);
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
        EXPECT_EQ(fails("bob@example.test", "192.0.2.1"), ErrorCode::denied);
    }
    EXPECT_TRUE(world.login("alice@example.test", "packetboat", "192.0.2.1"));
    EXPECT_EQ(fails("bob@example.test", "192.0.2.1", "other"), ErrorCode::too_many);
}

TEST_F(login, a_password_that_was_wrong_is_right_as_soon_as_it_is_set) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(fails("alice@example.test", "192.0.2.1", "new"), ErrorCode::denied);
    ASSERT_TRUE(run_to_end(world->set_password(at("alice@example.test"), "new")));
    EXPECT_TRUE(world.login("alice@example.test", "new", "192.0.2.1"));
}

TEST_F(login, guesses_side_by_side_learn_no_more_than_guesses_in_turn) {
    std::vector<Task<Result<Account>>> guesses;
    const Client client = World::client();
    std::vector<std::string> passwords;
    for (int i = 0; i < 60; ++i) passwords.push_back("wrong" + std::to_string(i));
    for (const std::string& password : passwords) guesses.push_back(world->check_password(client, "alice@example.test", password));
    const std::vector<Result<Account>> answers = run_to_end(when_all(std::move(guesses)));
    const auto count = [&](ErrorCode code) {
        return std::count_if(answers.begin(), answers.end(), [&](const Result<Account>& answer) { return error(answer).code == code; });
    };
    EXPECT_EQ(count(ErrorCode::denied), 20);
    EXPECT_EQ(count(ErrorCode::too_many), 40);
}

TEST_F(login, logins_side_by_side_share_their_hash) {
    std::vector<Task<Result<Account>>> logins;
    const Client client = World::client();
    for (int i = 0; i < 60; ++i) logins.push_back(world->check_password(client, "alice@example.test", "packetboat"));
    for (const Result<Account>& answer : run_to_end(when_all(std::move(logins)))) EXPECT_TRUE(answer);
    EXPECT_LE(world->password_hashes(), 2U);  // as many as there are threads
}

TEST(throttle, is_bounded_and_forgets_the_oldest) {
    Limits limits;
    limits.failure_entries_max = 10;
    limits.failures_per_address_max = 2;
    std::chrono::steady_clock::time_point now{hours(1000)};
    Throttle throttle(limits, [&] { return now; });
    const IpAddress first = IpAddress::v4(192, 0, 2, 1);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(throttle.conclude(first, "alice", false));
    EXPECT_FALSE(throttle.may_try(first, "alice"));
    for (std::uint8_t i = 0; i < 10; ++i) EXPECT_TRUE(throttle.conclude(IpAddress::v4(198, 51, 100, i), "bob", false));
    EXPECT_TRUE(throttle.may_try(first, "alice"));
}

TEST(throttle, forgets_the_oldest_wrong_passwords) {
    Limits limits;
    limits.wrong_passwords_max = 2;
    limits.failures_per_address_max = 4;
    std::chrono::steady_clock::time_point now{hours(1000)};
    Throttle throttle(limits, [&] { return now; });
    const IpAddress address = IpAddress::v4(192, 0, 2, 1);
    for (const char* password : {"a", "b", "b", "c", "b", "c"}) EXPECT_TRUE(throttle.conclude(address, "alice", false, password));
    EXPECT_TRUE(throttle.conclude(address, "alice", false, "a"));  // the fourth
    EXPECT_FALSE(throttle.may_try(address, "alice"));
}

TEST(throttle, counts_every_failure_whose_password_it_is_not_shown) {
    Limits limits;
    std::chrono::steady_clock::time_point now{hours(1000)};
    Throttle throttle(limits, [&] { return now; });
    const IpAddress address = IpAddress::v4(192, 0, 2, 1);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(throttle.conclude(address, "alice", false));
    EXPECT_FALSE(throttle.conclude(address, "alice", false));
}

TEST(throttle, does_not_forgive_what_an_earlier_window_counted) {
    Limits limits;
    limits.failures_per_address_max = 3;
    std::chrono::steady_clock::time_point now{hours(1000)};
    Throttle throttle(limits, [&] { return now; });
    const IpAddress address = IpAddress::v4(192, 0, 2, 1);
    throttle.conclude(address, "alice", false);
    now += limits.failure_window;
    for (int i = 0; i < 2; ++i) throttle.conclude(address, "bob", false);
    throttle.conclude(address, "alice", true);
    throttle.conclude(address, "bob", false);
    EXPECT_FALSE(throttle.may_try(address, "bob"));
    EXPECT_TRUE(throttle.may_try(address, "alice"));  // who is known there
}

}  // namespace
}  // namespace packetboat::directory
