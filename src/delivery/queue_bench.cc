#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/executor.h"
#include "delivery/queue.h"
#include "store/rocks.h"

// Fills a data directory's queue: queue_bench DIR [MESSAGES [DESTINATIONS]]. What a server does with it is measured from outside
// (bench/README.md).
namespace {

using namespace packetboat;
using Clock = std::chrono::steady_clock;

constexpr std::size_t together = 1000;

Task<Result<Id128>> add(delivery::Queue& queue, std::size_t number, std::size_t destinations, std::shared_ptr<const std::string> text) {
    delivery::QueueEntry entry;
    entry.reverse_path = "sender" + std::to_string(number % 100) + "@example.test";
    entry.arrived = Time::now();
    delivery::QueuedRecipient& recipient = entry.recipients.emplace_back();
    recipient.address = "user" + std::to_string(number) + "@d" + std::to_string(number % destinations) + ".example";
    recipient.due = entry.arrived;
    const std::uint64_t size = text->size();
    co_return co_await queue.add(std::move(entry), {std::move(text), std::nullopt, size});
}

Task<bool> fill(delivery::Queue& queue, std::size_t messages, std::size_t destinations) {
    const auto text = std::make_shared<const std::string>("Subject: bench\r\n\r\n" + std::string(2048, 'x') + "\r\n");
    for (std::size_t first = 0; first < messages; first += together) {
        std::vector<Task<Result<Id128>>> adding;
        for (std::size_t i = first; i < std::min(first + together, messages); ++i) adding.push_back(add(queue, i, destinations, text));
        for (const Result<Id128>& added : co_await when_all(std::move(adding))) {
            if (!added) {
                std::fprintf(stderr, "%s\n", added.error().text.c_str());
                co_return false;
            }
        }
    }
    co_return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::size_t messages = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
    const std::size_t destinations = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1'000;
    if (destinations == 0) return 2;
    Result<std::unique_ptr<store::Store>> store = store::open_rocks({.directory = argv[1]});
    if (!store) {
        std::fprintf(stderr, "%s\n", store.error().text.c_str());
        return 1;
    }
    delivery::Queue queue(**store, {.entries_max = 10'000'000});
    const Clock::time_point began = Clock::now();
    if (!run_to_end(fill(queue, messages, destinations))) return 1;
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    std::printf("%zu messages queued in %.1f s, %.0f/s\n", messages, seconds, static_cast<double>(messages) / seconds);
    return 0;
}
