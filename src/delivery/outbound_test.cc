#include "delivery/outbound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/id.h"
#include "delivery/delivery.h"
#include "delivery/testing/failing_store.h"
#include "delivery/testing/manual_pacer.h"
#include "delivery/testing/test_route.h"
#include "store/memory.h"

namespace packetboat::delivery {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Fate = FailingStore::Fate;

constexpr Time start{1'700'000'000'000'000};

// Hosts that do what a test says.
class TestTransport final : public Transport {
public:
    struct Sent {
        std::string site;
        std::vector<std::string> recipients;
        std::string text;
        int connection = 0;
    };
    using Answer = std::function<Attempt(const QueuedRecipient&)>;

    std::map<std::string, std::string> sites;      // of domains; else the domain itself
    std::map<std::string, Failure> no_route;       // by domain
    std::map<std::string, Failure> no_connection;  // by site
    Answer answer = [](const QueuedRecipient&) { return Attempt{.result = Delivered{.diagnostic = "250 2.0.0 Ok", .remote = "mx"}}; };
    bool closes_after_each = false;
    int stale = 0;  // so many connections turn out to be closed when they are used again
    std::vector<Sent> sent;
    int connections = 0;
    int open = 0;
    std::vector<Demands> demands;

    Task<Routing> route(const std::string& domain) override {
        if (const auto failure = no_route.find(domain); failure != no_route.end())
            co_return Routing{.route = std::unexpected(failure->second)};
        co_return Routing{.route = std::make_shared<TestRoute>(sites.contains(domain) ? sites[domain] : domain)};
    }
    Task<Connecting> connect(const Route& route, const Demands& wanted) override {
        demands.push_back(wanted);
        if (const auto failure = no_connection.find(route.site()); failure != no_connection.end())
            co_return Connecting{.connection = std::unexpected(failure->second), .dialogue = "mx: no answer\n"};
        co_return Connecting{.connection = std::make_unique<TestConnection>(*this, route.site()), .dialogue = ""};
    }

private:
    class TestConnection final : public Connection {
    public:
        TestConnection(TestTransport& world, std::string site) : world_(world), site_(std::move(site)), number_(++world.connections) {
            ++world.open;
        }
        Task<std::vector<Attempt>> send(const Shipment& shipment) override {
            std::vector<Attempt> attempts;
            if (messages_++ > 0 && world_.stale > 0) {
                --world_.stale;
                usable_ = false;
                for (std::size_t i = 0; i < shipment.recipients.size(); ++i)
                    attempts.push_back({.result = std::unexpected(Failure{.reason = "closed", .slow_down = true}), .untouched = true});
                co_return attempts;
            }
            Sent message{.site = site_, .recipients = {}, .text = {}, .connection = number_};
            for (;;) {
                const Result<std::string_view> piece = co_await shipment.content.next();
                if (!piece || piece->empty()) break;
                message.text += *piece;
            }
            for (const QueuedRecipient* recipient : shipment.recipients) {
                attempts.push_back(world_.answer(*recipient));
                message.recipients.push_back(recipient->address);
            }
            world_.sent.push_back(std::move(message));
            usable_ = !world_.closes_after_each;
            co_return attempts;
        }
        bool usable() const override { return usable_; }
        std::string dialogue() const override { return "S: 220 " + site_ + "\n"; }
        const std::string& remote() const override { return site_; }
        Task<> close() override {
            --world_.open;
            co_return;
        }

    private:
        TestTransport& world_;
        std::string site_;
        int number_;
        int messages_ = 0;
        bool usable_ = true;
    };
};

Failure temporary(std::string reason) { return {.status = "4.0.0", .reason = std::move(reason), .slow_down = false}; }
Failure dead() { return {.status = "4.4.1", .reason = "mx does not answer", .slow_down = true}; }
Failure permanent() {
    return {.permanent = true, .status = "5.1.1", .reason = "mx says no", .diagnostic = "550 5.1.1 No such user", .remote = "mx"};
}

class OutboundTest : public testing::Test {
protected:
    // Runs `body` beside the outbound queue, which stops at its end.
    void with_outbound(std::move_only_function<Task<>()> body) {
        Outbound outbound(store_, queue_, transport_, pacer_, options_);
        outbound_ = &outbound;
        loop_.run([](OutboundTest& test, Outbound& running, std::move_only_function<Task<>()>& inner) -> Task<> {
            bool ended = false;
            spawn(running.run(), [&ended](std::exception_ptr) { ended = true; });
            co_await test.pacer_.settle();
            co_await inner();
            running.stop();
            test.pacer_.stop();
            while (!ended) co_await test.yield();
        }(*this, outbound, body));
        EXPECT_EQ(transport_.open, 0);
        std::vector<std::string> findings;
        for (const store::Finding& finding : loop_.run(queue_.verify()).value()) findings.push_back(finding.what);
        EXPECT_EQ(findings, std::vector<std::string>());
    }
    Task<> yield() {
        struct Yield {
            bool await_ready() const { return false; }
            void await_suspend(std::coroutine_handle<> handle) { Executor::current().post(handle); }
            void await_resume() const {}
        };
        co_await Yield{};
    }
    QueueEntry entry_for(std::vector<std::string> recipients) {
        QueueEntry entry;
        entry.reverse_path = "alice@example.test";
        entry.arrived = pacer_.now();
        for (std::string& address : recipients) {
            QueuedRecipient& recipient = entry.recipients.emplace_back();
            recipient.address = std::move(address);
            recipient.due = pacer_.now();
        }
        return entry;
    }
    Task<Id128> put(QueueEntry entry, std::string text = "Subject: x\r\n\r\nhello\r\n") {
        auto bytes = std::make_shared<const std::string>(std::move(text));
        const std::uint64_t size = bytes->size();
        co_return (co_await queue_.add(std::move(entry), {std::move(bytes), std::nullopt, size})).value();
    }
    Task<Id128> send_to(std::vector<std::string> recipients) { co_return co_await put(entry_for(std::move(recipients))); }
    Task<QueueEntry> get(Id128 id) { co_return (co_await queue_.get(id)).value(); }
    Task<std::uint64_t> queued() { co_return (co_await queue_.size()).value(); }

    RunLoop loop_;
    std::unique_ptr<store::Store> memory_ = store::make_memory_store();
    FailingStore store_{*memory_};
    Queue queue_{store_, {}};
    TestTransport transport_;
    ManualPacer pacer_{start};
    OutboundOptions options_;
    Outbound* outbound_ = nullptr;
};

TEST_F(OutboundTest, a_message_goes_out_and_leaves_the_queue) {
    with_outbound([&]() -> Task<> {
        QueueEntry entry = entry_for({"bob@example.org", "carol@example.org"});
        entry.skip_bytes = 6;
        co_await put(std::move(entry), "hidden\r\nSubject: x\r\n\r\n");
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 1U);
        EXPECT_EQ(transport_.sent.at(0).recipients, (std::vector<std::string>{"bob@example.org", "carol@example.org"}));
        EXPECT_EQ(transport_.sent.at(0).text, "\r\nSubject: x\r\n\r\n");
        EXPECT_EQ(co_await queued(), 0U);
    });
}

TEST_F(OutboundTest, what_was_queued_before_the_start_goes_out_too) {
    loop_.run(send_to({"bob@example.org"}));
    QueueEntry later = entry_for({"carol@example.org"});
    later.recipients[0].due = start + hours(1);
    loop_.run(put(std::move(later)));
    with_outbound([&]() -> Task<> {
        EXPECT_EQ(transport_.sent.size(), 1U);
        co_await pacer_.advance_by_steps(hours(1), minutes(1));
        EXPECT_EQ(transport_.sent.size(), 2U);
        EXPECT_EQ(co_await queued(), 0U);
    });
}

TEST_F(OutboundTest, each_domain_takes_its_own_way) {
    with_outbound([&]() -> Task<> {
        transport_.no_connection["dead.example"] = dead();
        const Id128 id = co_await send_to({"bob@example.org", "dan@dead.example"});
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 1U);
        const QueueEntry kept = co_await get(id);
        EXPECT_EQ(kept.recipients.size(), 1U);
        EXPECT_EQ(kept.recipients.at(0).address, "dan@dead.example");
        EXPECT_EQ(kept.recipients.at(0).last_error, "mx does not answer");
        EXPECT_EQ(kept.recipients.at(0).attempts, 1U);
        EXPECT_EQ((co_await queue_.dialogues(id)).value().at(0).text, "mx: no answer\n");
        EXPECT_EQ((co_await outbound_->state("dead.example")).value().reason, "mx does not answer");
        transport_.no_connection.clear();
        co_await pacer_.advance_by_steps(minutes(2), seconds(10));
        EXPECT_EQ(transport_.sent.size(), 2U);
        EXPECT_EQ(co_await queued(), 0U);
    });
}

