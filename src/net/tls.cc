#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>

#include "base/log.h"
#include "net/channel_binding.h"
#include "net/openssl_ptr.h"
#include "net/socket_bio.h"

namespace packetboat::net {

namespace {

using Context = OpensslPtr<SSL_CTX, SSL_CTX_free>;
using Clock = std::chrono::steady_clock;

// A stolen ticket key opens the TLS 1.2 sessions resumed by its tickets, so none is used longer than this.
constexpr std::chrono::hours ticket_keys_age_max{24};

constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* tls13_ciphers = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

// What tells that a file has changed. ctime too: a chmod may make readable what was not.
struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::array<std::int64_t, 4> times{};

    friend bool operator==(const Stamp&, const Stamp&) = default;
};

Stamp stamp_of(const std::filesystem::path& file) {
    struct stat status;
    if (::stat(file.c_str(), &status) != 0) return {};
    return {status.st_dev,
            status.st_ino,
            status.st_size,
            {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec}};
}

void set_options(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // An idle connection holds no buffers; a write is retried from wherever the output has moved to.
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // One recv for a record, and for the pipelined ones behind it.
    SSL_CTX_set_read_ahead(context, 1);
    // Sessions live in the client's ticket, not in our memory.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    // A key with a password is an error, not a question on some terminal.
    SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return -1; });
}

Result<> check_files(const TlsFiles& files) {
    for (const std::filesystem::path* file : {&files.certificate, &files.key}) {
        if (::access(file->c_str(), R_OK) != 0) return fail(ErrorCode::unavailable, file->string() + ": " + std::strerror(errno));
    }
    return {};
}

Result<Context> make_context(const TlsFiles& files) {
    ERR_clear_error();
    Context context(SSL_CTX_new(TLS_server_method()));
    if (!context) return fail(ErrorCode::unavailable, "TLS: " + take_tls_error());
    set_options(context.get());
    if (SSL_CTX_set_cipher_list(context.get(), tls12_ciphers) != 1 || SSL_CTX_set_ciphersuites(context.get(), tls13_ciphers) != 1 ||
        SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384") != 1) {
        return fail(ErrorCode::internal, "TLS ciphers: " + take_tls_error());
    }
    if (Result<> readable = check_files(files); !readable) return fail(std::move(readable).error());
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
        return fail(ErrorCode::invalid, files.certificate.string() + ": " + take_tls_error());
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1)
        return fail(ErrorCode::invalid, files.key.string() + ": " + take_tls_error());
    remember_end_point(context.get());
    return context;
}

}  // namespace

std::string take_tls_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "unknown error";
    const char* reason = ERR_reason_error_string(code);
    return reason ? reason : "error " + std::to_string(code);
}

struct TlsContext::State {
    TlsFiles files;
    mutable std::mutex mutex;  // over all below
    Context context;
    Stamp certificate;
    Stamp key;
    Clock::time_point made_at;
};

TlsContext::TlsContext() : state_(std::make_unique<State>()) {}
TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::load(TlsFiles files) {
    std::unique_ptr<TlsContext> loaded(new TlsContext());
    State& state = *loaded->state_;
    state.certificate = stamp_of(files.certificate);
    state.key = stamp_of(files.key);
    Result<Context> context = make_context(files);
    if (!context) return fail(context.error());
    state.context = std::move(*context);
    state.files = std::move(files);
    state.made_at = Clock::now();
    return loaded;
}

Result<> TlsContext::reload_if_changed() {
    const Stamp certificate = stamp_of(state_->files.certificate);
    const Stamp key = stamp_of(state_->files.key);
    bool changed;
    {
        const std::scoped_lock lock(state_->mutex);
        changed = certificate != state_->certificate || key != state_->key;
        if (!changed && Clock::now() - state_->made_at < ticket_keys_age_max) return {};
    }
    Result<Context> context = make_context(state_->files);
    if (!context) {
        // Nothing is remembered, so the next look tries, and complains, again: a certificate that expires meanwhile stops all mail.
        log_error("tls.reload_failed", "", {{"certificate", state_->files.certificate.string()}, {"error", context.error().text}});
        return fail(context.error());
    }
    if (changed) log_info("tls.reloaded", "", {{"certificate", state_->files.certificate.string()}});
    const std::scoped_lock lock(state_->mutex);
    state_->certificate = certificate;
    state_->key = key;
    state_->made_at = Clock::now();
    state_->context.swap(*context);
    return {};
}

Result<> TlsContext::check_readable() const { return check_files(state_->files); }

ssl_st* TlsContext::new_connection(int descriptor) const {
    Context context;
    {
        const std::scoped_lock lock(state_->mutex);
        SSL_CTX_up_ref(state_->context.get());
        context.reset(state_->context.get());
    }
    OpensslPtr<SSL, SSL_free> connection(SSL_new(context.get()));
    BIO* bio = connection ? new_socket_bio(descriptor) : nullptr;
    if (!bio) return nullptr;
    SSL_set_bio(connection.get(), bio, bio);
    SSL_set_accept_state(connection.get());
    return connection.release();
}

}  // namespace packetboat::net
