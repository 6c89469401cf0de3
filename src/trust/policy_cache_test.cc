#include "trust/policy_cache.h"

#include <gtest/gtest.h>

#include <map>

#include "base/executor.h"
#include "store/memory.h"
#include "trust/testing/fake_resolver.h"

namespace packetboat::trust {
namespace {

using dns::Outcome;
using dns::Type;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::FakeResolver;
using Strings = std::vector<std::string>;

// A place where fetches wait until the test lets them go on.
struct Gate {
    bool closed = false;
    std::vector<std::coroutine_handle<>> waiting;

    struct Awaiter {
        Gate& gate;
        bool await_ready() const noexcept { return !gate.closed; }
        void await_suspend(std::coroutine_handle<> handle) { gate.waiting.push_back(handle); }
        void await_resume() const noexcept {}
    };
    Awaiter pass() { return {*this}; }
    void open() {
        closed = false;
        for (const std::coroutine_handle<> handle : std::exchange(waiting, {})) Executor::current().post(handle);
    }
};

// A memory store whose disk is away at times.
class FlakyStore final : public store::Store {
public:
    bool away = false;

    Task<Result<store::Committed>> write(store::Partition partition, std::optional<store::CommitId> id, store::WriteBody body) override {
        if (away) co_return fail(ErrorCode::unavailable, "the disk is away");
        co_return co_await inner_->write(std::move(partition), id, std::move(body));
    }
    Result<std::unique_ptr<store::BlobWriter>> create_blob() override { return inner_->create_blob(); }
    Task<Result<std::unique_ptr<store::BlobReader>>> open_blob(const store::BlobRef& blob) override { return inner_->open_blob(blob); }
    Task<Result<std::uint64_t>> sweep_blobs() override { return inner_->sweep_blobs(); }
    Task<Result<std::vector<store::Partition>>> partitions(std::string prefix, std::string after, std::size_t limit) override {
        return inner_->partitions(std::move(prefix), std::move(after), limit);
    }
    Task<Result<std::vector<store::Finding>>> verify() override { return inner_->verify(); }
    Task<Result<store::Stats>> stats() override { return inner_->stats(); }
    bool failed() const override { return false; }

protected:
    Task<Result<>> read_any(store::Partition partition, store::Weight weight, store::ReadBody body) override {
        if (away) co_return fail(ErrorCode::unavailable, "the disk is away");
        const auto take = [&body](const store::Reader& reader) -> Result<> {
            body(reader);
            return {};
        };
        co_return co_await inner_->read(std::move(partition), weight, take);
    }

private:
    std::unique_ptr<store::Store> inner_ = store::make_memory_store();
};

std::string policy_file(const std::string& mode, seconds max_age = hours(24 * 7)) {
    return "version: STSv1\nmode: " + mode + "\nmx: mx.example.test\nmax_age: " + std::to_string(max_age.count()) + "\n";
}

struct MtaStsService : ::testing::Test {
    MtaStsService() { restart(); }

    // Memory is lost, the disk is not.
    void restart() {
        service = std::make_unique<MtaSts>(
            resolver, store, [this](PolicyRequest request) { return fetch(std::move(request)); }, limits, [this] { return now; });
    }
    Task<Result<std::string>> fetch(PolicyRequest request) {
        fetched.push_back(request.domain);
        EXPECT_EQ(request.addresses, std::vector{*IpAddress::parse("192.0.2.5")});
        co_await gate.pass();
        if (throws) throw std::runtime_error("as the test asked for");
        const auto at = files.find(request.domain);
        if (at == files.end()) co_return fail(ErrorCode::unavailable, "mta-sts." + request.domain + " answers with status 404");
        co_return at->second;
    }

