#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/peer.h"
#include "base/task.h"
#include "directory/directory.h"
#include "directory/sasl.h"
#include "mailbox/mailbox.h"
#include "pop3/session/maildrop.h"
#include "pop3/session/options.h"
#include "pop3/wire/decoder.h"
#include "pop3/wire/head.h"

namespace packetboat::pop3 {

using Peer = packetboat::Peer<wire::Event, wire::Mode>;

// One POP3 conversation, from the banner to the end. Lives on one executor's thread. Everything given to it outlives it.
// AUTHORIZATION (RFC 1939 §4) lasts until there is a maildrop, TRANSACTION (§5) from then on; UPDATE (§6) is QUIT's alone: a session that
// ends in any other way removes nothing.
class Session {
public:
    Session(Peer& peer, mailbox::Mail& mail, directory::Directory& directory, const Options& options);

    // Ends when the conversation does; the peer is to send what is left, and to close.
    Task<> run();

private:
    wire::State state() const { return maildrop_ ? wire::State::transaction : wire::State::authorization; }

    Task<> handle(const wire::Command& command);
    Task<> handle(const wire::Error& error);
    Task<> handle(const wire::Line& line);
    Task<> handle(const TimedOut&);
    Task<> handle(const ShuttingDown&);

    // AUTHORIZATION
    Task<> on(const wire::User& user);
    Task<> on(const wire::Pass& pass);
    Task<> on(const wire::Apop&);
    Task<> on(const wire::Auth& auth);
    Task<> on(const wire::Stls&);
    Task<> on(const wire::Utf8&);
    // both
    Task<> on(const wire::Capa&);
    Task<> on(const wire::Lang& lang);
    Task<> on(const wire::Quit&);
    // TRANSACTION
    Task<> on(const wire::Stat&);
    Task<> on(const wire::List& list);
    Task<> on(const wire::Retr& retr);
    Task<> on(const wire::Dele& dele);
    Task<> on(const wire::Noop&);
    Task<> on(const wire::Rset&);
    Task<> on(const wire::Top& top);
    Task<> on(const wire::Uidl& uidl);

    bool may_show_password();
    directory::Client client() const;
    Task<std::optional<std::string>> ask(std::string challenge);
    Task<> enter(directory::Account account, std::string_view mechanism);
    void login_refused(const Error& error);
    void login_failed(std::string line);

    using Listing = void (Maildrop::*)(std::uint64_t number, std::string& out) const;
    Task<> list(std::optional<std::uint64_t> message, Listing append, std::string_view title);
    Task<> show(std::uint64_t message, std::optional<wire::Head> head);
    Task<> stream(mailbox::Body& body, std::string first_piece, std::optional<wire::Head> head);

    void refuse(std::string_view text);
    void end(std::string_view why);
    void log_end() const;

    Peer& peer_;
    mailbox::Mail& mail_;
    directory::Directory& directory_;
    const Options& options_;

    std::optional<std::string> user_;  // USER's, until PASS
    bool utf8_ = false;
    std::string account_;  // logged in as
    std::optional<Maildrop> maildrop_;

    std::uint64_t errors_ = 0;
    std::uint64_t auth_attempts_ = 0;
    std::uint64_t retrieved_ = 0;  // messages, with RETR
    std::uint64_t bytes_ = 0;      // of messages, with RETR and TOP
    std::uint64_t deleted_ = 0;    // by QUIT
    std::string_view ended_;       // why; empty while it goes on
};

}  // namespace packetboat::pop3
