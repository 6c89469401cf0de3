#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/id.h"
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
    std::string address;      // as the client wrote it, for Received and DSN
    std::string orcpt;        // RFC 3461 §4.2, as given; else empty
    std::uint8_t notify = 0;  // Notify bits; 0: not given
    std::vector<directory::Local> accounts;
    std::vector<directory::Address> elsewhere;
};

// RFC 3461 §4.1
enum Notify : std::uint8_t { notify_never = 1, notify_success = 2, notify_failure = 4, notify_delay = 8 };

struct Envelope {
    Id128 id;                  // of the message: made by the session, stands in Received and in logs. Zero: accept() makes one.
    std::string session_id;    // for the log; may be empty
    std::string reverse_path;  // empty: <>
    std::string envid;         // RFC 3461 §4.4
    std::string ret;           // "FULL", "HDRS" or empty
    bool smtputf8 = false;
    Body body = Body::seven_bit;
    bool require_tls = false;  // RFC 8689: it goes on to others over TLS only
    // RFC 4865: nobody gets it before. All of it waits in the queue; times to give up begin then.
    std::optional<Time> hold_until;
    bool ours = false;  // nobody else has it: what cannot be stored now waits in the queue, and is accepted by that
    std::vector<Recipient> recipients;
};

// accept() makes at most so many queued recipients for each place that a recipient of the envelope leads to: one for the place, and one
// to tell of an alias that leads to several. The queue must take as many in one entry (QueueLimits::recipients_max) as the most places
// of an envelope need.
inline constexpr std::uint64_t queued_per_place_max = 2;

// What became of one recipient: accepted, or an Error (over_quota, unavailable, too_many …).
struct Outcome {
    Result<> result;
    bool queued = false;  // not all of it is in mailboxes here: some is in the queue
};

// Takes a message's bytes as they come, in memory first, then in a blob. What it holds in memory counts against
// Limits::memory_max_bytes and is given back when it goes; what it has on disk is left behind by nobody else. One append at a time.
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

// Any thread; what it is made of outlives it.
class Delivery {
public:
    Delivery(store::Store& store, directory::Directory& directory, mailbox::Mail& mail, Queue& queue, Limits limits);
    ~Delivery();

    // Who gets mail for this address. Errors: not_found (no such user here), denied (not our domain and the caller may not relay),
    // unavailable.
    Task<Result<Recipient>> find_recipient(const directory::Address& address, bool may_relay);
    // The same, and whether there is room for `size_bytes` (0: unknown). With several accounts, one that has
    // room is enough.
    // Errors: also over_quota.
    Task<Result<Recipient>> check_recipient(const directory::Address& address, bool may_relay, std::uint64_t size_bytes);

    // The message begins with `return_path_field` ("Return-Path: <…>\r\n", RFC 5321 §4.4: only a final delivery has it; what goes on
    // to another host is sent without) and `trace_fields` ("Received: …\r\n"). `size_hint_bytes`: what the client said of the size
    // (SIZE=, RFC 1870), 0 when it did not. Errors: unavailable (memory in flight).
    Result<Incoming> begin(std::string_view return_path_field, std::string_view trace_fields, std::uint64_t size_hint_bytes = 0);

    // Delivers and queues; when it returns, everything that is answered as accepted is on disk. One outcome per recipient of the
    // envelope. Every account gets the message once, however many recipients lead to it.
    //
    // What one answer stands for is all the recipients together, or with `each_alone` (LMTP, RFC 2033 §4.2) each of them. When some of
    // that succeeded, the rest is queued: to be tried again when it failed for the moment, else to tell the sender. When nothing
    // succeeded, nothing is queued and the outcomes are errors. So without `each_alone` an error among the outcomes is an answer for
    // the whole message: its sender keeps it.
    //
    // With NOTIFY=SUCCESS (RFC 3461 §4.1), what is in a mailbox here is reported in the queue as delivered, so that the sender is told.
    // When that cannot be queued, the log has it: the message itself is where it belongs. An alias that leads to one place hands NOTIFY on
    // to it; one that leads to several is itself what the sender hears of, when all its places have the message or are in the queue, and
    // they inherit NOTIFY without SUCCESS (RFC 3461 §6.2.7; it is said to be "delivered" as a mailing list would be, not "expanded").
    //
    // The same envelope id again, after an outcome that nobody knows, stores and queues nothing twice.
    Task<std::vector<Outcome>> accept(Envelope envelope, Incoming incoming, bool each_alone);

    // Message bytes that all sessions hold in memory now.
    std::uint64_t memory_taken_bytes() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::delivery