    void announce(const std::string& id, const std::string& domain = "example.test", seconds ttl = minutes(10)) {
        dns::Answer& text = resolver.at("_mta-sts." + domain, Type::txt);
        text.outcome = Outcome::found;
        text.texts = {"v=STSv1; id=" + id + ";"};
        text.ttl = ttl;
        dns::Answer& address = resolver.at("mta-sts." + domain, Type::a);
        address.outcome = Outcome::found;
        address.addresses = {*IpAddress::parse("192.0.2.5")};
    }
    void fail_dns(Outcome outcome = Outcome::failed, const std::string& name = "_mta-sts.example.test", Type type = Type::txt) {
        dns::Answer& answer = resolver.at(name, type);
        answer.outcome = outcome;
        answer.why = "silence";
    }
    StsAnswer ask(const std::string& domain = "example.test") { return run_to_end(service->policy_for(domain)); }
    // Mode, id and where it is from, and why.
    static std::string shown(const StsAnswer& answer) {
        std::string out = "none";
        if (answer.policy) {
            out = std::string(to_string(answer.policy->mode)) + " " + answer.id;
            out += answer.source == StsAnswer::Source::fetched ? " fetched" : " kept";
        }
        return out + (answer.why.empty() ? "" : ": " + answer.why);
    }
    std::string see(const std::string& domain = "example.test") { return shown(ask(domain)); }

