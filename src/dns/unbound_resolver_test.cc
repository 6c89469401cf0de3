#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "base/executor.h"
#include "base/testing/must.h"
#include "dns/records.h"
#include "dns/resolver.h"
#include "dns/testing/scripted_server.h"

namespace packetboat::dns {
namespace {

using namespace std::chrono_literals;
using packetboat::testing::must;
using testing::ScriptedServer;
using Query = ScriptedServer::Query;
using Reply = ScriptedServer::Reply;

ResolverOptions options_for(const ScriptedServer& server) {
    ResolverOptions options;
    options.servers = {server.endpoint()};
    options.dnssec = false;
    return options;
}

std::unique_ptr<Resolver> resolver_for(const ScriptedServer& server) { return must(make_resolver(options_for(server))); }

Answer ask(Resolver& resolver, std::string name, Type type = Type::a) { return run_to_end(resolver.query(std::move(name), type)); }

Reply one_address(const Query& query) { return {.answers = {ScriptedServer::a(query.question.name, 300, 1)}}; }

TEST(dns_resolver, an_answer_is_asked_for_once_and_then_cached) {
    ScriptedServer server(one_address);
    const auto dns = resolver_for(server);
    for (const char* name : {"mail.example.test", "MAIL.example.test.", "mail.EXAMPLE.test"}) {
        const Answer answer = ask(*dns, name);
        EXPECT_EQ(answer.outcome, Outcome::found);
        EXPECT_EQ(answer.canonical_name, "mail.example.test");
        EXPECT_EQ(answer.addresses, (std::vector{IpAddress::v4(192, 0, 2, 1)}));
        EXPECT_EQ(answer.why, "");
    }
    EXPECT_EQ(server.times_asked({"mail.example.test", Type::a}), 1U);
}

TEST(dns_resolver, an_answer_is_asked_for_again_when_its_ttl_is_over) {
    std::atomic<std::uint8_t> last = 1;
    ScriptedServer server([&](const Query& query) { return Reply{.answers = {ScriptedServer::a(query.question.name, 1, last)}}; });
    const auto dns = resolver_for(server);
    EXPECT_EQ(ask(*dns, "short.example.test").addresses.at(0), IpAddress::v4(192, 0, 2, 1));
    last = 2;
    while (ask(*dns, "short.example.test").addresses.at(0) != IpAddress::v4(192, 0, 2, 2)) std::this_thread::yield();
    EXPECT_LE(ask(*dns, "short.example.test").ttl, 1s);
}

TEST(dns_resolver, an_answer_without_ttl_is_for_now_only) {
    ScriptedServer server([](const Query& query) { return Reply{.answers = {ScriptedServer::a(query.question.name, 0, 1)}}; });
    const auto dns = resolver_for(server);
    for (int round = 0; round < 3; ++round) EXPECT_EQ(ask(*dns, "now.example.test").ttl, 0s);
    EXPECT_EQ(server.times_asked({"now.example.test", Type::a}), 3U);
}

TEST(dns_resolver, there_is_none_is_cached_too_with_and_without_soa) {
    ScriptedServer server([](const Query& query) {
        Reply reply;
        if (query.question.name.starts_with("none")) reply.rcode = 3;
        if (query.question.name.ends_with("soa.test")) reply.authority = {ScriptedServer::soa("soa.test", 500, 100)};
        return reply;
    });
    const auto dns = resolver_for(server);
    struct Case {
        const char* name;
        Outcome outcome;
        std::chrono::seconds ttl_min;
        std::chrono::seconds ttl_max;
    };
    const Case cases[] = {
        {"none.soa.test", Outcome::no_such_name, 60s, 100s},
        {"data.soa.test", Outcome::no_data, 60s, 100s},
        {"none.bare.test", Outcome::no_such_name, 1s, 1s},
        {"data.bare.test", Outcome::no_data, 1s, 1s},
    };
    for (const Case& each : cases) {
        const Answer answer = ask(*dns, each.name);
        EXPECT_EQ(to_string(answer.outcome), to_string(each.outcome)) << each.name << " " << answer.why;
        EXPECT_TRUE(answer.ttl >= each.ttl_min && answer.ttl <= each.ttl_max) << each.name << " " << answer.ttl.count();
    }
    ask(*dns, "none.soa.test");
    EXPECT_EQ(server.times_asked({"none.soa.test", Type::a}), 1U);
}

TEST(dns_resolver, a_server_that_fails_is_not_asked_for_every_message) {
    ScriptedServer server([](const Query&) { return Reply{.rcode = 2}; });
    const auto dns = resolver_for(server);
    const Answer answer = ask(*dns, "dead.example.test", Type::mx);
    EXPECT_EQ(answer.outcome, Outcome::failed);
    EXPECT_EQ(answer.why, "no name server has an answer for the MX of dead.example.test (SERVFAIL)");
    EXPECT_TRUE(answer.ttl > 0s && answer.ttl <= 5s);
    const std::size_t asked = server.queries().size();
    EXPECT_EQ(ask(*dns, "dead.example.test", Type::mx).outcome, Outcome::failed);
    EXPECT_EQ(server.queries().size(), asked);
}

TEST(dns_resolver, wrong_answers_are_not_believed) {
    using namespace std::string_literals;
    // The first try gets nonsense, the next ones the truth.
    ScriptedServer server([tries = 0](const Query& query) mutable {
        Reply reply = one_address(query);
        if (query.question.name != "hostile.example.test") return reply;
        switch (tries++) {
            case 0: reply.id_offset = 1; break;
            case 1: reply.raw = "garbage"s; break;
            case 2: reply.raw = query.bytes; break;
            default: return reply;
        }
        reply.answers = {ScriptedServer::a(query.question.name, 300, 66)};
        return reply;
    });
    const auto dns = resolver_for(server);
    const Answer answer = ask(*dns, "hostile.example.test");
    EXPECT_NE(answer.addresses, (std::vector{IpAddress::v4(192, 0, 2, 66)}));
    EXPECT_EQ(ask(*dns, "other.example.test").addresses, (std::vector{IpAddress::v4(192, 0, 2, 1)}));
}

TEST(dns_resolver, an_answer_that_does_not_fit_comes_over_tcp) {
    std::string rdata;
    for (int i = 0; i < 200; ++i) rdata += '\377' + std::string(255, 'x');
    ScriptedServer server([&](const Query& query) {
        if (!query.tcp) return Reply{.truncated = true};
        return Reply{.answers = {ScriptedServer::record(query.question.name, 16, 300, rdata)}};
    });
    const auto dns = resolver_for(server);
    const Answer answer = ask(*dns, "large.example.test", Type::txt);
    ASSERT_EQ(answer.texts.size(), 1U) << answer.why;
    EXPECT_EQ(answer.texts[0], std::string(std::size_t{200} * 255, 'x'));
    EXPECT_TRUE(std::ranges::any_of(server.queries(), &Query::tcp));
}

TEST(dns_resolver, aliases_that_lead_in_a_circle_fail) {
    ScriptedServer server([](const Query& query) {
        const std::string& name = query.question.name;
        return Reply{.answers = {ScriptedServer::cname(name, 300, name == "a.example.test" ? "b.example.test" : "a.example.test")}};
    });
    const auto dns = resolver_for(server);
    EXPECT_EQ(ask(*dns, "a.example.test").outcome, Outcome::failed);
}

TEST(dns_resolver, broken_records_are_counted_and_do_not_hide_the_others) {
    using namespace std::string_literals;
    ScriptedServer server([](const Query& query) {
        const std::string& name = query.question.name;
        Reply reply{.answers = {ScriptedServer::record(name, 52, 300, "\3\1"s)}};
        if (name == "half.example.test") reply.answers.push_back(ScriptedServer::record(name, 52, 300, "\3\1\1abc"s));
        return reply;
    });
    const auto dns = resolver_for(server);
    const Answer half = ask(*dns, "half.example.test", Type::tlsa);
    EXPECT_EQ(half.outcome, Outcome::found) << half.why;
    EXPECT_EQ(half.tlsa, (std::vector<Tlsa>{{3, 1, 1, "abc"}}));
    EXPECT_EQ(half.broken, 1U);
    const Answer all = ask(*dns, "all.example.test", Type::tlsa);
    EXPECT_EQ(all.outcome, Outcome::failed);
    EXPECT_EQ(all.broken, 1U);
    EXPECT_EQ(all.why, "every record of the TLSA of all.example.test is broken");
}

// A task that opens a gate when those before it have all begun to wait.
Task<Answer> open(std::latch& gate) {
    gate.count_down();
    co_return Answer{};
}

TEST(dns_resolver, those_who_ask_the_same_share_one_query) {
    std::latch gate(1);
    ScriptedServer server([&](const Query& query) {
        gate.wait();
        return one_address(query);
    });
    const auto dns = resolver_for(server);
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 50; ++i) tasks.push_back(dns->query(i % 2 ? "same.example.test" : "SAME.example.test.", Type::a));
    tasks.push_back(open(gate));
    std::vector<Answer> answers = run_to_end(when_all(std::move(tasks)));
    answers.pop_back();
    for (const Answer& answer : answers) EXPECT_EQ(answer.addresses, (std::vector{IpAddress::v4(192, 0, 2, 1)}));
    EXPECT_EQ(server.times_asked({"same.example.test", Type::a}), 1U);
}

TEST(dns_resolver, what_is_over_the_limit_fails_at_once) {
    std::latch gate(1);
    ScriptedServer server([&](const Query& query) {
        gate.wait();
        return one_address(query);
    });
    ResolverOptions options = options_for(server);
    options.queries_max = 3;
    const auto dns = must(make_resolver(options));
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(dns->query("n" + std::to_string(i) + ".example.test", Type::a));
    tasks.push_back(dns->query("n0.example.test", Type::a));  // nothing new
    tasks.push_back(open(gate));
    std::vector<Answer> answers = run_to_end(when_all(std::move(tasks)));
    for (const int found : {0, 1, 2, 5}) EXPECT_EQ(answers[static_cast<std::size_t>(found)].outcome, Outcome::found) << found;
    for (const int failed : {3, 4}) {
        EXPECT_EQ(answers[static_cast<std::size_t>(failed)].outcome, Outcome::failed) << failed;
        EXPECT_EQ(answers[static_cast<std::size_t>(failed)].why, "too many DNS queries are under way");
    }
    EXPECT_EQ(ask(*dns, "n3.example.test").outcome, Outcome::found);
}

TEST(dns_resolver, silence_is_answered_when_the_time_is_over_and_what_comes_later_is_kept) {
    std::atomic<bool> silent = true;
    ScriptedServer server([&](const Query& query) {
        Reply reply = one_address(query);
        reply.silent = silent;
        return reply;
    });
    ResolverOptions options = options_for(server);
    options.timeout = 100ms;
    const auto dns = must(make_resolver(options));
    const Answer answer = ask(*dns, "silent.example.test");
    EXPECT_EQ(answer.outcome, Outcome::failed);
    EXPECT_EQ(answer.why, "no name server has answered for the A of silent.example.test in time");
    silent = false;
    Answer later = ask(*dns, "silent.example.test");
    while (later.outcome != Outcome::found) {
        std::this_thread::yield();
        later = ask(*dns, "silent.example.test");
    }
    EXPECT_EQ(later.addresses, (std::vector{IpAddress::v4(192, 0, 2, 1)}));
}

TEST(dns_resolver, queries_under_way_fail_when_it_is_destroyed) {
    ScriptedServer server([](const Query&) { return Reply{.silent = true}; });
    std::unique_ptr<Resolver> dns = resolver_for(server);
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < 20; ++i) tasks.push_back(dns->query("n" + std::to_string(i % 10) + ".example.test", Type::a));
    tasks.push_back([](std::unique_ptr<Resolver>& doomed) -> Task<Answer> {
        doomed.reset();
        co_return Answer{};
    }(dns));
    std::vector<Answer> answers = run_to_end(when_all(std::move(tasks)));
    answers.pop_back();
    for (const Answer& answer : answers) {
        EXPECT_EQ(answer.outcome, Outcome::failed);
        EXPECT_EQ(answer.why, "the resolver was stopped");
    }
}

