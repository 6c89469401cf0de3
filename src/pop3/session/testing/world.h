#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/testing/transcript.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "pop3/session/session.h"
#include "store/store.h"

// What a session's tests stand on: the real directory and mailbox over the memory store, with passwords that are cheap to check.
namespace packetboat::pop3::testing {

// How the store misbehaves. Shared with the test, which may change it at any time.
struct Faults {
    std::optional<std::uint64_t> writes_left;   // after so many every write is refused
    std::optional<std::uint64_t> blob_read_at;  // reading a blob fails from this offset on
};

// Settings of a transcript (`@ set NAME VALUE`):
//   message TEXT          one more message in the inbox; \r \n \t \\ \xHH in it stand for bytes
//   left 1 3              what is in the inbox after a QUIT that was answered with +OK; else all (`-`: none)
//   plain_text no         plain-text logins need TLS (else they do not)
//   stls no               no certificate (else there is one)
//   locked yes            another session has alice's maildrop
//   disabled yes          alice may not log in
//   inline_max_bytes N    larger messages are blobs
//   updates_max N         the mailbox takes no more removals at once
//   writes fail_after N   commits, counted from when the messages are there
//   blob_reads fail_at N  after N bytes of a blob
//   errors_max, auth_attempts_max, command_line_max_bytes, messages_max, removals_per_commit_max, failures_per_account_max N
// Accounts: alice@example.test and bob@example.test, password "packetboat".
class World {
public:
    static constexpr std::string_view user = "alice@example.test";
    static constexpr std::string_view password = "packetboat";

    explicit World(const std::vector<packetboat::testing::Setting>& settings = {});
    ~World();

    // Makes the accounts and the messages. Throws std::runtime_error when that fails.
    Task<> build();
    Task<> add_message(std::string text);
    // Takes message `number` of those added away, as another protocol would.
    Task<> remove_message(std::size_t number);

    // What is wrong after a session that answered `output`; empty: nothing. Without a QUIT that was answered every message must be there.
    Task<std::string> check(std::string_view output);

    Options options;
    const std::shared_ptr<Faults> faults = std::make_shared<Faults>();
    mailbox::Mail& mail() { return *mail_; }
    directory::Directory& directory() { return *directory_; }
    const store::Partition& account() const { return account_; }

private:
    void set(const packetboat::testing::Setting& setting);
    void set_number(const packetboat::testing::Setting& setting);

    std::vector<std::string> messages_;
    std::vector<mailbox::EmailId> emails_;
    std::optional<std::vector<std::size_t>> left_;  // numbers
    bool locked_ = false;
    bool disabled_ = false;
    std::optional<std::uint64_t> writes_left_;
    directory::Limits directory_limits_;
    mailbox::Limits mail_limits_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<mailbox::Mail> mail_;
    std::unique_ptr<directory::Directory> directory_;
    store::Partition account_;
    std::optional<mailbox::MaildropLock> lock_;
};

}  // namespace packetboat::pop3::testing
