#pragma once

#include <optional>
#include <string>

#include "store/store.h"

namespace packetboat::mailbox {

// The exclusive access that POP3 gives one session (RFC 1939 §4: "the POP3 server then acquires an exclusive-access lock on the
// maildrop"). Holds against other maildrop locks of this process only: IMAP, JMAP and delivery go on beside it. Released by the destructor,
// on any thread.
class MaildropLock {
public:
    MaildropLock(MaildropLock&& other) noexcept;
    MaildropLock& operator=(MaildropLock&& other) noexcept;
    ~MaildropLock();

private:
    friend std::optional<MaildropLock> lock_maildrop(const store::Partition& account);
    explicit MaildropLock(std::string account) : account_(std::move(account)) {}
    void release();
    std::string account_;  // empty: moved away
};

// nullopt while somebody else holds it. Any thread; never waits.
std::optional<MaildropLock> lock_maildrop(const store::Partition& account);

}  // namespace packetboat::mailbox
