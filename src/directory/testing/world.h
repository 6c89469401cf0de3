#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "base/worker_pool.h"
#include "directory/directory.h"
#include "store/memory.h"

// A directory over the memory engine, with password hashes that cost next to nothing and a clock that stands still.
namespace packetboat::directory::testing {

inline Limits cheap_limits() {
    Limits limits;
    limits.hash_memory_kib = 8;
    limits.hash_passes = 1;
    limits.scram_iterations = 64;
    return limits;
}

inline Address at(std::string_view text) { return Address::parse(text).value(); }

struct World {
    explicit World(Limits limits = cheap_limits()) { open(limits); }

    // As a restart does: the same store, nothing else kept.
    void open(Limits limits) {
        directory.reset();
        directory = std::make_unique<Directory>(*store, hashing, limits, [this] { return now; });
    }

    Directory* operator->() const { return directory.get(); }

    void domain(std::string_view name) { run_to_end(directory->add_domain(std::string(name))).value(); }
    AccountId account(std::string_view address, std::optional<std::string> password = std::nullopt) {
        return run_to_end(directory->add_account({at(address), "", 0, std::move(password)})).value();
    }
    Result<> alias(std::string_view address, std::vector<std::string> targets) {
        Alias alias{at(address), {}, {}};
        for (const std::string& target : targets) alias.targets.push_back(at(target));
        return run_to_end(directory->add_alias(std::move(alias)));
    }
    Result<Resolution> resolve(std::string_view address) { return run_to_end(directory->resolve(at(address))); }
    Result<Account> login(std::string_view user, std::string_view password, std::string_view from = "192.0.2.1") {
        return run_to_end(directory->check_password(client(from), user, password));
    }
    static Client client(std::string_view from = "192.0.2.1") { return {IpAddress::parse(from).value(), "test", "session"}; }

    std::chrono::steady_clock::time_point now{std::chrono::hours(1000)};
    std::unique_ptr<store::Store> store = store::make_memory_store();
    WorkerPool hashing{{.threads = 2, .queue_max = 256, .name = "hash"}};
    std::unique_ptr<Directory> directory;
};

}  // namespace packetboat::directory::testing
