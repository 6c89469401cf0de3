// The TRANSACTION state (RFC 1939 §5): what there is, the messages themselves, and the marks that QUIT acts upon.
#include <memory>
#include <utility>

#include "base/log.h"
#include "pop3/session/session.h"
#include "pop3/wire/reply.h"
#include "pop3/wire/stuffing.h"

namespace packetboat::pop3 {

using wire::ResponseCode;

namespace {

constexpr std::size_t listing_piece_bytes = 16 * 1024;

std::string summary(const Maildrop& maildrop) {
    return std::to_string(maildrop.count()) + " messages (" + std::to_string(maildrop.octets()) + " octets)";
}

}  // namespace

Task<> Session::on(const wire::Stat&) {
    peer_.send(wire::ok(std::to_string(maildrop_->count()) + " " + std::to_string(maildrop_->octets())));
    co_return;
}

Task<> Session::on(const wire::List& list) { co_await this->list(list.message, &Maildrop::append_scan_listing, summary(*maildrop_)); }

Task<> Session::on(const wire::Uidl& uidl) { co_await list(uidl.message, &Maildrop::append_unique_id_listing, "unique ids follow"); }

Task<> Session::on(const wire::Retr& retr) { co_await show(retr.message, std::nullopt); }

Task<> Session::on(const wire::Top& top) { co_await show(top.message, wire::Head(top.lines)); }

Task<> Session::on(const wire::Dele& dele) {
    const Result<Maildrop::Message> found = maildrop_->find(dele.message);
    if (!found) {
        peer_.send(wire::err(found.error().text));
        co_return;
    }
    maildrop_->mark(dele.message);
    peer_.send(wire::ok("message " + std::to_string(dele.message) + " deleted"));
}

Task<> Session::on(const wire::Noop&) {
    peer_.send(wire::ok("nothing done"));
    co_return;
}

Task<> Session::on(const wire::Rset&) {
    maildrop_->unmark_all();
    peer_.send(wire::ok(summary(*maildrop_)));
    co_return;
}

// The answer of LIST and UIDL: one line, or all.
Task<> Session::list(std::optional<std::uint64_t> message, Listing append, std::string_view title) {
    std::string out;
    if (message) {
        const Result<Maildrop::Message> found = maildrop_->find(*message);
        if (found) ((*maildrop_).*append)(*message, out);
        peer_.send(found ? wire::ok(out) : wire::err(found.error().text));
        co_return;
    }
    peer_.send(wire::ok(title));
    for (std::uint64_t number = 1; number <= maildrop_->last(); ++number) {
        if (maildrop_->marked(number)) continue;
        ((*maildrop_).*append)(number, out);
        out += "\r\n";
        if (out.size() < listing_piece_bytes) continue;
        peer_.send(std::exchange(out, {}));
        if (!co_await peer_.drain()) {
            end("client gone");
            co_return;
        }
    }
    out += wire::multi_line_end;
    peer_.send(out);
}

// The answer of RETR, and with `head` of TOP. What can be known before the answer begins becomes -ERR.
Task<> Session::show(std::uint64_t message, std::optional<wire::Head> head) {
    const Result<Maildrop::Message> found = maildrop_->find(message);
    if (!found) {
        peer_.send(wire::err(found.error().text));
        co_return;
    }
    const Result<std::unique_ptr<mailbox::Body>> body = co_await mail_.body(maildrop_->account(), found->email);
    Result<std::string> piece = body ? co_await (*body)->next() : Result<std::string>(fail(body.error()));
    if (!piece) {
        const bool gone = piece.error().code == ErrorCode::not_found;
        peer_.send(gone ? wire::err("the message has been removed meanwhile")
                        : wire::err(ResponseCode::sys_temp, "the message cannot be read now"));
        co_return;
    }
    peer_.send(wire::ok(head ? "top of message follows" : std::to_string(found->size_bytes) + " octets"));
    co_await stream(**body, std::move(*piece), head);
}

// Piece by piece, so that memory does not grow with the message. There is no way to say in the middle of it that the rest cannot be read,
// and an end that looks right would make the client delete what it never got: the connection is closed instead.
Task<> Session::stream(mailbox::Body& body, std::string first_piece, std::optional<wire::Head> head) {
    wire::Stuffer stuffer;
    std::string out;
    std::uint64_t read_bytes = 0;
    Result<std::string> piece = std::move(first_piece);
    while (piece && !piece->empty()) {
        read_bytes += piece->size();
        out.clear();
        stuffer.append(head ? head->take(*piece) : std::string_view(*piece), out);
        bytes_ += out.size();
        peer_.send(out);
        if (!co_await peer_.drain()) {
            end("client gone");
            co_return;
        }
        if (head && head->done()) break;
        piece = co_await body.next();
    }
    if (!piece || (!head && read_bytes != body.size_bytes())) {
        log_error("pop3.message_cut_off", peer_.info().session_id,
                  {{"account", account_}, {"bytes", read_bytes}, {"error", piece ? "body shorter than its size" : piece.error().text}});
        end("message cut off");
        co_return;
    }
    out.clear();
    stuffer.finish(out);
    peer_.send(out);
    if (!head) ++retrieved_;
}

}  // namespace packetboat::pop3
