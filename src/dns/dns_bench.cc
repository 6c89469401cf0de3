#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/executor.h"
#include "dns/resolver.h"
#include "dns/testing/knot.h"

// What a query costs, in CPU of this process (not of the name server) and in time: answered from the cache, and by an authoritative
// server on loopback, without and with DNSSEC.
namespace {

using namespace packetboat;
using namespace packetboat::dns;

double cpu_micros() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto micros = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec); };
    return micros(usage.ru_utime) + micros(usage.ru_stime);
}

struct Load {
    const char* what;
    std::string suffix;
    int names;    // different ones
    int queries;  // in all
    int under_way;
};

Task<Answer> ask_in_turn(Resolver& resolver, const Load& load, int first) {
    Answer last;
    for (int i = first; i < load.queries; i += load.under_way)
        last = co_await resolver.query("n" + std::to_string(i % load.names) + load.suffix, Type::a);
    co_return last;
}

void run(Resolver& resolver, const Load& load) {
    const double cpu_before = cpu_micros();
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Task<Answer>> tasks;
    for (int i = 0; i < load.under_way; ++i) tasks.push_back(ask_in_turn(resolver, load, i));
    for (const Answer& answer : run_to_end(when_all(std::move(tasks)))) {
        if (answer.outcome != Outcome::found) std::printf("  not found: %s\n", answer.why.c_str());
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("%-44s %8.2f us CPU a query, %9.0f queries/s\n", load.what, (cpu_micros() - cpu_before) / load.queries,
                load.queries / seconds.count());
}

}  // namespace

int main() {
    if (!dns::testing::Knot::installed()) {
        std::puts("knotd is not installed");
        return 1;
    }
    const dns::testing::Knot knot({{"example.test", "* A 192.0.2.1\n"}, {"signed.test", "* A 192.0.2.1\n", true}});
    ResolverOptions options;
    options.servers = {knot.endpoint()};
    options.trust_anchors = {knot.trust_anchor("signed.test")};
    const auto resolver = make_resolver(options).value();
    run(*resolver, {"uncached, one after another", ".example.test", 3'000, 3'000, 1});
    run(*resolver, {"uncached, 100 under way", ".a.example.test", 30'000, 30'000, 100});
    run(*resolver, {"uncached and validated, 100 under way", ".signed.test", 5'000, 5'000, 100});
    run(*resolver, {"cached", ".example.test", 1'000, 1'000'000, 1});
}
