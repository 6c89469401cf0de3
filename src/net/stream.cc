#include "net/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "net/reactor.h"
#include "net/socket.h"

namespace packetboat::net {

namespace {

// A client that never lets us wait (an upload over a fast link) must not keep the reactor from the others: so many reads, then
// everybody else's turn.
constexpr std::uint8_t reads_in_a_row_max = 16;
constexpr std::size_t drained_max_bytes = std::size_t{1} << 20;

Result<> result_of(WaitEnd end) {
    switch (end) {
        case WaitEnd::ready: return {};
        case WaitEnd::timed_out: return fail(ErrorCode::timed_out, "the deadline has passed");
        case WaitEnd::interrupted: return fail(ErrorCode::unavailable, "interrupted");
        case WaitEnd::closed: return fail(ErrorCode::closed, "the connection was cut");
    }
    return fail(ErrorCode::internal, "no such end of a wait");
}

Unexpected closed_because(int error) { return fail(ErrorCode::closed, std::strerror(error)); }

// What a handshake failed for; "wrong version number" is what OpenSSL says to plain text.
Unexpected handshake_failed() {
    const unsigned long code = ERR_peek_error();
    const bool plain = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER;
    const std::string reason = take_tls_error();
    return fail(ErrorCode::invalid, "TLS handshake: " + (plain ? "the other side does not speak TLS here" : reason));
}

bool would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

struct Stream::State {
    State(Reactor& reactor, int descriptor, Endpoint its_remote, Endpoint its_local)
        : waiter(reactor, descriptor), remote(its_remote), local(its_local) {}
    ~State() { SSL_free(ssl); }

    // Between a handshake that failed and the end nothing is read or written, least of all in plaintext.
    bool usable() const { return !tls_begun || (tls_established && !tls_broken); }
    bool input_at_hand() const { return more_likely || (ssl && !record_is_partial && SSL_has_pending(ssl)); }
    Result<std::size_t> read_plain(std::span<char> into);
    Result<std::size_t> read_tls(std::span<char> into);
    Result<std::size_t> write_plain(std::string_view bytes);
    Result<std::size_t> write_tls(std::string_view bytes);
    Unexpected tls_failed(int error);
    Task<Result<>> handshake();
    bool discard_input();

