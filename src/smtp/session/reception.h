#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "delivery/delivery.h"
#include "smtp/session/options.h"
#include "smtp/wire/header_scan.h"
#include "smtp/wire/line_ends.h"
#include "smtp/wire/reply.h"

namespace packetboat::smtp {

// A message on its way in: what DATA or BDAT brings is checked, counted and handed on at once; nothing is held here. After the first
// failure bytes are only counted, and what was kept of the message is gone.
class Reception {
public:
    struct Terms {
        const Limits& limits;  // outlives the reception
        wire::BareNewlines bare_newlines = wire::BareNewlines::refuse;
        bool binary = false;  // BODY=BINARYMIME: any bytes, and lines are none of our business
        wire::HeaderScan::Missing missing;
    };
    Reception(delivery::Incoming incoming, Terms terms);

    Task<> take(std::string_view chunk);
    // The message is over.
    Task<> finish();

    // The answer to the message because of what it is; empty: it is good.
    const wire::Reply& failure() const { return failure_; }
    std::uint64_t size_bytes() const { return size_bytes_; }
    // Of a good message, after finish(); once.
    delivery::Incoming release();

private:
    Task<> keep_text(std::string_view text);
    Task<> keep(std::string_view bytes);
    void judge();
    void fail(wire::Reply reply);

    const Limits& limits_;
    bool binary_;
    std::optional<delivery::Incoming> incoming_;
    wire::LineEnds line_ends_;
    wire::HeaderScan header_;
    wire::Reply failure_;
    std::string last_bytes_;        // up to two, of what was kept
    std::uint64_t size_bytes_ = 0;  // as the client sent it, without transport's dots
};

}  // namespace packetboat::smtp
