#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "delivery/transport.h"
#include "net/testing/on_reactor.h"
#include "relay/testing/fake_resolver.h"
#include "relay/testing/scripted_server.h"
#include "relay/transport.h"

namespace packetboat::relay::testing {

// A message that is in memory, in pieces.
class TextContent final : public delivery::ContentSource {
public:
    explicit TextContent(std::string text, std::size_t piece_bytes = 4096) : text_(std::move(text)), piece_bytes_(piece_bytes) {}
    Task<Result<std::string_view>> next() override {
        if (fails) co_return fail(ErrorCode::unavailable, "disk error");
        const std::string_view piece = std::string_view(text_).substr(at_, piece_bytes_);
        at_ += piece.size();
        read_bytes += piece.size();
        co_return piece;
    }
    void rewind() override { at_ = 0; }

    bool fails = false;
    std::size_t read_bytes = 0;  // over all times

private:
    std::string text_;
    std::size_t piece_bytes_;
    std::size_t at_ = 0;
};

// Everything between a message and hosts on loopback.
struct World {
    World();
    ~World();

    // The servers begin to listen, and a transport is made, when the first of these is called.
    SmtpTransport& transport();
    // "mx1.example.org (MX)" or the failure, as show() has it.
    std::string route(const std::string& domain);
    // The whole way, once, for the entry: what became of each recipient, or of the connection for all.
    std::vector<std::string> deliver(const std::string& domain = "example.org");
    // Several messages on one connection.
    std::vector<std::string> deliver(const std::string& domain, int times);

    void recipients(const std::vector<std::string>& addresses);
    // example.org has this MX host, at 127.0.0.`host`.
    void one_host(Script script, int host = 1);

    static std::string show(const delivery::Failure& failure);  // "4.4.2 slow: reason"
    static std::string show(const delivery::Attempt& attempt);  // "relayed by mx1.example.org: 250 …"

    net::testing::TestReactor reactor;
    FakeResolver resolver;
    PolicySecurity level_security;
    HostSecurity* security = &level_security;
    ScriptedServers servers;
    std::vector<ConfiguredRoute> routes;
    TransportOptions options{.name = "client.example"};
    delivery::Demands demands;
    delivery::QueueEntry entry;
    std::string content = "Subject: x\r\n\r\nketchup?\r\n";
    bool content_fails = false;

    // Of the last deliver():
    std::string dialogue;         // of the connection, after the last message
    std::string failed_attempts;  // Connecting::dialogue
    bool connected = false;
    bool usable_after = false;
    delivery::Failure failure;  // of connecting, or of the first recipient that failed
    std::size_t content_read_bytes = 0;

private:
    Task<std::vector<std::string>> way(std::string domain, int times);

    std::unique_ptr<SmtpTransport> transport_;
};

}  // namespace packetboat::relay::testing