TEST_F(OutboundTest, a_recipient_refused_for_good_waits_for_its_sender_to_be_told) {
    with_outbound([&]() -> Task<> {
        transport_.answer = [](const QueuedRecipient& recipient) {
            if (recipient.address.starts_with("bob")) return Attempt{.result = Delivered{}};
            return Attempt{.result = std::unexpected(permanent())};
        };
        const Id128 id = co_await send_to({"bob@example.org", "nobody@example.org"});
        co_await pacer_.settle();
        const QueueEntry kept = co_await get(id);
        EXPECT_EQ(kept.recipients.size(), 1U);
        EXPECT_EQ(kept.recipients.at(0).report, Report::failed);
        EXPECT_EQ(kept.recipients.at(0).status, "5.1.1");
        EXPECT_EQ(kept.recipients.at(0).diagnostic, "550 5.1.1 No such user");
        co_await pacer_.advance_by_steps(hours(1), minutes(1));
        EXPECT_EQ(transport_.sent.size(), 1U);
    });
}

TEST_F(OutboundTest, a_domain_without_a_route_fails_at_once) {
    with_outbound([&]() -> Task<> {
        transport_.no_route["nowhere.example"] = {.permanent = true, .status = "5.1.2", .reason = "there is no such domain"};
        const Id128 id = co_await send_to({"bob@nowhere.example"});
        co_await pacer_.settle();
        const QueueEntry kept = co_await get(id);
        EXPECT_EQ(kept.recipients.at(0).report, Report::failed);
        EXPECT_EQ(kept.recipients.at(0).last_error, "there is no such domain");
        EXPECT_EQ((co_await outbound_->route("nowhere.example")).route.error().status, "5.1.2");
    });
}

