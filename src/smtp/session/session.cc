#include "smtp/session/session.h"

#include <algorithm>

#include "base/log.h"

namespace packetboat::smtp {

using wire::Reply;

Session::Session(Peer& peer, Services services, const Options& options) : peer_(peer), services_(services), options_(options) {}
Session::~Session() = default;

Task<> Session::run() {
    log_debug("smtp.connected", id(), {{"remote", info().remote.text()}, {"local", info().local.text()}, {"tls", info().tls()}});
    peer_.send(banner());
    while (!done_) {
        const std::optional<wire::Event> event = co_await peer_.next(wire::command_mode);
        if (!event) break;
        const Reply reply = counted(co_await answer(*event));
        peer_.send(reply.bytes());
        if (reply.close) done_ = true;
    }
    log_debug("smtp.closed", id(), {{"transactions", transactions_}, {"errors", errors_}});
}

Task<Reply> Session::answer(const wire::Event& event) {
    if (const auto* command = std::get_if<wire::Command>(&event)) co_return co_await answer(*command);
    if (const auto* mistake = std::get_if<Reply>(&event)) co_return *mistake;
    co_return interrupted(event);
}

Task<Reply> Session::answer(const wire::Command& command) {
    const wire::Verb& verb = wire::verb_of(command);
    if (verb.is(wire::Verb::junk) && ++junk_commands_ > options_.limits.junk_commands_max) {
        co_return goodbye("4.7.0", "Too many commands without a message");
    }
    Reply refusal = out_of_order(verb);
    if (refusal.empty()) co_return co_await std::visit([this](const auto& one) { return on(one); }, command);
    // What follows a BDAT is never a command, whatever its answer.
    if (const auto* bdat = std::get_if<wire::Bdat>(&command)) {
        Reply interruption = co_await read_octets(bdat->octets, false);
        if (done_ || interruption.close) co_return interruption;
    }
    co_return refusal;
}

// The rules of dialogue, as the verb's row in the table has them.
Reply Session::out_of_order(const wire::Verb& verb) const {
    // RFC 2920 §3.1. Behind STARTTLS it would be an attacker's way into the encrypted session (RFC 3207 §4.2), behind DATA a message that
    // does not wait for 354, behind a greeting the work of something that is no mail server.
    if (verb.is(wire::Verb::last_in_group) && peer_.has_input())
        return {.code = 554,
                .enhanced = "5.5.0",
                .text = "SMTP protocol synchronization error: " + std::string(verb.name) + " is the last of a group",
                .close = true};
    const bool lmtp = options_.role == Role::lmtp;
    if (verb.is(lmtp ? wire::Verb::smtp_only : wire::Verb::lmtp_only))
        return {.code = 500, .enhanced = "5.5.1", .text = lmtp ? "This is LMTP: say LHLO" : "Command not recognized"};
    if (options_.require_tls && !info().tls() && !verb.is(wire::Verb::before_tls))
        return {.code = 530, .enhanced = "5.7.0", .text = "Must issue a STARTTLS command first"};
    if (client_name_.empty() && !verb.is(wire::Verb::before_greeting))
        return {.code = 503, .enhanced = "5.5.1", .text = lmtp ? "Say LHLO first" : "Say EHLO first"};
    return {};
}

Reply Session::counted(Reply reply) {
    // Unknown recipients are counted apart: a list of old addresses is no attack.
    if (reply.code < 500 || reply.close || reply.enhanced == "5.1.1") return reply;
    if (++errors_ < options_.limits.errors_max) return reply;
    log_info("smtp.too_many_errors", id(), {{"remote", info().remote.text()}, {"last", reply.text}});
    return goodbye("4.7.0", "Too many errors");
}

Reply Session::interrupted(const std::optional<wire::Event>& event) {
    done_ = true;
    if (!event) return {};
    if (std::holds_alternative<TimedOut>(*event)) return goodbye("4.4.2", "Timeout");
    if (std::holds_alternative<ShuttingDown>(*event)) return goodbye("4.3.2", "Service shutting down");
    if (const auto* mistake = std::get_if<Reply>(&*event)) return *mistake;
    return goodbye("4.3.0", "Internal error");
}

Reply Session::goodbye(std::string_view enhanced, std::string_view why) const {
    return {.code = 421, .enhanced = enhanced, .text = options_.hostname + " " + std::string(why) + ", closing connection", .close = true};
}

Task<Reply> Session::on(const wire::Rset&) {
    transaction_.reset();
    co_return Reply{.code = 250, .enhanced = "2.0.0", .text = "Ok"};
}

Task<Reply> Session::on(const wire::Noop&) { co_return Reply{.code = 250, .enhanced = "2.0.0", .text = "Ok"}; }

// RFC 5321 §7.3: who asks without a message to deliver is told nothing about who is here.
Task<Reply> Session::on(const wire::Vrfy&) {
    co_return Reply{.code = 252, .enhanced = "2.5.2", .text = "Cannot VRFY user, but will accept message and attempt delivery"};
}

// RFC 5321 §3.5.3, §7.3: lists are nobody's business either.
Task<Reply> Session::on(const wire::Expn&) { co_return Reply{.code = 502, .enhanced = "5.5.1", .text = "Command not implemented"}; }

Task<Reply> Session::on(const wire::Help& help) {
    const auto is_ours = [this](const wire::Verb& verb) {
        return !verb.is(options_.role == Role::lmtp ? wire::Verb::smtp_only : wire::Verb::lmtp_only);
    };
    if (help.topic.empty()) {
        std::string names;
        for (const wire::Verb& verb : wire::verbs()) {
            if (is_ours(verb)) names.append(" ").append(verb.name);
        }
        co_return Reply{.code = 214, .enhanced = "2.0.0", .text = "Commands:" + names + "\nHELP verb tells more"};
    }
    const auto row = std::ranges::find(wire::verbs(), help.topic, &wire::Verb::name);
    if (row == wire::verbs().end() || !is_ours(*row)) co_return Reply{.code = 504, .enhanced = "5.5.4", .text = "No help for that"};
    co_return Reply{.code = 214, .enhanced = "2.0.0", .text = std::string(row->syntax)};
}

Task<Reply> Session::on(const wire::Quit&) {
    transaction_.reset();
    co_return Reply{.code = 221, .enhanced = "2.0.0", .text = options_.hostname + " closing connection", .close = true};
}

}  // namespace packetboat::smtp
