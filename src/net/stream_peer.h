#pragma once

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/peer.h"
#include "net/reactor.h"
#include "net/stream.h"

namespace packetboat::net {

// What a protocol's decoder is to a peer: pure, and in the protocol's wire/ folder.
//   using Event = …; using Mode = …;
//   // Takes from the front of `input` what it understands, and says in `consumed` how much that was (also when it answers
//   // nothing). nullopt: more bytes are needed. Never needs more than BufferPool::buffer_bytes at once: a line that is too long is
//   // consumed piece by piece and becomes an error event at its end.
//   std::optional<Event> next(Mode mode, std::string_view input, std::size_t& consumed);
//   void reset();  // after STARTTLS: as new
//   static constexpr std::chrono::milliseconds … no clocks: the deadline is the peer's.
template <class Decoder>
class StreamPeer final : public Peer<typename Decoder::Event, typename Decoder::Mode> {
public:
    using Event = typename Decoder::Event;
    using Mode = typename Decoder::Mode;

    struct Options {
        std::chrono::milliseconds idle_timeout{300'000};
        std::chrono::milliseconds session_timeout{3'600'000};  // in all, from now
        std::size_t output_high_water_bytes = 64 * 1024;
    };

    StreamPeer(Stream& stream, const TlsContext* tls, Decoder decoder, std::string session_id, Options options)
        : stream_(stream), tls_(tls), decoder_(std::move(decoder)), options_(options) {
        info_.remote = stream.remote();
        info_.local = stream.local();
        info_.session_id = std::move(session_id);
        info_.tls_version = stream.tls_version();
        info_.tls_cipher = stream.tls_cipher();
        session_end_ = std::chrono::steady_clock::now() + options_.session_timeout;
    }
    ~StreamPeer() override { release(); }

    Task<std::optional<Event>> next(Mode mode) override {
        for (;;) {
            // An event's views point into the buffer, so what it consumed stays until the next call.
            if (std::optional<Event> event = decode(mode)) co_return event;
            if (gone_) co_return std::nullopt;
            if (!co_await flush()) co_return std::nullopt;
            if (begin_ == end_) release();
            if (std::optional<Event> news = co_await fill()) co_return news;
        }
    }

    void send(std::string_view bytes) override {
        if (!gone_) output_ += bytes;
    }

    Task<bool> drain() override {
        if (output_.size() < options_.output_high_water_bytes) co_return !gone_;
        co_return co_await flush();
    }

    // Sends what is collected. False: the client has gone.
    Task<bool> flush() {
        if (gone_) co_return false;
        if (output_.empty()) co_return true;
        arm();
        const Result<> written = co_await stream_.write(output_);
        output_.clear();
        if (output_.capacity() > kept_output_bytes) output_.shrink_to_fit();
        if (!written) gone_ = true;
        co_return !gone_;
    }

    bool has_input() const override { return begin_ != end_; }

    Task<bool> start_tls() override {
        if (!tls_ || !co_await flush()) co_return false;
        begin_ = end_ = 0;
        release();
        decoder_.reset();
        arm();
        if (!co_await stream_.start_tls(*tls_)) gone_ = true;
        info_.tls_version = stream_.tls_version();
        info_.tls_cipher = stream_.tls_cipher();
        co_return !gone_;
    }

    std::optional<std::string> channel_binding(ChannelBinding kind) const override { return stream_.channel_binding(kind); }
    const PeerInfo& info() const override { return info_; }

private:
    static constexpr std::size_t kept_output_bytes = 512;

    std::optional<Event> decode(Mode mode) {
        if (!buffer_) return std::nullopt;
        std::size_t consumed = 0;
        std::optional<Event> event = decoder_.next(mode, {buffer_.get() + begin_, end_ - begin_}, consumed);
        begin_ += consumed;
        return event;
    }

    // Waits for bytes; answers an event when news or a deadline came instead.
    Task<std::optional<Event>> fill() {
        if (told_shutdown_ && closing_) {
            gone_ = true;
            co_return std::nullopt;
        }
        arm();
        if (Result<> ready = co_await stream_.readable(); !ready) co_return news(ready.error());
        if (!buffer_) {
            buffer_ = Reactor::current().buffers().borrow();
            begin_ = end_ = 0;
        } else if (begin_ > 0) {
            std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
            end_ -= std::exchange(begin_, 0);
        }
        Result<std::size_t> got = stream_.read_now({buffer_.get() + end_, BufferPool::buffer_bytes - end_});
        if (!got) co_return news(got.error());
        end_ += *got;
        co_return std::nullopt;
    }

    std::optional<Event> news(const Error& error) {
        if (error.code == ErrorCode::timed_out && !std::exchange(told_timeout_, true)) return Event(TimedOut{});
        if (error.code == ErrorCode::unavailable && !std::exchange(told_shutdown_, true)) return Event(ShuttingDown{});
        gone_ = true;
        return std::nullopt;
    }

    void arm() {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(session_end_ - std::chrono::steady_clock::now());
        stream_.deadline(std::max(std::chrono::milliseconds{0}, std::min(options_.idle_timeout, left)));
    }

    void release() {
        if (buffer_ && begin_ == end_) Reactor::current().buffers().give_back(std::move(buffer_));
    }

    Stream& stream_;
    const TlsContext* tls_;
    Decoder decoder_;
    Options options_;
    PeerInfo info_;
    std::chrono::steady_clock::time_point session_end_;
    std::unique_ptr<char[]> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string output_;
    bool gone_ = false;
    bool told_timeout_ = false;
    bool told_shutdown_ = false;
    bool closing_ = false;
};

}  // namespace packetboat::net
