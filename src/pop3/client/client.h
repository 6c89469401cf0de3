#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dialogue.h"
#include "base/peer.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "pop3/client/client_error.h"
#include "pop3/client/message_sink.h"
#include "pop3/wire/capabilities.h"
#include "pop3/wire/reply_decoder.h"
#include "sasl/scram_client.h"

namespace packetboat::pop3 {

// On a connection: net::StreamPeer<wire::ReplyDecoder>.
using ClientPeer = packetboat::Peer<wire::ReplyEvent, wire::ReplyMode>;

// How long the server may take at each stage.
struct ClientTimeouts {
    std::chrono::milliseconds greeting{60'000};
    std::chrono::milliseconds command{60'000};    // for the first line of an answer
    std::chrono::milliseconds handshake{60'000};  // of TLS
    std::chrono::milliseconds login{180'000};     // each line of it: opening a large maildrop takes its time
    std::chrono::milliseconds block{60'000};      // for the next 64 KiB of a long answer, or its end
    std::chrono::milliseconds update{300'000};    // QUIT, when something is to be deleted
    std::chrono::milliseconds quit{10'000};       // QUIT, when nothing is
};

struct ClientOptions {
    bool plain_text_login_without_tls = false;  // PLAIN and USER/PASS show the password to everybody on the way
    bool utf8 = true;                           // say UTF8 where it is offered (RFC 6856): messages come as they are
    bool pipelining = true;                     // where it is offered
    ClientTimeouts timeouts;
    std::size_t pipelined_max = 64;                            // commands under way
    std::size_t messages_max = 500'000;                        // of a maildrop, as LIST and UIDL tell it
    std::uint64_t message_max_bytes = std::uint64_t{1} << 30;  // of one; the connection is given up at it
    std::size_t top_max_bytes = 256 * 1024;                    // kept of what TOP shows
    std::size_t dialogue_max_bytes = 32 * 1024;                // kept for later
    sasl::ScramWork scram;                                     // what a server may make us compute
    WorkerPool* hashing = nullptr;                             // for that; null: on the thread that awaits
};

struct LoginCredentials {
    std::string user;
    std::string password;
    std::string authorize_as;  // whom to act for; empty: the user
    std::string mechanism;     // "PLAIN", or "USER" for USER and PASS; empty: the strongest that both sides have
};

// What STAT says.
struct MaildropSize {
    std::uint64_t messages = 0;
    std::uint64_t octets = 0;

    friend bool operator==(const MaildropSize&, const MaildropSize&) = default;
};

// A line of LIST.
struct ScanListing {
    std::uint64_t message = 0;  // its number, in this session
    std::uint64_t octets = 0;   // about: some servers count otherwise than they send

    friend bool operator==(const ScanListing&, const ScanListing&) = default;
};

// A line of UIDL.
struct UniqueId {
    std::uint64_t message = 0;
    std::string id;  // printable ASCII without spaces; the same in every session

    friend bool operator==(const UniqueId&, const UniqueId&) = default;
};

// What TOP shows: the header, the blank line, and lines of the body.
struct Top {
    std::string text;
    bool cut = false;  // there was more than ClientOptions::top_max_bytes

    friend bool operator==(const Top&, const Top&) = default;
};

// The client's side of one POP3 connection (RFC 1939, 2449, 2595, 5034, 6856, 3206). Says each thing in its order (greeting, capabilities,
// start_tls, login, then what one likes, quit); one call at a time, on one executor. After a failure of the connection every call answers
// that failure. Calls that take several messages pipeline where the server can, and answer one result for each, in their order; what they
// are given outlives the call.
class Client {
public:
    // `peer`, and the pool in `options`, outlive the client.
    Client(ClientPeer& peer, ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Task<ClientResult<>> greeting();
    // CAPA. A server that does not know it is no error: capabilities().known is false then.
    Task<ClientResult<>> capa();
    // Also asks for the capabilities anew. Errors before anything is said: denied (not offered), exists (TLS is on).
    Task<ClientResult<>> start_tls();
    // Tries the strongest mechanism that is offered and allowed here (SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, USER and PASS), and the
    // next one only where the server refuses the mechanism itself: a password that is wrong is not tried twice. Errors: denied for wrong
    // credentials, for a server that does not prove that it knows them, and where there is no mechanism; conflict for a maildrop that is
    // in use; unavailable for what may work later.
    Task<ClientResult<>> login(const LoginCredentials& credentials);

    Task<ClientResult<MaildropSize>> stat();
    // By number, ascending. Without those that are marked as deleted.
    Task<ClientResult<std::vector<ScanListing>>> list();
    Task<ClientResult<std::vector<UniqueId>>> uidl();
    Task<std::vector<ClientResult<std::string>>> uidl(std::span<const std::uint64_t> messages);

    // The whole of it is kept in memory: ask for as many as there is room for.
    Task<std::vector<ClientResult<Top>>> top(std::span<const std::uint64_t> messages, std::uint64_t body_lines);
    Task<ClientResult<Top>> top(std::uint64_t message, std::uint64_t body_lines);
    // Answers how many bytes the sink has got. An error: what the sink has is not the whole message.
    Task<std::vector<ClientResult<std::uint64_t>>> retr(std::span<const Retrieval> messages);
    Task<ClientResult<std::uint64_t>> retr(std::uint64_t message, MessageSink& sink);

    // Marks it; only quit() deletes.
    Task<ClientResult<>> dele(std::uint64_t message);
    Task<std::vector<ClientResult<>>> dele(std::span<const std::uint64_t> messages);
    // Takes all marks away.
    Task<ClientResult<>> rset();
    Task<ClientResult<>> noop();
    // Deletes what is marked, and ends the conversation. An error matters where something was marked: it was not deleted, or not all of
    // it, or (in_doubt) nobody knows.
    Task<ClientResult<>> quit();

    // Something can be said on this connection.
    bool usable() const { return !broken_; }
    bool logged_in() const { return logged_in_; }
    const wire::Capabilities& capabilities() const { return capabilities_; }
    // Everything said, but passwords and the like, listings, and messages.
    std::string dialogue() const { return dialogue_.text(); }

private:
    struct Batch;

    // ---- client.cc
    void say(std::string_view line);
    Task<ClientResult<wire::ReplyEvent>> read(Stage stage, wire::ReplyMode mode);
    // The next answer's first line, within the stage's time.
    Task<ClientResult<wire::ServerReply>> answer(Stage stage);
    Task<ClientResult<wire::ServerReply>> ask(Stage stage, std::string_view line);
    // The same, and a refusal is an error.
    Task<ClientResult<wire::ServerReply>> demand(Stage stage, std::string_view line);
    // Before something is said while no answer is due. What is here already would be taken for the answer: the connection is of no use.
    Task<> expect_silence(Stage stage);
    ClientError broken(Stage stage, Error error);
    ClientError connection_lost(Stage stage);
    ClientError nonsense(Stage stage, std::string_view what);
    std::chrono::milliseconds time_for(Stage stage) const;

    // ---- login.cc
    std::vector<std::string_view> mechanisms_for(const LoginCredentials& credentials) const;
    ClientError no_mechanism(const LoginCredentials& credentials) const;
    Task<ClientResult<>> login_by_user(const LoginCredentials& credentials);
    Task<ClientResult<>> login_by_sasl(std::string_view mechanism, const LoginCredentials& credentials, bool& other_helps);
    Task<ClientResult<wire::ReplyEvent>> sasl_answer();
    Task<ClientResult<>> cancel_login(Error why);

    // ---- listing.cc
    // Each line of a long answer, and a note of how many there were. `line` answers whether it made sense.
    Task<ClientResult<>> read_lines(Stage stage, std::size_t lines_max, const std::function<bool(std::string_view)>& line);

    // ---- fetch.cc
    // Says the lines, so many at a time as may be, and has `take` read what follows each positive answer.
    Task<> converse(Batch& batch);
    // The body of an answer into a sink; how many bytes.
    Task<ClientResult<std::uint64_t>> read_body(Stage stage, MessageSink& sink);

    ClientPeer& peer_;
    ClientOptions options_;
    Dialogue dialogue_;
    wire::Capabilities capabilities_;
    std::optional<ClientError> broken_;  // the connection is of no further use, for this reason
    bool logged_in_ = false;
    bool utf8_said_ = false;
    std::uint64_t marked_ = 0;  // messages, to be deleted by quit()
};

}  // namespace packetboat::pop3
