#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/peer.h"
#include "base/task.h"
#include "delivery/delivery.h"
#include "directory/directory.h"
#include "directory/sasl.h"
#include "smtp/session/options.h"
#include "smtp/session/reception.h"
#include "smtp/wire/decoder.h"

namespace packetboat::smtp {

using Peer = packetboat::Peer<wire::Event, wire::Mode>;

// All outlive the session.
struct Services {
    delivery::Delivery& delivery;
    directory::Directory& directory;
};

// The server's side of one SMTP or LMTP connection (RFC 5321, 6409, 2033). Reads commands through its one door, the peer, and gives each
// exactly one reply (LMTP after the message: one per recipient). Lives on one executor.
class Session {
public:
    // `peer` and `options` outlive the session.
    Session(Peer& peer, Services services, const Options& options);
    ~Session();

    // The whole dialogue, from the banner to the goodbye. What was sent last is still in the peer then: whoever made it flushes it.
    Task<> run();

private:
    // The commands. Each answers its reply; an empty one where there is nothing to say any more.
    Task<wire::Reply> on(const wire::Helo& helo);
    Task<wire::Reply> on(const wire::Ehlo& ehlo);
    Task<wire::Reply> on(const wire::Lhlo& lhlo);
    Task<wire::Reply> on(const wire::StartTls& starttls);
    Task<wire::Reply> on(const wire::Auth& auth);
    Task<wire::Reply> on(const wire::Mail& mail);
    Task<wire::Reply> on(const wire::Rcpt& rcpt);
    Task<wire::Reply> on(const wire::Data& data);
    Task<wire::Reply> on(const wire::Bdat& bdat);
    Task<wire::Reply> on(const wire::Rset& rset);
    Task<wire::Reply> on(const wire::Vrfy& vrfy);
    Task<wire::Reply> on(const wire::Expn& expn);
    Task<wire::Reply> on(const wire::Help& help);
    Task<wire::Reply> on(const wire::Noop& noop);
    Task<wire::Reply> on(const wire::Quit& quit);

    // ---- session.cc
    Task<wire::Reply> answer(const wire::Event& event);
    Task<wire::Reply> answer(const wire::Command& command);
    wire::Reply out_of_order(const wire::Verb& verb) const;
    // The same reply, or the goodbye of a client that has made too many mistakes.
    wire::Reply counted(wire::Reply reply);
    // For an event that is none of those that were waited for: the end of the session, and the answer that is due.
    wire::Reply interrupted(const std::optional<wire::Event>& event);
    wire::Reply goodbye(std::string_view enhanced, std::string_view why) const;
    const PeerInfo& info() const { return peer_.info(); }
    const std::string& id() const { return peer_.info().session_id; }

    // ---- greeting.cc
    std::string banner() const;
    std::string extensions() const;
    void greeted(std::string_view name, bool extended);
    bool offers_auth() const;
    bool offers_future_release() const;
    bool plain_text_allowed() const;

    // ---- auth.cc
    Task<wire::Reply> exchange(directory::SaslServer& server, std::string_view mechanism, std::optional<std::string> response);
    // Sends a challenge and answers what the client says to it, decoded; or the reply with which the exchange ends.
    Task<std::expected<std::string, wire::Reply>> challenge(std::string_view data);
    wire::Reply logged_in(directory::Account account, std::string_view mechanism);
    wire::Reply login_failed(const Error& error, std::string_view mechanism);

    // ---- mail.cc
    Task<wire::Reply> sender_allowed(const wire::Mail& mail);
    // Until when the message is to be kept here, if at all; or why it cannot be.
    std::expected<std::optional<Time>, wire::Reply> hold_until(const wire::Mail& mail) const;
    Task<Result<directory::Address>> address_of(const wire::Mailbox& mailbox);
    Task<Result<std::string>> own_domain();

    // ---- data.cc
    struct Transaction;
    // Why there can be no message now; empty: there can.
    wire::Reply message_out_of_order() const;
    wire::Reply begin_message();
    // Reads `octets` of a message; into the reception if `kept`. The reply of an interruption, or an empty one.
    Task<wire::Reply> read_octets(std::uint64_t octets, bool kept);
    Task<wire::Reply> finish_message();
    // One reply that stands for all recipients; in LMTP it is given once for each.
    wire::Reply for_each_recipient(const Transaction& transaction, wire::Reply reply);
    wire::Reply outcomes_reply(const Transaction& transaction, const std::vector<delivery::Outcome>& outcomes, std::uint64_t size_bytes);

    Peer& peer_;
    Services services_;
    const Options& options_;
    bool done_ = false;

    std::string client_name_;  // empty: not greeted
    bool extended_ = false;    // EHLO or LHLO, not HELO
    std::optional<directory::Account> account_;
    std::unique_ptr<Transaction> transaction_;

    std::uint64_t errors_ = 0;
    std::uint64_t junk_commands_ = 0;
    std::uint64_t unknown_recipients_ = 0;
    std::uint64_t failed_logins_ = 0;
    std::uint64_t transactions_ = 0;
};

// From MAIL to the message's end.
struct Session::Transaction {
    delivery::Envelope envelope;
    wire::Body body = wire::Body::seven_bit;
    std::uint64_t size_bytes = 0;  // as MAIL said; 0: it did not
    std::uint64_t places = 0;      // that the recipients lead to
    bool recipient_refused = false;
    bool by_chunks = false;  // BDAT has come
    wire::Reply refused;     // a chunk was: the answer to all that follow
    std::optional<Reception> reception;
};

}  // namespace packetboat::smtp