TEST_F(OutboundTest, it_is_tried_by_the_plan_and_given_up_in_the_end) {
    with_outbound([&]() -> Task<> {
        int attempts = 0;
        transport_.answer = [&](const QueuedRecipient&) {
            ++attempts;
            return Attempt{.result = std::unexpected(temporary("mailbox busy"))};
        };
        const Id128 id = co_await send_to({"bob@example.org"});
        co_await pacer_.settle();
        EXPECT_EQ(attempts, 1);
        co_await pacer_.advance_by_steps(minutes(2), seconds(15));
        EXPECT_EQ(attempts, 2);
        co_await pacer_.advance_by_steps(days(5), minutes(5));
        const QueueEntry kept = co_await get(id);
        EXPECT_EQ(kept.recipients.at(0).report, Report::failed);
        EXPECT_EQ(kept.recipients.at(0).status, "4.4.7");
        EXPECT_EQ(kept.recipients.at(0).last_error, "given up after 5 days: mailbox busy");
        EXPECT_GE(attempts, 30);
        EXPECT_LE(attempts, 45);
    });
}

TEST_F(OutboundTest, behind_a_dead_host_it_is_warned_of_and_given_up_without_an_attempt) {
    options_.plan.warn_after = hours(4);
    with_outbound([&]() -> Task<> {
        transport_.no_connection["dead.example"] = dead();
        std::vector<Id128> ids;
        for (int i = 0; i < 20; ++i) ids.push_back(co_await send_to({"bob@dead.example"}));
        co_await pacer_.advance_by_steps(hours(5), minutes(1));
        std::uint64_t attempts = 0;
        for (const Id128& id : ids) {
            const QueueEntry kept = co_await get(id);
            EXPECT_EQ(kept.recipients.at(0).report, Report::delayed);
            EXPECT_TRUE(kept.recipients.at(0).warned);
            EXPECT_EQ(kept.recipients.at(0).last_error, "mx does not answer");
            attempts += kept.recipients.at(0).attempts;
        }
        EXPECT_LE(attempts, 20U);  // probes, not all of them each time
        co_await pacer_.advance_by_steps(days(5), minutes(10));
        for (const Id128& id : ids) {
            const QueueEntry kept = co_await get(id);
            EXPECT_EQ(kept.recipients.at(0).report, Report::failed);
            EXPECT_EQ(kept.recipients.at(0).last_error, "given up after 5 days: mx does not answer");
        }
    });
}

TEST_F(OutboundTest, messages_share_connections) {
    with_outbound([&]() -> Task<> {
        for (int i = 0; i < 50; ++i) co_await send_to({"bob@example.org"});
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 50U);
        EXPECT_LE(transport_.connections, 20);
        co_await pacer_.advance(seconds(1));
        const int before = transport_.connections;
        co_await send_to({"bob@example.org"});
        co_await pacer_.settle();
        EXPECT_EQ(transport_.connections, before);
        co_await pacer_.advance(seconds(3));
        EXPECT_EQ(transport_.open, 0);
    });
}

