#pragma once

#include <coroutine>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "trust/policy_record.h"

namespace packetboat::trust {

// What is known of a domain. Internal to the room.
struct KnownDomain {
    bool loaded = false;             // what is on disk has been read
    std::optional<KeptPolicy> kept;  // also one of mode none, which holds off the next fetch
    bool fetched = false;            // `kept` was fetched by whoever looked last
    Time look_again;                 // until then this is the answer
    std::string why;
};

// The domains in memory, the one used least lately first to go, and who is finding out about which. Any thread; nobody waits in here.
class PolicyTable {
public:
    PolicyTable(std::size_t domains_max, std::size_t bytes_max) : domains_max_(domains_max), bytes_max_(bytes_max) {}

    enum class Turn : std::uint8_t {
        answered,  // `known` is the answer
        ours,      // find out, and call finish() whatever comes of it
        wait,      // somebody is finding out: await finished()
    };
    struct Begun {
        Turn turn = Turn::wait;
        KnownDomain known;
    };
    Begun begin(const std::string& domain, Time now);
    void finish(const std::string& domain, KnownDomain known);

    // Awaited: until nobody is finding out about the domain.
    struct Finished {
        PolicyTable& table;
        const std::string& domain;
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> handle) { return table.wait(domain, handle); }
        void await_resume() const noexcept {}
    };
    Finished finished(const std::string& domain) { return {*this, domain}; }

    std::size_t size() const;

private:
    struct Waiting {
        Executor* executor = nullptr;
        std::coroutine_handle<> handle;
    };
    struct Entry {
        std::string domain;
        KnownDomain known;
        bool busy = false;
        std::size_t bytes = 0;
        std::vector<Waiting> waiting;
    };
    using Entries = std::list<Entry>;  // used least lately first

    bool wait(const std::string& domain, std::coroutine_handle<> handle);
    void shrink();

    const std::size_t domains_max_;
    const std::size_t bytes_max_;
    mutable std::mutex mutex_;
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator> index_;
    std::size_t bytes_ = 0;
};

// Whether the policy is in force at `now`.
bool in_force(const std::optional<KeptPolicy>& kept, Time now);

}  // namespace packetboat::trust