TEST(dns_resolver, many_threads_ask_at_once) {
    ScriptedServer server(one_address);
    ResolverOptions options = options_for(server);
    options.cache_bytes = 64 * 1024;
    const auto dns = must(make_resolver(options));
    std::vector<std::thread> threads;
    std::atomic<int> found = 0;
    constexpr int threads_count = 4;
    constexpr int rounds = 5;
    constexpr int names = 40;
    for (int t = 0; t < threads_count; ++t) {
        threads.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                std::vector<Task<Answer>> tasks;
                for (int i = 0; i < names; ++i) tasks.push_back(dns->query("n" + std::to_string(i) + ".example.test", Type::a));
                for (const Answer& answer : run_to_end(when_all(std::move(tasks)))) found += answer.outcome == Outcome::found;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(found, threads_count * rounds * names);
}

TEST(dns_resolver, name_servers_come_from_resolv_conf_where_none_are_given) {
    ResolverOptions options;
    options.resolv_conf = std::filesystem::temp_directory_path() / ("packetboat-resolv-" + std::to_string(::getpid()));
    std::ofstream(options.resolv_conf) << "search example.test\nnameserver 127.0.0.1\n";
    EXPECT_TRUE(make_resolver(options));
    std::filesystem::remove(options.resolv_conf);
    const Result<std::unique_ptr<Resolver>> without = make_resolver(options);
    ASSERT_TRUE(without);
    // RFC 6761: these are answered without asking anybody.
    EXPECT_EQ(ask(**without, "localhost").addresses, (std::vector{IpAddress::v4(127, 0, 0, 1)}));
    EXPECT_EQ(ask(**without, "mail.invalid").outcome, Outcome::no_such_name);
    EXPECT_EQ(ask(**without, "mail.onion").outcome, Outcome::no_such_name);
}

TEST(dns_resolver, wrong_options_are_refused) {
    ResolverOptions options;
    options.servers = {{IpAddress::v4(127, 0, 0, 1), 53}};
    for (const char* anchor :
         {"nonsense", "", "example.test. A 192.0.2.1", "example.test. DS 1 13 2 xyz", "example.test. DS 1 13 2 ab\nexample.org. DS"}) {
        ResolverOptions wrong = options;
        wrong.trust_anchors = {"example.test. DS 29350 13 2 d7140b5e44684bd1917551ae1a29562658e7712d20abbeae6d4bd16b109dc387", anchor};
        const Result<std::unique_ptr<Resolver>> made = make_resolver(wrong);
        ASSERT_FALSE(made) << anchor;
        EXPECT_EQ(made.error().code, ErrorCode::invalid) << made.error().text;
        EXPECT_EQ(made.error().text.find('\n'), std::string::npos);
    }
    ResolverOptions no_time = options;
    no_time.timeout = 0ms;
    EXPECT_EQ(make_resolver(no_time).error().code, ErrorCode::invalid);
    ResolverOptions no_queries = options;
    no_queries.queries_max = 0;
    EXPECT_EQ(make_resolver(no_queries).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace packetboat::dns
