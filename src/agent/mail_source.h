#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/server.h"
#include "base/error.h"
#include "base/task.h"

namespace packetboat::agent {

// How mail is read. Only POP3 for now; what reads over it knows no more than MailSource.
enum class Via : std::uint8_t { pop3, imap };
std::optional<Via> via(std::string_view text);

struct MailItem {
    std::uint64_t number = 0;  // of its row, in this session: 1 is the oldest
    std::string uid;           // the same in every session; printable ASCII. Empty: the server has none
    std::uint64_t size_bytes = 0;
};

// A mailbox on a server, open. One call at a time.
class MailSource {
public:
    virtual ~MailSource() = default;

    // Oldest first.
    virtual Task<Result<std::vector<MailItem>>> list() = 0;
    // The header of each, in their order; of an enormous one, its beginning.
    virtual Task<std::vector<Result<std::string>>> headers(std::vector<std::uint64_t> numbers) = 0;
    // The whole message. Errors: not_found, too_large.
    virtual Task<Result<std::string>> fetch(std::uint64_t number) = 0;
    // They are gone when finish() says so.
    virtual Task<Result<>> remove(std::vector<std::uint64_t> numbers) = 0;
    virtual Task<Result<>> finish() = 0;
};

inline constexpr std::uint64_t message_max_bytes = 512ull * 1024 * 1024;  // of one that is fetched

// Which message a user means: the number of its row, else its unique id. One that consists of digits is taken for a number where there is
// such a row ("uid:17" is never). Errors: not_found.
Result<MailItem> find_item(const std::vector<MailItem>& items, std::string_view id);

// Connects, logs in, does the work and says goodbye: what was removed is gone when this answers well. Waits for all that on the calling
// thread; no single wait of it takes longer than `timeout`, but for what takes a server long. Texts of errors are what servers say, too: to
// be made printable. Errors: those of the work; denied (the login or the certificate is refused, or the password would go unprotected),
// conflict (another session has the maildrop), not_found (no such host), closed, unavailable, timed_out; invalid for `via` that we do not
// speak.
using MailWork = std::function<Task<Result<>>(MailSource&)>;
Result<> with_mailbox(Via via, const Server& server, std::chrono::milliseconds timeout, MailWork work);

}  // namespace packetboat::agent