TEST_F(OutboundTest, a_connection_that_was_closed_meanwhile_costs_no_attempt) {
    with_outbound([&]() -> Task<> {
        co_await send_to({"bob@example.org"});
        co_await pacer_.settle();
        transport_.stale = 1;
        co_await send_to({"carol@example.org"});
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 2U);
        EXPECT_EQ(transport_.connections, 2);
        EXPECT_EQ(co_await queued(), 0U);
    });
}

TEST_F(OutboundTest, demands_are_the_messages) {
    with_outbound([&]() -> Task<> {
        co_await put(entry_for({"bob@example.org"}), "Subject: x\r\ntls-required: No\r\n\r\nTLS\r\n");
        co_await pacer_.settle();
        QueueEntry strict = entry_for({"bob@example.org"});
        strict.require_tls = true;
        co_await put(std::move(strict), "TLS-Required: No\r\n\r\n");
        co_await pacer_.settle();
        EXPECT_EQ(transport_.demands,
                  (std::vector{Demands{.require_tls = false, .tls_optional = true}, Demands{.require_tls = true, .tls_optional = false}}));
    });
}

TEST_F(OutboundTest, domains_at_the_same_hosts_share_a_shipment) {
    std::vector<std::string> recipients;
    for (int i = 0; i < 50; ++i) {
        const std::string domain = "d" + std::to_string(i) + ".example";
        transport_.sites[domain] = i < 49 ? "provider" : "elsewhere";
        recipients.push_back("bob@" + domain);
    }
    with_outbound([&]() -> Task<> {
        transport_.answer = [](const QueuedRecipient& recipient) {
            if (recipient.address == "bob@d7.example") return Attempt{.result = std::unexpected(temporary("mailbox busy"))};
            return Attempt{.result = Delivered{}};
        };
        const Id128 id = co_await send_to(recipients);
        co_await pacer_.settle();
        EXPECT_LE(transport_.sent.size(), 5U);
        std::size_t carried = 0;
        for (const TestTransport::Sent& sent : transport_.sent) {
            carried += sent.recipients.size();
            for (const std::string& one : sent.recipients) EXPECT_EQ(sent.site == "elsewhere", one == "bob@d49.example");
        }
        EXPECT_EQ(carried, 50U);
        const QueueEntry kept = co_await get(id);
        EXPECT_EQ(kept.recipients.size(), 1U);
        EXPECT_EQ(kept.recipients.at(0).address, "bob@d7.example");
        EXPECT_EQ(kept.recipients.at(0).attempts, 1U);
    });
}

TEST_F(OutboundTest, of_a_shared_shipment_nothing_is_sent_again_when_the_disk_does_not_take_what_became_of_it) {
    transport_.sites["a.example"] = transport_.sites["b.example"] = "provider";
    with_outbound([&]() -> Task<> {
        co_await send_to({"warm@a.example", "warm@b.example"});
        co_await pacer_.settle();
        transport_.sent.clear();
        co_await send_to({"bob@a.example", "bob@b.example"});
        store_.fate_of_write = [](const store::Partition&) { return Fate::fail_before; };
        co_await pacer_.advance_by_steps(minutes(3), seconds(10));
        store_.fate_of_write = [](const store::Partition&) { return Fate::succeed; };
        co_await pacer_.advance_by_steps(minutes(3), seconds(10));
        EXPECT_EQ(co_await queued(), 0U);
        std::size_t carried = 0;
        for (const TestTransport::Sent& sent : transport_.sent) carried += sent.recipients.size();
        EXPECT_EQ(carried, 2U);
    });
}

TEST_F(OutboundTest, what_does_not_demand_tls_passes_where_others_wait_for_it) {
    with_outbound([&]() -> Task<> {
        transport_.no_connection["strict.example"] = {.status = "4.7.5", .reason = "no trust"};
        co_await send_to({"bob@strict.example"});
        co_await pacer_.settle();
        co_await send_to({"carol@strict.example"});
        co_await pacer_.settle();
        EXPECT_EQ(transport_.demands.size(), 1U);  // she waits
        transport_.no_connection.clear();          // for who does not demand it
        co_await put(entry_for({"dan@strict.example"}), "TLS-Required: No\r\n\r\n");
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 1U);
        EXPECT_EQ(transport_.sent.at(0).recipients, std::vector<std::string>{"dan@strict.example"});
        EXPECT_TRUE(transport_.demands.back().tls_optional);
        outbound_->hurry({"strict.example"});
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 2U);
        EXPECT_EQ(co_await queued(), 1U);  // the first, by its plan
    });
}

