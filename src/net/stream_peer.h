#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/peer.h"
#include "net/reactor.h"
#include "net/stream.h"

namespace packetboat::net {

// What a protocol's decoder is to a peer: pure, and in the protocol's wire/ folder.
//   using Event = …; using Mode = …;
//   // Takes from the front of `input` what it understands, and says in `consumed` how much that was (also when it answers
//   // nothing). nullopt: more bytes are needed. Never needs more than BufferPool::buffer_bytes at once: a line that is too long is
//   // consumed piece by piece and becomes an error event at its end. (One that breaks this is logged, and the connection ends.)
//   std::optional<Event> next(Mode mode, std::string_view input, std::size_t& consumed);
//   void reset();  // after STARTTLS: as new
//   static constexpr std::chrono::milliseconds … no clocks: the deadline is the peer's.
//
// When the session has ended, whoever made the peer awaits flush(): its last words go then.
//   StreamPeer<Decoder> peer(stream, tls, Decoder{}, id, {});
//   Session session(peer, …);
//   co_await session.run();
//   co_await peer.flush();
//
// A client's peer is made with ClientTls, and waits by deadline(). When the server has closed while we were still sending, next() yields
// what the server had said before that.
struct ClientTls {
    const TlsClientContext* context = nullptr;  // null: start_tls() is refused; outlives the peer
    std::string server_name;                    // whom the certificate must be for
    TlsDemand demand = {};                      // what else is demanded of it
};

template <class Decoder>
class StreamPeer final : public Peer<typename Decoder::Event, typename Decoder::Mode> {
public:
    using Event = typename Decoder::Event;
    using Mode = typename Decoder::Mode;

