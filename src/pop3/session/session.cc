#include "pop3/session/session.h"

#include <variant>

#include "base/log.h"
#include "pop3/session/capabilities.h"
#include "pop3/wire/reply.h"

namespace packetboat::pop3 {

using wire::ResponseCode;

Session::Session(Peer& peer, mailbox::Mail& mail, directory::Directory& directory, const Options& options)
    : peer_(peer), mail_(mail), directory_(directory), options_(options) {}

Task<> Session::run() {
    peer_.send(wire::ok(options_.hostname + " Packetboat POP3 ready"));
    while (ended_.empty()) {
        const std::optional<wire::Event> event = co_await peer_.next(wire::Mode::command);
        if (!event) {
            end("client gone");
            break;
        }
        co_await std::visit([this](const auto& what) { return handle(what); }, *event);
    }
    log_end();
}

Task<> Session::handle(const wire::Command& command) {
    if (!wire::allowed(command, state())) {
        refuse(maildrop_ ? "not after login" : "log in first");
        co_return;
    }
    co_await std::visit([this](const auto& one) { return on(one); }, command);
}

Task<> Session::handle(const wire::Error& error) {
    if (!error.fatal()) {
        refuse(error.text);
        co_return;
    }
    peer_.send(wire::err(error.text));
    end("not POP3");
}

// Lines of a SASL exchange are read where it is held.
Task<> Session::handle(const wire::Line&) {
    refuse("no exchange is going on");
    co_return;
}

// RFC 1939 §3: no UPDATE, and no answer.
Task<> Session::handle(const TimedOut&) {
    end("timed out");
    co_return;
}

Task<> Session::handle(const ShuttingDown&) {
    peer_.send(wire::err(ResponseCode::sys_temp, "server is stopping"));
    end("server stopping");
    co_return;
}

// RFC 2449 §5.
Task<> Session::on(const wire::Capa&) {
    peer_.send(wire::ok("capability list follows"));
    peer_.send(capabilities(options_, peer_.info().tls(), state()));
    peer_.send(wire::multi_line_end);
    co_return;
}

// RFC 6856 §3: our texts are in English whatever is chosen; "*" and "i-default" are whatever the server likes best.
Task<> Session::on(const wire::Lang& lang) {
    if (!lang.range) {
        peer_.send(wire::ok("language listing follows"));
        peer_.send("en English\r\ni-default English\r\n");
        peer_.send(wire::multi_line_end);
        co_return;
    }
    const bool english = iequals(*lang.range, "en") || iequals(lang.range->substr(0, 3), "en-");
    if (english || *lang.range == "*") {
        peer_.send(wire::ok("en answers are in English"));
    } else if (iequals(*lang.range, "i-default")) {
        peer_.send(wire::ok("i-default answers are in English"));
    } else {
        peer_.send(wire::err("no such language here; LANG lists them"));
    }
}

// RFC 1939 §4, §6: the answer comes after the deletions are on disk, and after another session may have the maildrop.
Task<> Session::on(const wire::Quit&) {
    end("quit");
    if (!maildrop_) {
        peer_.send(wire::ok("goodbye"));
        co_return;
    }
    const Result<> removed = co_await maildrop_->remove_marked();
    const std::uint64_t left = maildrop_->count();
    deleted_ = maildrop_->removed();
    maildrop_.reset();
    if (!removed) {
        log_warning("pop3.update_failed", peer_.info().session_id, {{"account", account_}, {"error", removed.error().text}});
        peer_.send(wire::err(ResponseCode::sys_temp, "some deleted messages not removed"));
        co_return;
    }
    peer_.send(wire::ok("goodbye (" + std::to_string(left) + " messages left)"));
}

// One answer to a line that is none of ours, or not now; too many of them end the session.
void Session::refuse(std::string_view text) {
    if (++errors_ < options_.limits.errors_max) {
        peer_.send(wire::err(text));
        return;
    }
    peer_.send(wire::err(std::string(text) + "; too many errors, goodbye"));
    end("too many errors");
}

void Session::end(std::string_view why) { ended_ = why; }

void Session::log_end() const {
    log_info("pop3.end", peer_.info().session_id,
             {{"why", ended_}, {"account", account_}, {"retrieved", retrieved_}, {"bytes", bytes_}, {"deleted", deleted_}});
}

}  // namespace packetboat::pop3
