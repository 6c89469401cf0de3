#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dialogue.h"
#include "base/peer.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "sasl/scram_client.h"
#include "smtp/client/client_error.h"
#include "smtp/client/message.h"
#include "smtp/wire/capabilities.h"
#include "smtp/wire/reply_decoder.h"

namespace packetboat::smtp {

using ClientPeer = packetboat::Peer<wire::ReplyEvent, wire::ReplyMode>;

enum class ClientProtocol : std::uint8_t { smtp, lmtp };

// How long the server may take at each stage, its whole answer included (RFC 5321 §4.5.3.2).
struct ClientTimeouts {
    std::chrono::milliseconds greeting{300'000};
    std::chrono::milliseconds hello{300'000};
    std::chrono::milliseconds handshake{120'000};
    std::chrono::milliseconds auth{300'000};
    std::chrono::milliseconds mail{300'000};
    std::chrono::milliseconds rcpt{300'000};
    std::chrono::milliseconds data{120'000};
    std::chrono::milliseconds block{180'000};  // to take a part of the message
    std::chrono::milliseconds end{600'000};    // after its end
    std::chrono::milliseconds rset{300'000};
    std::chrono::milliseconds quit{10'000};  // nobody waits for it long
};

struct ClientOptions {
    std::string name;  // what we call ourselves: a host name, or an address literal
    ClientProtocol protocol = ClientProtocol::smtp;
    bool chunking = true;                      // BDAT, where it is offered
    bool plain_text_auth_without_tls = false;  // PLAIN and LOGIN show the password to everybody on the way
    ClientTimeouts timeouts;
    std::size_t pipelined_max = 100;              // commands under way
    std::size_t pipelined_max_bytes = 16 * 1024;  // of these
    std::size_t chunk_bytes = 128 * 1024;         // of a BDAT
    std::size_t dialogue_max_bytes = 32 * 1024;   // kept for later
    sasl::ScramWork scram;                        // what a server may make us compute
    WorkerPool* hashing = nullptr;                // for that; null: on the thread that awaits
};

struct LoginCredentials {
    std::string user;
    std::string password;
    std::string authorize_as;  // whom to act for; empty: the user
    std::string mechanism;     // "PLAIN"; empty: the strongest that both sides have
};

// The client's side of one SMTP or LMTP connection (RFC 5321, 2033). Says each thing in its order (greeting, hello, start_tls, login, then
// any number of messages, quit); one call at a time, on one executor. After a failure of the connection every call answers that failure.
class Client {
public:
    // `peer`, and the pool in `options`, outlive the client.
    Client(ClientPeer& peer, ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Task<ClientResult<>> greeting();
    // EHLO, and HELO where that is refused for good; LHLO for LMTP.
    Task<ClientResult<>> hello();
    // Also says hello again. Errors before anything is said: denied (not offered), exists (TLS is on).
    Task<ClientResult<>> start_tls();
    // Tries the strongest mechanism that is offered and allowed here (SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, LOGIN), and the next one
    // only where the server refuses the mechanism itself: a password that is wrong is not tried twice. Errors: denied for wrong
    // credentials, for a server that does not prove that it knows them, and where there is no mechanism.
    Task<ClientResult<>> login(const LoginCredentials& credentials);

    // One transaction. One result for each recipient, in their order. Recipients over the server's limit are answered too_many, 4.5.3,
    // without being asked for: they go with another send().
    Task<std::vector<RecipientResult>> send(const Outgoing& message, BodySource& body, Progress progress = {});

    Task<ClientResult<>> rset();
    // Says goodbye and waits a little for the answer, whatever it is.
    Task<> quit();

    // The message has been said to its end, and its answer is due: whoever ends the connection now will never know.
    bool awaits_outcome() const { return awaits_outcome_; }
    // Another message can be sent on this connection.
    bool usable() const;
    const wire::Capabilities& capabilities() const { return capabilities_; }
    // What the server called itself in its greeting; empty: nothing.
    const std::string& server_name() const { return server_name_; }
    // Everything said, but passwords and the like, and messages.
    std::string dialogue() const { return dialogue_.text(); }
    // From now on it begins with what is said from now on.
    void forget_dialogue() { dialogue_ = Dialogue(options_.dialogue_max_bytes); }

private:
    struct Transaction;
    struct Command;

    // ---- client.cc
    void say(std::string_view line);
    void note_answer(const wire::ServerReply& reply);
    // The next answer, within the stage's time.
    Task<ClientResult<wire::ServerReply>> read(Stage stage);
    Task<ClientResult<wire::ServerReply>> ask(Stage stage, std::string_view line);
    // Before something is said while no answer is due. What is here already would be taken for the answer: the connection is of no use.
    Task<> expect_silence(Stage stage);
    ClientError broken(Stage stage, wire::EnhancedStatus status, Error error);
    ClientError connection_lost(Stage stage);
    std::chrono::milliseconds time_for(Stage stage) const;

    // ---- login.cc
    std::vector<std::string_view> mechanisms_for(const LoginCredentials& credentials) const;
    Task<ClientResult<>> login_by(std::string_view mechanism, const LoginCredentials& credentials);
    Task<ClientResult<>> cancel_login(Error why);

    // ---- transaction.cc
    std::optional<ClientError> impossible(const Outgoing& message) const;
    Transaction prepare(const Outgoing& message) const;
    Task<> envelope(Transaction& transaction);
    Task<> take_answer(Transaction& transaction, const Command& command);
    Task<> dismiss(Transaction& transaction);

    // ---- content.cc
    Task<> send_data(Transaction& transaction, BodySource& body, const Progress& progress);
    Task<> send_chunks(Transaction& transaction, BodySource& body, const Progress& progress);
    Task<bool> send_chunk(Transaction& transaction, std::string& chunk, bool last);
    Task<> take_chunk_answer(Transaction& transaction);
    Task<Result<std::string_view>> next_piece(Transaction& transaction, BodySource& body);
    Task<> final_answers(Transaction& transaction);

    ClientPeer& peer_;
    ClientOptions options_;
    Dialogue dialogue_;
    wire::Capabilities capabilities_;
    std::string server_name_;
    std::optional<ClientError> broken_;  // the connection is of no further use, for this reason
    bool hide_answers_ = false;          // from the dialogue
    bool greeted_ = false;               // hello() went well
    bool awaits_outcome_ = false;
    bool rset_due_ = false;  // the last transaction may be open still
    std::uint64_t transactions_ = 0;
};

}  // namespace packetboat::smtp
