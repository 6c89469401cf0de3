#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spool.h"
#include "agent/submit.h"
#include "base/error.h"
#include "mime/builder.h"

namespace packetboat::agent {

inline constexpr std::size_t sendmail_header_max_bytes = 1024 * 1024;

// What is known of who sends.
struct SendmailSender {
    std::string address;    // of From, where the message has none
    std::string full_name;  // of the same; may be empty
    std::string domain;     // of addresses that have none: cron writes to "root"
};

// A message that a program has written, made ready to be sent: Date, Message-ID and From are there, addresses have a domain, Bcc and
// Return-Path are gone, subjects and names are ASCII, and text that is not says what it is.
class SendmailMessage final : public OutgoingMessage {
public:
    // Errors: invalid (an address that is none), too_large (the header). The spool outlives it.
    static Result<std::unique_ptr<SendmailMessage>> make(const Spool& spool, const SendmailSender& sender, const mime::Made& made);

    Result<MessageText> text(const smtp::wire::Capabilities& server) const override;
    const std::string& header() const { return header_; }  // with the empty line that ends it
    // Of To, Cc and Bcc; of a message that was sent anew, of the Resent- fields (RFC 5322 §3.6.6). Each once.
    const std::vector<std::string>& header_recipients() const { return recipients_; }

private:
    explicit SendmailMessage(const Spool& spool) : spool_(spool) {}

    const Spool& spool_;
    std::string header_;
    std::uint64_t body_offset_ = 0;
    std::vector<std::string> recipients_;
};

// What the command line calls a recipient: a name, which gets the domain, or addresses as people write them. Errors: invalid.
Result<std::vector<std::string>> qualified_recipients(std::string_view text, const std::string& domain);

}  // namespace packetboat::agent