    struct Options {
        std::chrono::milliseconds idle_timeout{300'000};
        std::chrono::milliseconds session_timeout{3'600'000};  // in all, from now
        std::chrono::milliseconds handshake_timeout{30'000};   // of start_tls()
        std::chrono::milliseconds goodbye_timeout{5'000};      // for the last words, after TimedOut
        std::size_t output_high_water_bytes = 64 * 1024;
    };

    // `tls` may be null: start_tls() is refused then. Stream and TLS context outlive the peer.
    StreamPeer(Stream& stream, const TlsContext* tls, Decoder decoder, std::string session_id, Options options)
        : stream_(stream), tls_(tls), decoder_(std::move(decoder)), options_(options) {
        begin(std::move(session_id));
    }
    // The client's side of a connection.
    StreamPeer(Stream& stream, ClientTls tls, Decoder decoder, std::string session_id, Options options)
        : stream_(stream), client_tls_(std::move(tls)), decoder_(std::move(decoder)), options_(options) {
        begin(std::move(session_id));
    }
    ~StreamPeer() override { release(); }
    StreamPeer(const StreamPeer&) = delete;
    StreamPeer& operator=(const StreamPeer&) = delete;

    Task<std::optional<Event>> next(Mode mode) override {
        for (;;) {
            // Many pipelined commands with long answers each: the output stays bounded.
            if (output_.size() >= options_.output_high_water_bytes) co_await flush();
            if (gone_) co_return std::nullopt;
            // An event's views point into the buffer, so what it consumed stays until the next call.
            if (std::optional<Event> event = decode(mode)) co_return event;
            if (!output_.empty()) co_await flush();
            if (told_timeout_) gone_ = true;  // it was told once, and this is the end
            if (gone_) co_return std::nullopt;
            if (begin_ == end_) release();
            arm(options_.idle_timeout);
            Result<> filled = co_await stream_.readable();
            if (filled) filled = fill();
            if (!filled) co_return news(filled.error());
        }
    }

    void send(std::string_view bytes) override {
        if (!gone_ && !unheard_) output_ += bytes;
    }

    Task<bool> drain() override {
        if (output_.size() < options_.output_high_water_bytes) co_return !gone_ && !unheard_;
        co_return co_await flush();
    }

    // Sends what is collected, within the idle timeout. False: the client has gone, or does not read.
    Task<bool> flush() {
        if (gone_ || unheard_ || output_.empty()) co_return !gone_ && !unheard_;
        arm(told_timeout_ ? options_.goodbye_timeout : options_.idle_timeout);
        const Result<> written = co_await stream_.write(output_);
        output_.clear();
        if (output_.capacity() > kept_output_bytes) output_.shrink_to_fit();
        if (written) co_return true;
        failure_ = written.error();
        // A server that refuses a message in its middle says why before it closes; that may be here already.
        unheard_ = client_tls_ && failure_.code == ErrorCode::closed;
        gone_ = !unheard_;
        co_return false;
    }

    bool has_input() const override { return begin_ != end_; }

    Task<bool> start_tls() override {
        if (!tls_ && !(client_tls_ && client_tls_->context)) co_return false;
        if (stream_.tls() || !co_await flush()) co_return false;
        // What came in plaintext behind the command may be an attacker's. What of it was not read yet is no handshake, and fails.
        begin_ = end_ = 0;
        release();
        decoder_.reset();
        arm(options_.handshake_timeout);
        const Result<> done = tls_
                                  ? co_await stream_.start_tls(*tls_)
                                  : co_await stream_.start_tls_client(*client_tls_->context, client_tls_->server_name, client_tls_->demand);
        if (!done) {
            log_info("net.handshake_failed", info_.session_id, {{"remote", info_.remote.text()}, {"error", done.error().text}});
            failure_ = done.error();
            gone_ = true;
            co_return false;
        }
        info_.tls_version = stream_.tls_version();
        info_.tls_cipher = stream_.tls_cipher();
        co_return true;
    }

    std::optional<std::string> channel_binding(ChannelBinding kind) const override { return stream_.channel_binding(kind); }
    const PeerInfo& info() const override { return info_; }

    void deadline(std::chrono::milliseconds from_now) override { stage_end_ = Clock::now() + from_now; }
    const Error* failure() const override { return failure_.text.empty() ? nullptr : &failure_; }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kept_output_bytes = 512;

    void begin(std::string session_id) {
        info_.remote = stream_.remote();
        info_.local = stream_.local();
        info_.session_id = std::move(session_id);
        info_.tls_version = stream_.tls_version();
        info_.tls_cipher = stream_.tls_cipher();
        session_end_ = Clock::now() + options_.session_timeout;
    }

    std::optional<Event> decode(Mode mode) {
        if (begin_ == end_) return std::nullopt;
        std::size_t consumed = 0;
        std::optional<Event> event = decoder_.next(mode, {buffer_.get() + begin_, end_ - begin_}, consumed);
        assert(consumed <= end_ - begin_);
        begin_ += consumed;
        return event;
    }

    // Takes what there is, after what the decoder has left.
    Result<> fill() {
        if (!buffer_) {
            buffer_ = stream_.reactor().buffers().borrow();
            begin_ = end_ = 0;
        } else if (begin_ > 0) {
            std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
            end_ -= std::exchange(begin_, 0);
        }
        if (end_ == BufferPool::buffer_bytes) {
            log_error("net.decoder_stuck", info_.session_id);
            return fail(ErrorCode::internal, "the decoder takes nothing from a full buffer");
        }
        const Result<std::size_t> got = stream_.read_now({buffer_.get() + end_, BufferPool::buffer_bytes - end_});
        if (!got) return fail(got.error());
        end_ += *got;
        return {};
    }

    std::optional<Event> news(const Error& error) {
        if (error.code == ErrorCode::timed_out && !std::exchange(told_timeout_, true)) return Event(TimedOut{});
        if (error.code == ErrorCode::unavailable && !std::exchange(told_shutdown_, true)) return Event(ShuttingDown{});
        if (failure_.text.empty()) failure_ = error;
        gone_ = true;
        return std::nullopt;
    }

    // The wait that follows ends after `timeout`, or with the session's time; its last words have theirs all the same. A deadline() takes
    // the place of `timeout`.
    void arm(std::chrono::milliseconds timeout) {
        const auto left = [now = Clock::now()](Clock::time_point end) { return std::chrono::ceil<std::chrono::milliseconds>(end - now); };
        if (stage_end_ && !told_timeout_) timeout = left(*stage_end_);
        if (!told_timeout_) timeout = std::min(timeout, left(session_end_));
        stream_.deadline(std::max(std::chrono::milliseconds{0}, timeout));
    }

    void release() {
        if (buffer_) stream_.reactor().buffers().give_back(std::move(buffer_));
        begin_ = end_ = 0;
    }

    Stream& stream_;
    const TlsContext* tls_ = nullptr;
    std::optional<ClientTls> client_tls_;  // none: a server's side
    Decoder decoder_;
    Options options_;
    PeerInfo info_;
    Clock::time_point session_end_;
    std::optional<Clock::time_point> stage_end_;  // of deadline()
    std::unique_ptr<char[]> buffer_;              // none while there is no input
    std::size_t begin_ = 0;                       // of the input in it
    std::size_t end_ = 0;
    std::string output_;
    Error failure_;         // its text is empty while there was none
    bool unheard_ = false;  // a client's: the server takes nothing any more; it may still have said something
    bool gone_ = false;
    bool told_timeout_ = false;
    bool told_shutdown_ = false;
};

}  // namespace packetboat::net
