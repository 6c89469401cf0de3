#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/task.h"

namespace packetboat::pop3 {

// Where a message goes, piece by piece as it comes: without the dots that were stuffed, its lines as the server has them.
class MessageSink {
public:
    virtual ~MessageSink() = default;
    // `piece` lives until the task ends. After an error nothing more comes, and the connection is given up: POP3 has no way to stop an
    // answer. A message is whole only when retr() says so.
    virtual Task<Result<>> take(std::string_view piece) = 0;
};

// Keeps the message in memory, up to a limit (too_large).
class TextSink final : public MessageSink {
public:
    explicit TextSink(std::size_t max_bytes) : max_bytes_(max_bytes) {}
    Task<Result<>> take(std::string_view piece) override {
        if (piece.size() > max_bytes_ - text_.size()) co_return fail(ErrorCode::too_large, "the message is too large to be kept in memory");
        text_ += piece;
        co_return Result<>{};
    }
    const std::string& text() const { return text_; }
    std::string take_text() { return std::exchange(text_, {}); }

private:
    std::size_t max_bytes_;
    std::string text_;
};

// One message of many that are asked for together.
struct Retrieval {
    std::uint64_t message = 0;    // its number
    MessageSink* sink = nullptr;  // outlives the call
};

}  // namespace packetboat::pop3