    Time now{1'700'000'000'000'000};
    FakeResolver resolver;
    FlakyStore store;
    StsLimits limits;
    std::map<std::string, std::string> files;
    Strings fetched;
    Gate gate;
    bool throws = false;
    std::unique_ptr<MtaSts> service;
};

TEST_F(MtaStsService, a_policy_is_fetched_once) {
    announce("1");
    files["example.test"] = policy_file("enforce");
    EXPECT_EQ(see(), "enforce 1 fetched");
    EXPECT_EQ(see(), "enforce 1 kept");
    EXPECT_EQ(see("EXAMPLE.test."), "enforce 1 kept");
    EXPECT_EQ(ask().policy->mx, Strings{"mx.example.test"});
    EXPECT_EQ(fetched, Strings{"example.test"});
    EXPECT_EQ(resolver.asked, (Strings{"_mta-sts.example.test", "mta-sts.example.test", "mta-sts.example.test"}));
}

TEST_F(MtaStsService, a_domain_without_a_record_is_asked_about_now_and_then) {
    EXPECT_EQ(see(), "none: the domain has no MTA-STS");
    EXPECT_EQ(see(), "none: the domain has no MTA-STS");
    EXPECT_EQ(resolver.asked.size(), 1U);
    now = now + minutes(5);
    EXPECT_EQ(see(), "none: the domain has no MTA-STS");
    EXPECT_EQ(resolver.asked.size(), 2U);
    EXPECT_EQ(fetched, Strings{});
}

TEST_F(MtaStsService, what_is_no_domain_has_no_policy) {
    for (const char* domain : {"", ".", "[192.0.2.1]", "a b", "a..b", "a/b", "b\xc3\xbc.test"})
        EXPECT_EQ(see(domain), "none: it is no domain");
    EXPECT_EQ(resolver.asked, Strings{});
}

TEST_F(MtaStsService, the_record_is_asked_for_after_its_ttl) {
    announce("1", "example.test", minutes(20));
    files["example.test"] = policy_file("enforce");
    see();
    announce("2", "example.test", hours(24));
    now = now + minutes(19);
    EXPECT_EQ(see(), "enforce 1 kept");
    now = now + minutes(1);
    EXPECT_EQ(see(), "enforce 2 fetched");
    announce("3", "example.test", seconds(1));
    now = now + minutes(59);
    EXPECT_EQ(see(), "enforce 2 kept");
    now = now + minutes(1);
    EXPECT_EQ(see(), "enforce 3 fetched");
    announce("4");
    now = now + seconds(299);
    EXPECT_EQ(see(), "enforce 3 kept");
    now = now + seconds(1);
    EXPECT_EQ(see(), "enforce 4 fetched");
    EXPECT_EQ(fetched.size(), 4U);
}

TEST_F(MtaStsService, an_old_id_is_not_fetched_again_before_half_its_time) {
    announce("1");
    files["example.test"] = policy_file("enforce", hours(48));
    see();
    now = now + hours(23);
    EXPECT_EQ(see(), "enforce 1 kept");
    now = now + hours(1);
    EXPECT_EQ(see(), "enforce 1 fetched");
    EXPECT_EQ(fetched.size(), 2U);
}

// RFC 8461 §5.1: whoever makes DNS or HTTPS fail gains nothing until the policy expires.
TEST_F(MtaStsService, a_policy_stays_in_force_whatever_fails) {
    announce("1");
    files["example.test"] = policy_file("enforce", hours(48));
    see();
    now = now + hours(1);
    fail_dns();
    EXPECT_EQ(see(), "enforce 1 kept: the TXT record of MTA-STS cannot be found: silence");
    now = now + hours(1);
    fail_dns(Outcome::bogus);
    EXPECT_EQ(see(), "enforce 1 kept: the TXT record of MTA-STS cannot be found: silence");
    now = now + hours(1);
    resolver.answers.clear();
    EXPECT_EQ(see(), "enforce 1 kept: the domain has no MTA-STS");
    now = now + hours(1);
    announce("2");
    files.clear();
    EXPECT_EQ(see(), "enforce 1 kept: mta-sts.example.test answers with status 404");
    now = now + hours(1);
    files["example.test"] = "<html>";
    EXPECT_EQ(see(), "enforce 1 kept: the MTA-STS policy has no \"name: value\" in line 1");
    now = now + hours(1);
    fail_dns(Outcome::failed, "mta-sts.example.test", Type::a);
    EXPECT_EQ(see(), "enforce 1 kept: the addresses of mta-sts.example.test cannot be found: silence");
    now = now + hours(1);
    resolver.at("_mta-sts.example.test", Type::txt).texts = {"v=STSv1; id=2", "v=STSv1; id=3"};
    EXPECT_EQ(see(), "enforce 1 kept: there is more than one TXT record of MTA-STS");
    now = now + hours(41) - seconds(1);
    EXPECT_EQ(see(), "enforce 1 kept: there is more than one TXT record of MTA-STS");
    now = now + seconds(1);
    EXPECT_EQ(see(), "none: there is more than one TXT record of MTA-STS");
}

TEST_F(MtaStsService, and_over_a_restart) {
    announce("1");
    files["example.test"] = policy_file("enforce", hours(48));
    see();
    restart();
    fail_dns();
    now = now + hours(47);
    EXPECT_EQ(see(), "enforce 1 kept: the TXT record of MTA-STS cannot be found: silence");
    restart();
    announce("1");
    EXPECT_EQ(see(), "enforce 1 fetched");
    restart();
    EXPECT_EQ(see(), "enforce 1 kept");
    restart();
    fail_dns();
    now = now + hours(48);
    EXPECT_EQ(see(), "none: the TXT record of MTA-STS cannot be found: silence");
}

TEST_F(MtaStsService, failures_without_a_policy_are_no_policy) {
    fail_dns();
    EXPECT_EQ(see(), "none: the TXT record of MTA-STS cannot be found: silence");
    now = now + seconds(59);
    see();
    EXPECT_EQ(resolver.asked.size(), 1U);
    now = now + seconds(1);
    announce("1");
    EXPECT_EQ(see(), "none: mta-sts.example.test answers with status 404");
    files["example.test"] = policy_file("testing");
    now = now + seconds(299);
    EXPECT_EQ(see(), "none: mta-sts.example.test answers with status 404");
    EXPECT_EQ(fetched.size(), 1U);
    now = now + seconds(1);
    EXPECT_EQ(see(), "testing 1 fetched");
}

TEST_F(MtaStsService, a_host_without_an_address_is_not_fetched_from) {
    announce("1");
    resolver.answers.erase({"mta-sts.example.test", Type::a});
    EXPECT_EQ(see(), "none: mta-sts.example.test has no address");
    EXPECT_EQ(fetched, Strings{});
}

TEST_F(MtaStsService, a_policy_of_mode_none_ends_the_one_before) {
    announce("1");
    files["example.test"] = policy_file("enforce");
    see();
    announce("2");
    files["example.test"] = policy_file("none");
    now = now + minutes(10);
    EXPECT_EQ(see(), "none: its MTA-STS policy has mode none");
    now = now + minutes(10);
    EXPECT_EQ(see(), "none: its MTA-STS policy has mode none");
    EXPECT_EQ(fetched.size(), 2U);
    restart();
    fail_dns();
    EXPECT_EQ(see(), "none: the TXT record of MTA-STS cannot be found: silence");
}

TEST_F(MtaStsService, a_policy_of_a_short_age_holds_for_five_minutes) {
    announce("1");
    files["example.test"] = policy_file("enforce", seconds(0));
    EXPECT_EQ(see(), "enforce 1 fetched");
    files.clear();
    now = now + seconds(299);
    EXPECT_EQ(see(), "enforce 1 kept");
    now = now + seconds(1);
    EXPECT_EQ(see(), "none: mta-sts.example.test answers with status 404");
}

TEST_F(MtaStsService, a_disk_that_fails_costs_only_what_a_restart_would_find) {
    announce("1");
    files["example.test"] = policy_file("enforce");
    store.away = true;
    EXPECT_EQ(see(), "enforce 1 fetched");
    EXPECT_EQ(see(), "enforce 1 kept");
    restart();
    store.away = false;
    fail_dns();
    EXPECT_EQ(see(), "none: the TXT record of MTA-STS cannot be found: silence");
}

TEST_F(MtaStsService, an_exception_is_an_answer_to_everybody) {
    announce("1");
    files["example.test"] = policy_file("enforce");
    throws = true;
    EXPECT_EQ(see(), "none: MTA-STS failed here");
    throws = false;
    EXPECT_EQ(see(), "none: MTA-STS failed here");
    now = now + minutes(1);
    EXPECT_EQ(see(), "enforce 1 fetched");
}

TEST_F(MtaStsService, domains_in_memory_are_bounded_and_their_policies_are_on_disk) {
    limits.cached_max = 2;
    restart();
    for (const char* domain : {"a.test", "b.test", "c.test"}) {
        announce("1", domain);
        files[domain] = policy_file("enforce");
        EXPECT_EQ(see(domain), "enforce 1 fetched");
    }
    EXPECT_EQ(service->cached(), 2U);
    EXPECT_EQ(see("a.test"), "enforce 1 kept");
    EXPECT_EQ(service->cached(), 2U);
    EXPECT_EQ(fetched.size(), 3U);
    limits.cached_max_bytes = 1;
    restart();
    EXPECT_EQ(see("a.test"), "enforce 1 kept");
    EXPECT_EQ(service->cached(), 0U);
}

// Several tasks side by side on one executor; the gate holds the fetches.
struct MtaStsCrowd : MtaStsService {
    Strings ask_together(Strings domains, std::size_t expected_fetches) {
        gate.closed = true;
        const auto one = [](MtaStsCrowd& crowd, std::string domain) -> Task<std::string> {
            const StsAnswer answer = co_await crowd.service->policy_for(domain);
            co_return shown(answer);
        };
        const auto opener = [](MtaStsCrowd& crowd, std::size_t expected) -> Task<std::string> {
            EXPECT_EQ(crowd.gate.waiting.size(), expected);
            crowd.gate.open();
            co_return "opened";
        };
        std::vector<Task<std::string>> tasks;
        for (std::string& domain : domains) tasks.push_back(one(*this, std::move(domain)));
        tasks.push_back(opener(*this, expected_fetches));
        Strings all = run_to_end(when_all(std::move(tasks)));
        all.pop_back();
        return all;
    }
};

TEST_F(MtaStsCrowd, one_fetch_per_domain) {
    announce("1");
    files["example.test"] = policy_file("enforce");
    EXPECT_EQ(ask_together({"example.test", "example.test", "Example.Test"}, 1),
              (Strings{"enforce 1 fetched", "enforce 1 kept", "enforce 1 kept"}));
    EXPECT_EQ(fetched.size(), 1U);
}

TEST_F(MtaStsCrowd, nobody_waits_for_a_new_policy_while_the_old_one_is_in_force) {
    announce("1");
    files["example.test"] = policy_file("enforce");
    see();
    announce("2");
    now = now + minutes(10);
    EXPECT_EQ(ask_together({"example.test", "example.test"}, 1), (Strings{"enforce 2 fetched", "enforce 1 kept"}));
}

TEST_F(MtaStsCrowd, fetches_are_bounded) {
    limits.fetches_max = 2;
    restart();
    Strings domains;
    for (const char* domain : {"a.test", "b.test", "c.test"}) {
        announce("1", domain);
        files[domain] = policy_file("enforce");
        domains.emplace_back(domain);
    }
    EXPECT_EQ(ask_together(domains, 2),
              (Strings{"enforce 1 fetched", "enforce 1 fetched", "none: too many MTA-STS policies are being fetched"}));
    EXPECT_EQ(see("c.test"), "enforce 1 fetched");
}

}  // namespace
}  // namespace packetboat::trust
