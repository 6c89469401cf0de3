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
#include <vector>

#include "pop3/client/client.h"

namespace packetboat::pop3::testing {

// A server that answers as a test says, and as a well-behaved one where the test says nothing.
class FakeServer {
public:
    std::string greeting = "+OK mail.example.test ready <1896.697170952@mail.example.test>\r\n";
    std::vector<std::string> capabilities = {"USER", "TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "STLS"};
    std::vector<std::string> messages = {"Subject: one\r\n\r\nHello\r\n", "Subject: two\r\n\r\n.dots\r\n..\r\n.\r\nend\r\n",
                                         "Subject: three\r\n\r\n"};
    // By whole line or by verb; used one after the other, whole answers with their CRLF.
    std::map<std::string, std::deque<std::string>> answers;
    // Of AUTH, and of every line of its exchange that comes after a "+": with the base64 as it is.
    std::function<std::string(const std::string& line)> auth;
    std::size_t close_at_reply = std::numeric_limits<std::size_t>::max();  // the connection ends in place of the answer of this number
    std::size_t hang_at_reply = std::numeric_limits<std::size_t>::max();   // nothing comes any more

    // What it says first, then what it says to the client's bytes.
    std::string begin() { return reply(greeting); }
    std::string hear(std::string_view bytes);
    bool closed() const { return closed_; }

    std::vector<std::string> commands;  // every line, without its CRLF
    std::vector<std::size_t> groups;    // how many lines came together
    std::vector<std::string> deleted;   // by QUIT
    std::size_t replies = 0;

private:
    std::string hear_line(const std::string& line);
    std::string of_message(const std::string& verb, std::uint64_t number, const std::string& line);
    std::string listing(const std::string& verb) const;
    std::string reply(std::string text);

    std::string input_;
    bool in_auth_ = false;
    bool closed_ = false;
    std::vector<std::uint64_t> marked_;
};

// A client's peer whose other end is a FakeServer. Where the server says nothing and has not closed, it is TimedOut.
class FakePeer final : public ClientPeer {
public:
    explicit FakePeer(FakeServer& server) : server_(server) { pending_ = server_.begin(); }

    std::size_t piece_bytes = std::numeric_limits<std::size_t>::max();  // what arrives comes in pieces of this size
    std::size_t end_at = std::numeric_limits<std::size_t>::max();       // the connection ends after so many of the server's bytes
    std::function<std::string()> endless;                               // when nothing else arrives, this does, again and again
    bool tls_works = true;
    std::string behind_stls;  // arrives behind the answer to STLS, in plain text
    std::vector<std::chrono::milliseconds> deadlines;
    std::size_t input_high_water = 0;  // the most that waited for the decoder
    std::size_t arrived = 0;           // bytes of the server's

    void set_tls() {
        info_.tls_version = "TLSv1.3";
        info_.tls_cipher = "TLS_AES_256_GCM_SHA384";
    }
    // Arrives at once, whatever is asked.
    void blurt(std::string_view bytes) { input_ += bytes; }

    Task<std::optional<wire::ReplyEvent>> next(wire::ReplyMode mode) override;
    void send(std::string_view bytes) override { output_ += bytes; }
    Task<bool> drain() override { co_return true; }
    bool has_input() const override { return consumed_ < input_.size(); }
    Task<bool> start_tls() override;
    std::optional<std::string> channel_binding(ChannelBinding kind) const override {
        return info_.tls() && kind == ChannelBinding::tls_exporter ? std::optional<std::string>(std::string(32, 'x')) : std::nullopt;
    }
    const PeerInfo& info() const override { return info_; }
    void deadline(std::chrono::milliseconds from_now) override { deadlines.push_back(from_now); }
    const Error* failure() const override { return failure_ ? &*failure_ : nullptr; }

private:
    FakeServer& server_;
    wire::ReplyDecoder decoder_;
    PeerInfo info_;
    std::string output_;
    std::string pending_;  // said by the server, and not arrived
    std::string input_;
    std::size_t consumed_ = 0;  // of the input; events point into it
    bool told_timeout_ = false;
    std::optional<Error> failure_;
};

}  // namespace packetboat::pop3::testing
