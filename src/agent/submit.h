#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/connection.h"
#include "agent/server.h"
#include "base/error.h"
#include "mime/builder.h"
#include "smtp/client/message.h"
#include "smtp/wire/capabilities.h"

namespace packetboat::agent {

// A message as it goes over one connection.
struct MessageText {
    std::unique_ptr<smtp::BodySource> body;
    std::uint64_t size_bytes = 0;
    smtp::wire::Body needs = smtp::wire::Body::seven_bit;
    bool utf8_headers = false;
};

// What is to be sent.
class OutgoingMessage {
public:
    virtual ~OutgoingMessage() = default;
    // From its beginning; asked for once for every transaction. What the server can do decides how it is written.
    virtual Result<MessageText> text(const smtp::wire::Capabilities& server) const = 0;
};

// A message that is composed here.
class DraftMessage final : public OutgoingMessage {
public:
    DraftMessage(const mime::Draft& draft, mime::Made made) : draft_(draft), made_(std::move(made)) {}
    Result<MessageText> text(const smtp::wire::Capabilities& server) const override;

private:
    const mime::Draft& draft_;  // outlives this
    mime::Made made_;
};

// Who gets it, and what the sender wants to hear of it.
struct Envelope {
    std::string reverse_path;  // empty: <>
    std::vector<std::string> recipients;
    smtp::wire::Notify notify;
    smtp::wire::Ret ret = smtp::wire::Ret::not_given;
    std::string envid;  // as it is; xtext is made of it
};

struct RecipientOutcome {
    std::string address;
    Outcome outcome = Outcome::failed;
    std::uint16_t code = 0;  // of the server's answer; 0: there was none
    std::string status;      // "2.1.5"
    std::string text;
};

struct Submission {
    Outcome outcome = Outcome::failed;
    std::string error;  // empty: all went well
    std::vector<RecipientOutcome> recipients;
    std::uint64_t size_bytes = 0;
    std::string server;               // what it calls itself
    std::string tls;                  // "TLSv1.3"; empty: none
    std::string certificate_problem;  // it is not to be trusted, and --insecure was said
    bool in_doubt = false;            // the message may have been accepted although it is not known
    bool without_dsn = false;         // the server knows nothing of what the envelope says of notifications
    std::string dialogue;             // for --verbose
};

struct SubmitOptions {
    std::chrono::milliseconds timeout{60'000};                              // of every wait
    std::function<void(std::uint64_t sent, std::uint64_t total)> progress;  // called on another thread; null: nobody looks
};

// Connects, logs in and hands the message over; for a command's main thread, which waits. Recipients over the server's limit go with
// another transaction on the same connection.
Submission submit(const Server& server, const OutgoingMessage& message, const Envelope& envelope, const SubmitOptions& options);

// The outcome of all of them together: partly done where some were accepted; else the one that gives most hope.
Outcome outcome_of(const std::vector<RecipientOutcome>& recipients);

// RFC 3461 §4: xtext.
std::string xtext(std::string_view text);

}  // namespace packetboat::agent
