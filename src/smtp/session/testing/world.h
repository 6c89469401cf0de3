#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/testing/transcript.h"
#include "delivery/delivery.h"
#include "delivery/queue.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "smtp/session/session.h"
#include "store/store.h"

namespace packetboat::smtp::testing {

// What a session's tests stand on: the real services over the memory store. The domain is example.test, its accounts are alice and bob
// (password "packetboat", set for the submission role only), the alias team goes to both, the alias away to someone@elsewhere.example.
//
// Settings of a transcript (`@ set NAME VALUE`):
//   role mx|submission|lmtp
//   starttls, require_tls, plain_text, auth_without_tls, strict, normalise    switches, VALUE is ignored
//   default_domain NAME
//   limit NAME N       one of smtp::Limits, without its unit
//   quota NAME N       bytes of an account
//   queue_max N        entries of the outbound queue
//   memory_max N       message bytes in flight
//   spool_above N      larger messages are blobs
//   stored NAME N      that many messages are in the account's inbox at the end
//   queued N           and in the queue
//   contains NAME TEXT    TEXT is in one of the account's messages at the end; \r \n \t \0 \\ \xHH in it stand for bytes
//   lacks NAME TEXT       TEXT is in none
class World {
public:
    static constexpr std::string_view password = "packetboat";

    explicit World(const std::vector<packetboat::testing::Setting>& settings = {});
    ~World();

    // Makes domain, accounts and aliases. Throws std::runtime_error when that fails.
    Task<> build();
    Services services() { return {*delivery_, *directory_}; }

    // What is wrong after a session that answered `output`; empty: nothing. Always: what 250 was said to is there, and nothing else is.
    // When the dialogue was `complete`, also all that the settings say.
    Task<std::string> check(std::string_view output, bool complete);

    // The bodies in an account's inbox.
    Task<std::vector<std::string>> inbox(std::string name);

    Options options;

private:
    void set(const packetboat::testing::Setting& setting);
    void set_switch(std::string_view name);
    void set_limit(std::string_view value);
    Task<std::string> check_expectations(const std::map<std::string, std::vector<std::string>>& inboxes, std::uint64_t queued);

    struct Expectation {
        std::string what;
        std::string name;
        std::string value;
    };
    std::vector<Expectation> expectations_;
    std::map<std::string, std::uint64_t> quotas_;
    std::map<std::string, store::Partition> accounts_;
    delivery::Limits delivery_limits_;
    delivery::QueueLimits queue_limits_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<mailbox::Mail> mail_;
    std::unique_ptr<directory::Directory> directory_;
    std::unique_ptr<delivery::Queue> queue_;
    std::unique_ptr<delivery::Delivery> delivery_;
};

}  // namespace packetboat::smtp::testing