    Waiter waiter;
    SSL* ssl = nullptr;
    std::unique_ptr<ServerCertificate> server_certificate;  // a client's
    Endpoint remote;
    Endpoint local;
    std::uint64_t read_bytes = 0;
    std::uint64_t written_bytes = 0;
    std::uint8_t reads_left = reads_in_a_row_max;  // before the others' turn
    bool more_likely = false;                      // the last read has not seen the kernel's last byte
    bool record_is_partial = false;                // what TLS holds is not a whole record
    bool read_waits_for_output = false;            // TLS must write before it can read
    bool write_waits_for_input = false;            // and the other way round
    bool input_over = false;                       // the client has closed its side, or the connection is broken
    bool tls_begun = false;
    bool tls_established = false;
    bool tls_broken = false;  // nothing may be sent by it any more, a close_notify neither
};

Stream::Stream(Reactor& reactor, int descriptor, Endpoint remote, Endpoint local)
    : state_(std::make_unique<State>(reactor, descriptor, remote, local)) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;

void Stream::deadline(std::optional<std::chrono::milliseconds> from_now) { state_->waiter.deadline(from_now); }
void Stream::interrupt() { state_->waiter.interrupt(); }
void Stream::cut() { state_->waiter.cut(); }
const Endpoint& Stream::remote() const { return state_->remote; }
const Endpoint& Stream::local() const { return state_->local; }
int Stream::descriptor() const { return state_->waiter.descriptor(); }
Reactor& Stream::reactor() const { return state_->waiter.reactor(); }
std::uint64_t Stream::bytes_read() const { return state_->read_bytes; }
std::uint64_t Stream::bytes_written() const { return state_->written_bytes; }
bool Stream::tls() const { return state_->tls_established; }
std::string Stream::tls_version() const { return tls() ? SSL_get_version(state_->ssl) : ""; }
std::string Stream::tls_cipher() const { return tls() ? SSL_get_cipher_name(state_->ssl) : ""; }

std::optional<std::string> Stream::channel_binding(ChannelBinding kind) const {
    if (!tls()) return std::nullopt;
    return channel_binding_of(state_->ssl, kind);
}

Stream::Readable Stream::readable() { return Readable(*state_); }

bool Stream::Readable::await_ready() {
    at_once_ = state_.waiter.ends_at_once(WaitFor::input);
    if (!at_once_ && state_.input_at_hand()) at_once_ = WaitEnd::ready;
    if (at_once_ != WaitEnd::ready) return at_once_.has_value();
    if (state_.reads_left == 0) return false;
    --state_.reads_left;
    return true;
}

void Stream::Readable::await_suspend(std::coroutine_handle<> handle) {
    state_.reads_left = reads_in_a_row_max;
    if (at_once_) {
        state_.waiter.reactor().post(handle);
        return;
    }
    state_.record_is_partial = false;
    state_.waiter.begin(state_.read_waits_for_output ? WaitFor::output : WaitFor::input, handle);
}

Result<> Stream::Readable::await_resume() const { return result_of(at_once_ ? *at_once_ : state_.waiter.end()); }

Task<Result<std::size_t>> Stream::read_some(std::span<char> into) {
    assert(!into.empty());
    for (;;) {
        if (Result<std::size_t> got = read_now(into); !got || *got > 0) co_return got;
        if (Result<> ready = co_await readable(); !ready) co_return fail(ready.error());
    }
}

Result<std::size_t> Stream::read_now(std::span<char> into) {
    if (into.empty()) return 0;
    if (!state_->usable()) return fail(ErrorCode::closed, "TLS has failed");
    state_->more_likely = false;
    Result<std::size_t> got = state_->ssl ? state_->read_tls(into) : state_->read_plain(into);
    if (got && (*got == into.size() || (*got > 0 && state_->waiter.had_urgent_input()))) state_->more_likely = true;
    if (got) state_->read_bytes += *got;
    return got;
}

Result<std::size_t> Stream::State::read_plain(std::span<char> into) {
    for (;;) {
        const ssize_t count = ::recv(waiter.descriptor(), into.data(), into.size(), MSG_DONTWAIT);
        if (count > 0) return static_cast<std::size_t>(count);
        if (count < 0 && would_wait(errno)) return 0;
        if (count < 0 && errno == EINTR) continue;
        input_over = true;
        if (count < 0) return closed_because(errno);
        return fail(ErrorCode::closed, "the other side has closed the connection");
    }
}

// As many records as are here already: what came pipelined is answered together.
Result<std::size_t> Stream::State::read_tls(std::span<char> into) {
    std::size_t total = 0;
    do {
        ERR_clear_error();
        std::size_t count = 0;
        if (SSL_read_ex(ssl, into.data() + total, into.size() - total, &count) != 1) {
            const int error = SSL_get_error(ssl, 0);
            read_waits_for_output = error == SSL_ERROR_WANT_WRITE;
            record_is_partial = true;
            if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return total;
            if (total == 0) return tls_failed(error);
            more_likely = true;  // the end is told of by the next read
            return total;
        }
        total += count;
        record_is_partial = read_waits_for_output = false;
    } while (total < into.size() && SSL_has_pending(ssl));
    // TLS reads record by record: the kernel may have the next one.
    more_likely = true;
    return total;
}

Task<Result<>> Stream::write(std::string_view bytes) {
    for (;;) {
        const Result<std::size_t> written = write_now(bytes);
        if (!written) co_return fail(written.error());
        bytes.remove_prefix(*written);
        if (bytes.empty()) co_return Result<>{};
        const WaitEnd end = co_await state_->waiter.wait(state_->write_waits_for_input ? WaitFor::input_undisturbed : WaitFor::output);
        if (Result<> ready = result_of(end); !ready) co_return ready;
    }
}

Result<std::size_t> Stream::write_now(std::string_view bytes) {
    if (!state_->usable()) return fail(ErrorCode::closed, "TLS has failed");
    Result<std::size_t> written = state_->ssl ? state_->write_tls(bytes) : state_->write_plain(bytes);
    if (written) state_->written_bytes += *written;
    return written;
}

Result<std::size_t> Stream::State::write_plain(std::string_view bytes) {
    std::size_t total = 0;
    while (total < bytes.size()) {
        const ssize_t count = ::send(waiter.descriptor(), bytes.data() + total, bytes.size() - total, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) {
            total += static_cast<std::size_t>(count);
        } else if (would_wait(errno)) {
            break;
        } else if (errno != EINTR) {
            input_over = true;
            return closed_because(errno);
        }
    }
    return total;
}

Result<std::size_t> Stream::State::write_tls(std::string_view bytes) {
    std::size_t total = 0;
    while (total < bytes.size()) {
        ERR_clear_error();
        std::size_t count = 0;
        if (SSL_write_ex(ssl, bytes.data() + total, bytes.size() - total, &count) == 1) {
            total += count;
            continue;
        }
        const int error = SSL_get_error(ssl, 0);
        write_waits_for_input = error == SSL_ERROR_WANT_READ;
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return tls_failed(error);
        break;
    }
    return total;
}

Unexpected Stream::State::tls_failed(int error) {
    input_over |= error != SSL_ERROR_SSL;
    if (error == SSL_ERROR_ZERO_RETURN) return fail(ErrorCode::closed, "the other side has closed TLS");
    tls_broken = true;
    if (error == SSL_ERROR_SSL) return fail(ErrorCode::closed, "TLS: " + take_tls_error());
    return fail(ErrorCode::closed, "the other side has broken off the connection");
}

Task<Result<>> Stream::start_tls(const TlsContext& context) {
    assert(!state_->tls_begun);
    state_->tls_begun = true;
    state_->ssl = context.new_connection(descriptor());
    return state_->handshake();
}

Task<Result<>> Stream::start_tls_client(const TlsClientContext& context, std::string server_name, TlsDemand demand) {
    assert(!state_->tls_begun);
    state_->tls_begun = true;
    state_->server_certificate = std::make_unique<ServerCertificate>();
    ServerCertificate& shown = *state_->server_certificate;
    Result<ssl_st*> made = context.new_connection(descriptor(), server_name, demand, shown);
    if (!made) co_return fail(std::move(made).error());
    state_->ssl = *made;
    Result<> done = co_await state_->handshake();
    if (done) describe_server(state_->ssl, shown);
    const bool verifies = SSL_get_verify_mode(state_->ssl) != SSL_VERIFY_NONE;
    if (!done && done.error().code == ErrorCode::invalid && verifies && !shown.problem.empty())
        co_return fail(ErrorCode::denied, "the certificate of " + server_name + " is not to be trusted: " + shown.problem);
    co_return done;
}

const ServerCertificate* Stream::server_certificate() const { return state_->server_certificate.get(); }

Task<Result<>> Stream::connected() {
    const WaitEnd end = co_await state_->waiter.wait(WaitFor::output);
    if (end == WaitEnd::timed_out) co_return fail(ErrorCode::timed_out, remote().text() + " does not answer");
    if (Result<> ready = result_of(end); !ready) co_return ready;
    co_return take_connect_error(descriptor(), remote());
}

Task<Result<>> Stream::State::handshake() {
    if (!ssl) co_return fail(ErrorCode::unavailable, "TLS: no memory");
    for (;;) {
        ERR_clear_error();
        const int done = SSL_do_handshake(ssl);
        if (done == 1) break;
        const int error = SSL_get_error(ssl, done);
        if (error == SSL_ERROR_SSL) co_return handshake_failed();
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) co_return tls_failed(error);
        const WaitEnd end = co_await waiter.wait(error == SSL_ERROR_WANT_READ ? WaitFor::input_undisturbed : WaitFor::output);
        if (Result<> ready = result_of(end); !ready) co_return ready;
    }
    tls_established = true;
    more_likely = true;  // what came right behind the handshake was told of during it
    co_return Result<>{};
}

Task<> Stream::close() {
    if (descriptor() < 0) co_return;
    deadline(linger_max);
    if (state_->ssl && state_->usable()) {
        ERR_clear_error();
        SSL_shutdown(state_->ssl);
    }
    ::shutdown(descriptor(), SHUT_WR);
    for (std::size_t reads = 0; !state_->input_over && reads < reads_in_a_row_max; ++reads) {
        if (!state_->discard_input()) {
            co_await reactor().yield();
        } else if (!state_->input_over && co_await state_->waiter.wait(WaitFor::input_undisturbed) != WaitEnd::ready) {
            break;
        }
    }
    state_->waiter.close();
}

// False: there may be more.
bool Stream::State::discard_input() {
    std::array<char, 4096> nowhere;
    for (std::size_t total = 0; total < drained_max_bytes;) {
        const ssize_t count = ::recv(waiter.descriptor(), nowhere.data(), nowhere.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            input_over = count == 0 || !would_wait(errno);
            return true;
        }
        total += static_cast<std::size_t>(count);
    }
    return false;
}

}  // namespace packetboat::net
