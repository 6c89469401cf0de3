#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "smtp/client/client.h"
#include "smtp/wire/unstuff.h"

namespace packetboat::smtp::testing {

// A server that answers as a test says, and as a well-behaved one where the test says nothing.
class FakeServer {
public:
    std::string greeting = "220 mail.example.test ESMTP\r\n";
    std::vector<std::string> extensions = {"PIPELINING", "SIZE 1000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN"};
    bool lmtp = false;
    // By whole line or by verb; "." for a message by DATA, in LMTP once for each recipient. Used one after the other, whole replies with
    // their CRLF.
    std::map<std::string, std::deque<std::string>> answers;
    // Of AUTH, and of every line of its exchange that comes after a 334: with the base64 as it is.
    std::function<std::string(const std::string& line)> auth;
    std::size_t close_at_reply = std::numeric_limits<std::size_t>::max();  // the connection ends in place of the reply of this number
    std::size_t hang_at_reply = std::numeric_limits<std::size_t>::max();   // nothing comes any more

    // What it says first, then what it says to the client's bytes.
    std::string begin() { return reply(greeting); }
    std::string hear(std::string_view bytes);
    bool closed() const { return closed_; }

    std::vector<std::string> commands;  // every line, without its CRLF
    std::vector<std::string> messages;  // accepted or not, un-stuffed
    std::size_t replies = 0;

private:
    std::string hear_line(const std::string& line);
    std::string hear_data();
    std::string hear_chunk();
    std::string end_of_message();
    std::string answer(const std::string& line, const std::string& normally);
    std::string reply(std::string text);

    std::string input_;
    bool in_data_ = false;
    bool in_auth_ = false;
    bool closed_ = false;
    bool mail_ = false;
    std::size_t accepted_ = 0;  // recipients
    wire::Unstuffer unstuffer_;
    std::string message_;
    std::optional<std::uint64_t> chunk_bytes_;
    bool chunk_last_ = false;
};

// A client's peer whose other end is a FakeServer. Where the server says nothing and has not closed, it is TimedOut.
class FakePeer final : public ClientPeer {
public:
    explicit FakePeer(FakeServer& server) : server_(server) { pending_ = server_.begin(); }

    std::size_t piece_bytes = std::numeric_limits<std::size_t>::max();   // what arrives comes in pieces of this size
    std::size_t end_at = std::numeric_limits<std::size_t>::max();        // the connection ends after so many of the server's bytes
    std::size_t take_at_most = std::numeric_limits<std::size_t>::max();  // of the client's bytes; then it is heard no more
    std::string last_words;                                              // what the server says then
    bool tls_works = true;
    std::vector<std::chrono::milliseconds> deadlines;
    std::size_t high_water = 0;  // the most that was collected before it went
    std::string all_said;        // by the client

    void set_tls() {
        info_.tls_version = "TLSv1.3";
        info_.tls_cipher = "TLS_AES_256_GCM_SHA384";
    }

    Task<std::optional<wire::ReplyEvent>> next(wire::ReplyMode mode) override;
    void send(std::string_view bytes) override {
        output_ += bytes;
        all_said += bytes;
    }
    Task<bool> drain() override;
    bool has_input() const override { return !input_.empty(); }
    Task<bool> start_tls() override;
    std::optional<std::string> channel_binding(ChannelBinding kind) const override {
        return info_.tls() && kind == ChannelBinding::tls_exporter ? std::optional<std::string>(std::string(32, 'x')) : std::nullopt;
    }
    const PeerInfo& info() const override { return info_; }
    void deadline(std::chrono::milliseconds from_now) override { deadlines.push_back(from_now); }
    const Error* failure() const override { return failure_ ? &*failure_ : nullptr; }

private:
    bool flush();

    FakeServer& server_;
    wire::ReplyDecoder decoder_;
    PeerInfo info_;
    std::string output_;
    std::string pending_;  // said by the server, and not arrived
    std::string input_;
    std::size_t arrived_ = 0;
    std::size_t taken_ = 0;
    bool told_timeout_ = false;
    std::optional<Error> failure_;
};

}  // namespace packetboat::smtp::testing
