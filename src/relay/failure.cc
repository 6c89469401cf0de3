#include "relay/failure.h"

#include <utility>

namespace packetboat::relay {

using smtp::ClientError;
using smtp::Stage;
using smtp::wire::EnhancedStatus;
using smtp::wire::ServerReply;

namespace {

struct Meaning {
    std::uint16_t subject;
    std::uint16_t detail;
};

// RFC 3463 §3, of an answer that has a code of RFC 5321 only. What may have many reasons is "other" (x.y.0): a wrong 5.1.1 would make
// senders strike a good address from their lists.
Meaning meaning_of(Stage stage, std::uint16_t code) {
    if (code == 421) return {3, 2};                          // system not accepting network messages
    if (code == 552 && stage != Stage::rcpt) return {3, 4};  // message too big for system
    switch (stage) {
        case Stage::greeting:
        case Stage::hello: return {3, 2};
        case Stage::starttls: return {7, 5};  // cryptographic failure
        case Stage::auth: return {7, 8};      // RFC 4954 §6: authentication credentials invalid
        case Stage::mail: return {1, 0};      // other address status
        case Stage::rcpt:
            if (code == 452 || code == 552) return {5, 3};  // too many recipients
            if (code == 551) return {1, 6};                 // destination mailbox has moved
            if (code == 553) return {1, 3};                 // bad destination mailbox address syntax
            return {1, 0};
        case Stage::data:
        case Stage::message: return {6, 0};  // other or undefined media error
        case Stage::rset:
        case Stage::quit: return {5, 0};  // other protocol status
    }
    return {0, 0};
}

EnhancedStatus status_of(const ClientError& error) {
    // A good answer where there can be none: RFC 3463 §3.6, 5.0.
    if (error.status.kind != 4 && error.status.kind != 5) return {.kind = 4, .subject = 5, .detail = 0};
    if (!error.reply || error.reply->enhanced) return error.status;
    const Meaning meaning = meaning_of(error.stage, error.reply->code);
    return {.kind = error.status.kind, .subject = meaning.subject, .detail = meaning.detail};
}

std::string says(const ClientError& error) {
    const std::string text = error.reply->text();
    switch (error.stage) {
        case Stage::rcpt:
        case Stage::message: return " says: " + text;
        case Stage::greeting: return " does not want to talk to us: " + text;
        case Stage::auth: return " does not accept our login: " + text;
        default: return " says to " + std::string(smtp::to_string(error.stage)) + ": " + text;
    }
}

// Of one that is temporary: it is not this message alone that does not get through.
bool concerns_all(const ClientError& error) {
    if (!error.reply) return error.error.code == ErrorCode::closed || error.error.code == ErrorCode::timed_out;
    if (error.reply->closing()) return true;
    const EnhancedStatus status = status_of(error);
    return status.subject == 7 || status.subject == 4 || (status.subject == 3 && status.detail == 2);
}

}  // namespace

delivery::Failure temporary(std::string status, std::string reason) { return {.status = std::move(status), .reason = std::move(reason)}; }

delivery::Failure permanent(std::string status, std::string reason) {
    return {.permanent = true, .status = std::move(status), .reason = std::move(reason)};
}

delivery::Failure stopping() {
    delivery::Failure out = temporary("4.3.2", "this server is stopping");
    out.ours = true;
    return out;
}

delivery::Failure failure_of(const ClientError& error, const std::string& host) {
    delivery::Failure out{.permanent = error.permanent(), .status = status_of(error).text(), .remote = host};
    if (error.reply) {
        out.reason = host + says(error);
        out.diagnostic = error.reply->text();
    } else {
        out.reason = host + ": " + error.error.text;
    }
    out.slow_down = !out.permanent && concerns_all(error);
    return out;
}

bool too_many_at_a_time(const ClientError& error) {
    if (!error.reply || error.stage != Stage::rcpt || (error.reply->code != 452 && error.reply->code != 552)) return false;
    const std::optional<EnhancedStatus>& own = error.reply->enhanced;
    return !own || (own->subject == 5 && own->detail == 3);
}

}  // namespace packetboat::relay
