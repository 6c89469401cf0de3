#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/executor.h"
#include "base/peer.h"
#include "base/testing/transcript.h"

namespace packetboat::testing {

// How a transcript's bytes arrive.
struct Delivery {
    static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
    std::size_t piece_bytes = never;  // in pieces of this size
    std::size_t cut_at = never;       // one read ends after so many of the client's bytes
    std::size_t end_at = never;       // the connection ends after so many of the client's bytes
};

// The scripted other end: plays a transcript's client and holds the session's answers against it. `Decoder` is the protocol's (see
// net/stream_peer.h for what it must have), so that the bytes take the same way as in the server.
template <class Decoder>
class ScriptPeer final : public Peer<typename Decoder::Event, typename Decoder::Mode> {
public:
    using Event = typename Decoder::Event;
    using Mode = typename Decoder::Mode;

    ScriptPeer(const Transcript& transcript, Delivery delivery, Decoder decoder)
        : transcript_(transcript), delivery_(delivery), decoder_(std::move(decoder)) {
        info_.remote = {*IpAddress::parse("192.0.2.7"), 54321};
        info_.local = {*IpAddress::parse("192.0.2.1"), 25};
        info_.session_id = "0123456789a";
        if (transcript.tls) set_tls();
    }

    Task<std::optional<Event>> next(Mode mode) override {
        for (;;) {
            std::size_t consumed = 0;
            std::optional<Event> event = decoder_.next(mode, std::string_view(input_).substr(begin_), consumed);
            begin_ += consumed;
            if (event) co_return event;
            input_.erase(0, std::exchange(begin_, 0));
            if (gone_) co_return std::nullopt;
            if (std::optional<Event> news = more()) co_return news;
        }
    }

    void send(std::string_view bytes) override {
        answer_ += bytes;
        output_ += bytes;
    }
    Task<bool> drain() override { co_return !gone_; }
    bool has_input() const override { return begin_ < input_.size(); }

    Task<bool> start_tls() override {
        input_.clear();
        begin_ = 0;
        decoder_.reset();
        check();
        const bool scripted = step_ + 1 < transcript_.steps.size();
        const Turn turn = scripted ? transcript_.steps[step_ + 1].turn : Turn::bytes;
        if (turn != Turn::starttls) {
            if (!failure_.empty() || turn != Turn::starttls_fails) complain("the session started TLS, the transcript did not");
            if (scripted) ++step_;
            gone_ = true;
            co_return false;
        }
        begin_step();
        set_tls();
        co_return true;
    }

    std::optional<std::string> channel_binding(ChannelBinding kind) const override {
        if (!info_.tls() || kind == ChannelBinding::tls_unique) return std::nullopt;
        return std::string(32, kind == ChannelBinding::tls_exporter ? 'x' : 'e');
    }
    const PeerInfo& info() const override { return info_; }

    // Call when the session has ended: the last answers are held against the transcript too. Empty: all was as written.
    std::string finish() {
        check();
        if (failure_.empty() && delivery_.end_at == Delivery::never && step_ + 1 < transcript_.steps.size())
            complain("the session ended before line " + std::to_string(transcript_.steps[step_ + 1].line));
        return failure_;
    }
    const std::string& output() const { return output_; }

private:
    // Brings the next bytes of the script, or says that something happens instead of bytes.
    std::optional<Event> more() {
        for (;;) {
            const Step& step = transcript_.steps[step_];
            if (sent_ < step.client.size()) {
                deliver(step);
                return std::nullopt;
            }
            check();
            if (!failure_.empty() || total_ >= delivery_.end_at || step_ + 1 == transcript_.steps.size()) {
                gone_ = true;
                return std::nullopt;
            }
            begin_step();
            switch (transcript_.steps[step_].turn) {
                case Turn::timeout: return Event(TimedOut{});
                case Turn::shutdown: return Event(ShuttingDown{});
                case Turn::starttls:
                case Turn::starttls_fails: complain("the transcript starts TLS, the session did not"); break;
                case Turn::bytes: break;
            }
        }
    }

    void deliver(const Step& step) {
        std::size_t count = std::min(step.client.size() - sent_, delivery_.piece_bytes);
        if (total_ < delivery_.cut_at) count = std::min(count, delivery_.cut_at - total_);
        count = std::min(count, delivery_.end_at - total_);
        if (count == 0) gone_ = true;
        input_.append(step.client, sent_, count);
        sent_ += count;
        total_ += count;
    }

    void begin_step() {
        ++step_;
        sent_ = 0;
        answer_.clear();
    }

    // A step that was cut off is not expected to have been answered.
    void check() {
        const Step& step = transcript_.steps[step_];
        if (failure_.empty() && sent_ == step.client.size() && total_ < delivery_.end_at) complain(mismatch(step, answer_));
    }
    void complain(std::string what) {
        if (failure_.empty() && !what.empty()) failure_ = transcript_.name + ": " + std::move(what);
    }
    void set_tls() {
        info_.tls_version = "TLSv1.3";
        info_.tls_cipher = "TLS_AES_256_GCM_SHA384";
    }

    const Transcript& transcript_;
    Delivery delivery_;
    Decoder decoder_;
    PeerInfo info_;
    std::string input_;
    std::size_t begin_ = 0;
    std::size_t step_ = 0;
    std::size_t sent_ = 0;   // of this step
    std::size_t total_ = 0;  // of all steps
    std::string answer_;     // to this step
    std::string output_;     // all
    std::string failure_;
    bool gone_ = false;
};

// Replays one transcript: whole, in pieces of 1, 2, 3, 5, 8 … bytes, with a read that ends after every single byte, and with the connection
// ended after every byte (the output must then be the beginning of the whole one, up to lines that differ by time or chance, and the
// session must end). `converse(peer, transcript)` builds a world, runs a session in it to its end, and answers what is wrong with the world
// after it (empty: nothing). Answers the first failure; empty: none.
template <class Decoder>
std::string replay(const Transcript& transcript, const std::function<Decoder()>& make_decoder,
                   const std::function<Task<std::string>(ScriptPeer<Decoder>&, const Transcript&)>& converse) {
    const auto once = [&](Delivery delivery) -> std::string {
        ScriptPeer<Decoder> peer(transcript, delivery, make_decoder());
        std::string world = run_to_end(converse(peer, transcript));
        std::string script = peer.finish();
        if (!script.empty()) return script;
        return world.empty() ? world : transcript.name + ": " + world;
    };
    const auto labelled = [](std::string failure, std::string_view how, std::size_t n) {
        return failure.empty() ? failure : failure + " (" + std::string(how) + " " + std::to_string(n) + ")";
    };
    if (std::string failure = once({}); !failure.empty()) return failure;
    const std::size_t bytes = transcript.client_bytes();
    if (!transcript.whole_only) {
        for (std::size_t piece = 1, before = 1; piece <= bytes; before = std::exchange(piece, piece + before)) {
            if (std::string failure = labelled(once({.piece_bytes = piece}), "in pieces of", piece); !failure.empty()) return failure;
        }
        for (std::size_t at = 1; at < bytes; ++at) {
            if (std::string failure = labelled(once({.cut_at = at}), "cut after byte", at); !failure.empty()) return failure;
        }
    }
    for (std::size_t at = 0; at < bytes; ++at) {
        if (std::string failure = labelled(once({.end_at = at}), "ended after byte", at); !failure.empty()) return failure;
    }
    return {};
}

}  // namespace packetboat::testing
