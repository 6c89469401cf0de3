#include "base/error.h"

namespace packetboat {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid: return "invalid";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::exists: return "exists";
        case ErrorCode::denied: return "denied";
        case ErrorCode::over_quota: return "over_quota";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::too_many: return "too_many";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::timed_out: return "timed_out";
        case ErrorCode::closed: return "closed";
        case ErrorCode::internal: return "internal";
    }
    return "unknown";
}

}  // namespace packetboat
