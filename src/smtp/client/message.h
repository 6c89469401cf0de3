#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "smtp/client/client_error.h"
#include "smtp/wire/command.h"

namespace packetboat::smtp {

struct OutgoingRecipient {
    std::string address;  // "bob@example.test"
    wire::Notify notify;  // RFC 3461 §4.1
    std::string orcpt;    // RFC 3461 §4.2, as wire::orcpt_of writes it; empty: none
};

// What is to be sent, without its text.
struct Outgoing {
    std::string reverse_path;                 // empty: <>
    std::uint64_t size_bytes = 0;             // about (RFC 1870 §5); 0: not known
    wire::Body body = wire::Body::seven_bit;  // what the text is: it is not looked at
    bool smtputf8 = false;                    // the header has UTF-8 in it; addresses that have count by themselves
    wire::Ret ret = wire::Ret::not_given;
    std::string envid;                        // in xtext; empty: none
    bool require_tls = false;                 // RFC 8689
    std::optional<std::uint64_t> hold_for_s;  // RFC 4865
    std::string hold_until;                   // RFC 4865; empty: not
    std::vector<OutgoingRecipient> recipients;
};

// What became of one recipient: the answer with which the server took over, or why it did not.
using RecipientResult = ClientResult<wire::ServerReply>;

// Where a message's text comes from.
class BodySource {
public:
    virtual ~BodySource() = default;
    // The next piece, of any size; it lives until the next call. Empty: that was all. After an error the message is not finished, and the
    // connection is given up.
    virtual Task<Result<std::string_view>> next() = 0;
};

// A text that is in memory already, and outlives it.
class TextBody final : public BodySource {
public:
    explicit TextBody(std::string_view text) : text_(text) {}
    Task<Result<std::string_view>> next() override {
        const std::string_view piece = text_.substr(0, piece_bytes);
        text_.remove_prefix(piece.size());
        co_return piece;
    }

private:
    static constexpr std::size_t piece_bytes = 64 * 1024;
    std::string_view text_;
};

// Told now and then how many bytes of the body have gone out.
using Progress = std::function<void(std::uint64_t body_bytes)>;

}  // namespace packetboat::smtp