TEST_F(OutboundTest, held_recipients_stay_and_released_ones_go) {
    with_outbound([&]() -> Task<> {
        QueueEntry entry = entry_for({"bob@example.org", "carol@example.org"});
        entry.recipients[0].held = true;
        const Id128 id = co_await put(std::move(entry));
        co_await pacer_.advance_by_steps(hours(1), minutes(5));
        EXPECT_EQ(transport_.sent.size(), 1U);
        EXPECT_EQ(transport_.sent.at(0).recipients, std::vector<std::string>{"carol@example.org"});
        EXPECT_TRUE(co_await queue_.change(id, [](QueueEntry& kept) -> Result<> {
            kept.recipients.at(0).held = false;
            return {};
        }));
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 2U);
        EXPECT_EQ(co_await queued(), 0U);
    });
}

TEST_F(OutboundTest, success_is_noted_for_the_sender_who_asked) {
    with_outbound([&]() -> Task<> {
        transport_.answer = [](const QueuedRecipient& recipient) {
            return Attempt{.result =
                               Delivered{.relayed = recipient.address.starts_with("bob"), .final = recipient.address.starts_with("carol")}};
        };
        QueueEntry entry = entry_for({"bob@example.org", "carol@example.org", "dan@example.org", "bob2@example.org"});
        for (int i = 0; i < 3; ++i) entry.recipients[static_cast<std::size_t>(i)].notify = notify_success;
        const Id128 id = co_await put(std::move(entry));
        co_await pacer_.settle();
        const QueueEntry kept = co_await get(id);
        EXPECT_EQ(kept.recipients.size(), 2U);
        EXPECT_EQ(kept.recipients.at(0).report, Report::relayed);
        EXPECT_EQ(kept.recipients.at(1).report, Report::delivered);
    });
}

TEST_F(OutboundTest, nothing_is_lost_when_the_store_fails_for_a_while) {
    with_outbound([&]() -> Task<> {
        co_await send_to({"bob@example.org"});
        store_.fate_of_write = [](const store::Partition&) { return Fate::fail_before; };
        co_await pacer_.settle();
        EXPECT_EQ(transport_.sent.size(), 1U);
        EXPECT_EQ(co_await queued(), 1U);
        store_.fate_of_write = [](const store::Partition&) { return Fate::succeed; };
        co_await pacer_.advance_by_steps(minutes(2), seconds(10));
        EXPECT_EQ(co_await queued(), 0U);
        EXPECT_EQ(transport_.sent.size(), 1U);  // what became of it was remembered until the disk took it

        store_.reads_fail = true;
        co_await pacer_.advance(minutes(5));
        store_.reads_fail = false;
        co_await send_to({"carol@example.org"});
        co_await pacer_.advance_by_steps(minutes(2), seconds(10));
        EXPECT_EQ(co_await queued(), 0U);
    });
}

TEST_F(OutboundTest, more_than_memory_has_room_for_goes_out_all_the_same) {
    options_.schedule.items_max = 10;
    options_.load_at_once = 7;
    for (int i = 0; i < 100; ++i) loop_.run(send_to({"bob@d" + std::to_string(i % 20) + ".example"}));
    with_outbound([&]() -> Task<> {
        for (int i = 0; i < 30; ++i) co_await send_to({"carol@example.org"});
        co_await pacer_.advance_by_steps(minutes(20), seconds(5));
        EXPECT_EQ(co_await queued(), 0U);
    });
}

TEST_F(OutboundTest, stopping_leaves_the_rest_in_the_queue) {
    for (int i = 0; i < 100; ++i) loop_.run(send_to({"bob@example.org"}));
    options_.schedule.site_connections_max = 1;
    options_.schedule.site_connections_start = 1;
    transport_.answer = [&](const QueuedRecipient&) {
        outbound_->stop();
        return Attempt{.result = Delivered{}};
    };
    with_outbound([&]() -> Task<> { co_return; });
    EXPECT_EQ(transport_.sent.size(), 1U);
    EXPECT_EQ(loop_.run(queue_.size()).value(), 99U);
}

}  // namespace
}  // namespace packetboat::delivery
