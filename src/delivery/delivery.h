#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/queue.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

// The way of a message: accept, route, local mailbox or queue. One way in for every protocol.
namespace packetboat::delivery {

struct Limits {
    std::uint64_t memory_max_bytes = 256 << 20;  // message bytes in memory, all sessions together
    std::uint64_t spool_above_bytes = 1 << 20;   // a larger message goes to disk as it comes
};

// A recipient as RCPT TO gave it, resolved.
struct Recipient {
    std::string address;  // as the client wrote it, for Received and DSN
    std::string orcpt;    // RFC 3461 §4.2, as given; else empty
    std::uint8_t notify = 0;  // Notify bits; 0: not given
    std::vector<directory::Local> accounts;
    std::vector<directory::Address> elsewhere;
};
enum Notify : std::uint8_t { notify_never = 1, notify_success = 2, notify_failure = 4, notify_delay = 8 };

struct Envelope {
    std::string reverse_path;  // empty: <>
    std::string envid;         // RFC 3461 §4.4
    std::string ret;           // "FULL", "HDRS" or empty
    bool smtputf8 = false;
    bool eight_bit = false;    // BODY=8BITMIME or BINARYMIME
    std::vector<Recipient> recipients;
};

// What became of one recipient: accepted, or an Error (over_quota, unavailable, too_large …).
struct Outcome {
    Result<> result;
    bool queued = false;
};

// Takes a message's bytes as they come, in memory first, then in a blob. Counts against Limits::memory_max_bytes and gives back when it goes.
class Incoming {
public:
    ~Incoming();
    Incoming(Incoming&&) noexcept;

    // Errors: unavailable (memory in flight, disk full). After one the message is lost; the caller still reads it to its end.
    Task<Result<>> append(std::string_view bytes);
    std::uint64_t size_bytes() const;

private:
    friend class Delivery;
    struct State;
    explicit Incoming(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Delivery {
public:
    Delivery(store::Store& store, directory::Directory& directory, mailbox::Mail& mail, Queue& queue, Limits limits);
    ~Delivery();

    // Who gets mail for this address, and whether there is room for `size_bytes` (0: unknown).
    // Errors: not_found (no such user here), denied (not our domain and the caller may not relay), over_quota, unavailable.
    Task<Result<Recipient>> check_recipient(const directory::Address& address, bool may_relay, std::uint64_t size_bytes);

    // `first` bytes (trace fields) begin the message.
    Result<Incoming> begin(std::string_view first);

    // Delivers and queues; when it returns, everything that is answered as accepted is on disk. One outcome per recipient of the envelope.
    // When some of several recipients fail for the moment, the rest having been delivered, those are queued, so that one SMTP answer
    // can stand for all: `each_alone` (LMTP) answers them as errors instead.
    Task<std::vector<Outcome>> accept(Envelope envelope, Incoming incoming, bool each_alone);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::delivery
