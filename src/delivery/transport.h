#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "delivery/queue.h"

// How the outbound queue (outbound.h) reaches other hosts: what it needs of whoever speaks SMTP and asks DNS (relay/).
namespace packetboat::delivery {

// Why something did not go out.
struct Failure {
    bool permanent = false;
    std::string status;      // RFC 3463: "4.4.1"
    std::string reason;      // in plain words: "mx1.example.org does not answer"
    std::string diagnostic;  // the other side's own words, "550 5.1.1 No such user"; empty: it said nothing
    std::string remote;      // the host's name; empty: none was reached
    bool ours = false;       // we are stopping: nothing was found out
    bool slow_down = false;  // the whole destination wants less (421, 4.7.x, a timeout), not this message only
    friend bool operator==(const Failure&, const Failure&) = default;
};

// Where mail for a domain goes. What it consists of is the transport's affair.
class Route {
public:
    virtual ~Route() = default;
    // Equal for all domains that are served by the same hosts: these share one limit of connections.
    const std::string& site() const { return site_; }
    // For people: "mx1.example.org, mx2.example.org (MX)", "smart host smtp.example.net:587".
    const std::string& text() const { return text_; }
    // A connection that was made for this route may carry messages that take `other`.
    virtual bool shares_connections_with(const Route& other) const = 0;

protected:
    Route(std::string site, std::string text) : site_(std::move(site)), text_(std::move(text)) {}

private:
    std::string site_;
    std::string text_;
};

struct Routing {
    std::expected<std::shared_ptr<const Route>, Failure> route;
    std::chrono::seconds valid{60};  // ask again then
};

// A message's bytes, as the other host gets them (without Return-Path).
class ContentSource {
public:
    virtual ~ContentSource() = default;
    // The next piece; it lives until the next call. Empty: that was all.
    virtual Task<Result<std::string_view>> next() = 0;
    // From the beginning again.
    virtual void rewind() = 0;
};

// One message and those of its recipients that take one route. All outlive the sending.
struct Shipment {
    const QueueEntry& entry;
    std::vector<const QueuedRecipient*> recipients;
    ContentSource& content;
};

// What became of one recipient.
struct Delivered {
    bool relayed = false;    // the next host will not tell the sender of success: it knows no DSN (RFC 3461 §5.2.2)
    bool final = false;      // it is in the mailbox (LMTP)
    std::string diagnostic;  // "250 2.0.0 Ok"
    std::string remote;
};
struct Attempt {
    std::expected<Delivered, Failure> result;
    bool in_doubt = false;  // the connection broke between our final dot and the answer: it may have been delivered
    // The connection was closed before it answered anything of this message, as servers do when they have been idle: it costs nothing to
    // try another one at once.
    bool untouched = false;
};

// One connection to a host of a route; one call at a time.
class Connection {
public:
    virtual ~Connection() = default;
    // One attempt for each recipient, in their order.
    virtual Task<std::vector<Attempt>> send(const Shipment& shipment) = 0;
    // Another message may be sent on it.
    virtual bool usable() const = 0;
    // Everything said since the last send() began, or since the connection did; for people.
    virtual std::string dialogue() const = 0;
    virtual const std::string& remote() const = 0;
    virtual Task<> close() = 0;
};

// What a message demands of the way it takes.
struct Demands {
    bool require_tls = false;   // RFC 8689: certificate verified, next host too
    bool tls_optional = false;  // "TLS-Required: No"
    friend bool operator==(const Demands&, const Demands&) = default;
};

struct Connecting {
    std::expected<std::unique_ptr<Connection>, Failure> connection;
    std::string dialogue;  // of the attempts that failed; for people
};

// On the outbound queue's reactor.
class Transport {
public:
    virtual ~Transport() = default;
    virtual Task<Routing> route(const std::string& domain) = 0;
    // Tries the route's hosts in their order, until one is ready to take messages.
    virtual Task<Connecting> connect(const Route& route, const Demands& demands) = 0;
};

}  // namespace packetboat::delivery
