#include "smtp/session/reception.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "smtp/session/replies.h"

namespace packetboat::smtp {

Reception::Reception(delivery::Incoming incoming, Terms terms)
    : limits_(terms.limits),
      binary_(terms.binary),
      incoming_(std::move(incoming)),
      line_ends_(terms.bare_newlines, terms.limits.text_line_max_bytes),
      header_(std::move(terms.missing)) {}

Task<> Reception::take(std::string_view chunk) {
    size_bytes_ += chunk.size();
    if (!failure_.empty()) co_return;
    if (size_bytes_ > limits_.message_max_bytes) {
        fail({.code = 552, .enhanced = "5.3.4", .text = "Message too large"});
        co_return;
    }
    if (binary_) {
        co_await keep_text(chunk);
        co_return;
    }
    while (!chunk.empty() && failure_.empty()) {
        const std::string_view text = line_ends_.next(chunk);
        judge();
        co_await keep_text(text);
    }
}

Task<> Reception::finish() {
    if (!binary_ && failure_.empty()) {
        const std::string_view rest = line_ends_.finish();
        judge();
        co_await keep_text(rest);
    }
    if (!failure_.empty()) co_return;
    for (const std::string_view bytes : header_.finish()) co_await keep(bytes);
    // BDAT may leave the last line open. It is completed here, once, because POP3 and others who go by lines would do it later, and the
    // sizes that they have told would be wrong.
    if (!binary_ && last_bytes_ != "\r\n") co_await keep("\r\n");
}

// What its text says about a message.
void Reception::judge() {
    const wire::Flaws& flaws = line_ends_.flaws();
    if (flaws.nul) fail({.code = 554, .enhanced = "5.6.0", .text = "A NUL in a message needs BODY=BINARYMIME"});
    if (flaws.long_line) fail({.code = 554, .enhanced = "5.6.0", .text = "A line of the message is too long"});
    // RFC 5321 §2.3.8. Whoever sends these may be the half of two servers that disagree about where a message ends: what else comes
    // over this connection is not to be trusted. RFC 3463 has no code of its own for it.
    if (flaws.bare() && line_ends_.policy() == wire::BareNewlines::refuse)
        fail({.code = 554,
              .enhanced = "5.6.0",
              .text = "Bare CR or LF in a message: lines end with CRLF (RFC 5321 section 2.3.8)",
              .close = true});
}

Task<> Reception::keep_text(std::string_view text) {
    if (text.empty() || !failure_.empty()) co_return;
    if (header_.ended()) {
        co_await keep(text);
        co_return;
    }
    for (const std::string_view bytes : header_.next(text)) co_await keep(bytes);
    if (header_.received() > limits_.received_max) fail({.code = 554, .enhanced = "5.4.6", .text = "Too many hops: this is a mail loop"});
    if (header_.header_bytes() > limits_.header_max_bytes) fail({.code = 552, .enhanced = "5.3.4", .text = "Message header too large"});
}

Task<> Reception::keep(std::string_view bytes) {
    if (!incoming_ || bytes.empty()) co_return;
    last_bytes_ += bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 2));
    last_bytes_.erase(0, last_bytes_.size() - std::min<std::size_t>(last_bytes_.size(), 2));
    const Result<> kept = co_await incoming_->append(bytes);
    if (!kept) fail(message_refused(kept.error()));
}

void Reception::fail(wire::Reply reply) {
    if (!failure_.empty()) return;
    failure_ = std::move(reply);
    incoming_.reset();
}

delivery::Incoming Reception::release() {
    assert(incoming_ && failure_.empty());
    return std::move(*incoming_);
}

}  // namespace packetboat::smtp
