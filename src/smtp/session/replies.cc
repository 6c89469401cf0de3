#include "smtp/session/replies.h"

namespace packetboat::smtp {

wire::Reply try_later() { return {.code = 451, .enhanced = "4.3.0", .text = "Temporary failure, try again later"}; }

wire::Reply recipient_refused(const Error& error) {
    switch (error.code) {
        case ErrorCode::not_found: return {.code = 550, .enhanced = "5.1.1", .text = "No such user here"};
        case ErrorCode::denied: return {.code = 550, .enhanced = "5.7.1", .text = "Relaying denied"};
        case ErrorCode::invalid: return {.code = 501, .enhanced = "5.1.3", .text = "Bad recipient address syntax"};
        case ErrorCode::over_quota: return {.code = 452, .enhanced = "4.2.2", .text = "Mailbox full"};
        case ErrorCode::too_large: return {.code = 552, .enhanced = "5.3.4", .text = "Message too large for this recipient"};
        default: return try_later();
    }
}

wire::Reply message_refused(const Error& error) {
    switch (error.code) {
        case ErrorCode::over_quota: return {.code = 452, .enhanced = "4.2.2", .text = "Mailbox full"};
        case ErrorCode::too_large: return {.code = 552, .enhanced = "5.3.4", .text = "Message too large"};
        case ErrorCode::not_found: return {.code = 550, .enhanced = "5.1.1", .text = "No such user here"};
        case ErrorCode::denied: return {.code = 550, .enhanced = "5.7.1", .text = "Message refused"};
        case ErrorCode::unavailable:
        case ErrorCode::too_many: return {.code = 452, .enhanced = "4.3.1", .text = "Insufficient system storage, try again later"};
        default: return try_later();
    }
}

wire::Reply login_refused(const Error& error) {
    switch (error.code) {
        case ErrorCode::denied: return {.code = 535, .enhanced = "5.7.8", .text = "Authentication credentials invalid"};
        case ErrorCode::invalid: return {.code = 501, .enhanced = "5.5.2", .text = "Malformed authentication exchange"};
        case ErrorCode::too_many: return {.code = 454, .enhanced = "4.7.0", .text = "Too many failed logins, try again later"};
        default: return {.code = 454, .enhanced = "4.7.0", .text = "Temporary authentication failure"};
    }
}

}  // namespace packetboat::smtp
