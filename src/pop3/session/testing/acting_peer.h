#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pop3/session/session.h"

namespace packetboat::pop3::testing {

// A client whose next bytes depend on what it was answered, for what a transcript cannot say. Each act runs when the session waits: it is
// given the answer since the last one, and says what the client sends now; in between it may do anything to the world. After the last act
// the client goes.
class ActingPeer final : public Peer {
public:
    using Act = std::function<Task<std::string>(std::string answer)>;

    explicit ActingPeer(std::deque<Act> acts) : acts_(std::move(acts)) {
        info_.remote.address = *IpAddress::parse("192.0.2.7");
        info_.session_id = "0123456789a";
    }

    Task<std::optional<wire::Event>> next(wire::Mode mode) override {
        for (;;) {
            std::size_t consumed = 0;
            std::optional<wire::Event> event = decoder_.next(mode, input_, consumed);
            input_.erase(0, consumed);
            if (event) co_return event;
            if (acts_.empty()) co_return std::nullopt;
            waiting_bytes_ = 0;
            const Act act = std::move(acts_.front());
            acts_.pop_front();
            input_ += co_await act(std::exchange(answer_, {}));
        }
    }
    void send(std::string_view bytes) override {
        answer_ += bytes;
        waiting_bytes_ += bytes.size();
        waiting_most_bytes_ = std::max(waiting_most_bytes_, waiting_bytes_);
    }
    Task<bool> drain() override {
        if (drains_until_gone_ && (*drains_until_gone_)-- == 0) co_return false;
        waiting_bytes_ = 0;
        co_return true;
    }
    bool has_input() const override { return !input_.empty(); }
    Task<bool> start_tls() override { co_return !(info_.tls_version = "TLSv1.3").empty(); }
    std::optional<std::string> channel_binding(ChannelBinding kind) const override {
        if (!info_.tls() || kind != ChannelBinding::tls_exporter) return std::nullopt;
        return std::string(32, 'x');
    }
    const PeerInfo& info() const override { return info_; }

    // The most that a session had sent without a drain() or a next().
    std::size_t waiting_most_bytes() const { return waiting_most_bytes_; }
    // Answered after the last act.
    const std::string& answer() const { return answer_; }
    // drain() will say that the client has gone after so many that went well.
    void go_after_drains(std::size_t count) { drains_until_gone_ = count; }
    void set_tls() { info_.tls_version = "TLSv1.3"; }

private:
    std::deque<Act> acts_;
    wire::Decoder decoder_;
    PeerInfo info_;
    std::string input_;
    std::string answer_;
    std::size_t waiting_bytes_ = 0;
    std::size_t waiting_most_bytes_ = 0;
    std::optional<std::size_t> drains_until_gone_;
};

// Sends `bytes` whatever the answer was.
inline ActingPeer::Act say(std::string bytes) {
    return [bytes = std::move(bytes)](std::string) -> Task<std::string> { co_return bytes; };
}

}  // namespace packetboat::pop3::testing
