#include <algorithm>
#include <utility>

#include "base/log.h"
#include "smtp/session/replies.h"
#include "smtp/session/session.h"

// MAIL and RCPT.
namespace packetboat::smtp {

using wire::Reply;

namespace {

std::uint8_t notify_bits(const wire::Notify& notify) {
    unsigned bits = 0;
    if (notify.never) bits |= delivery::notify_never;
    if (notify.success) bits |= delivery::notify_success;
    if (notify.failure) bits |= delivery::notify_failure;
    if (notify.delay) bits |= delivery::notify_delay;
    return static_cast<std::uint8_t>(bits);
}

std::string_view ret_word(wire::Ret ret) {
    switch (ret) {
        case wire::Ret::full: return "FULL";
        case wire::Ret::headers: return "HDRS";
        case wire::Ret::not_given: break;
    }
    return {};
}

delivery::Body delivery_body(wire::Body body) {
    switch (body) {
        case wire::Body::eight_bit_mime: return delivery::Body::eight_bit_mime;
        case wire::Body::binary_mime: return delivery::Body::binary_mime;
        case wire::Body::seven_bit: break;
    }
    return delivery::Body::seven_bit;
}

}  // namespace

// RFC 6409 §6.1, §4.3: who submits has said who he is, and sends in his own name. The empty sender is for his read receipts (RFC 8098 §3).
// Whatever sender is taken is one that can be told when the message does not arrive.
Task<Reply> Session::sender_allowed(const wire::Mail& mail) {
    if (options_.role == Role::submission && !account_) {
        if (!info().tls() && options_.starttls && !offers_auth())
            co_return Reply{.code = 530, .enhanced = "5.7.0", .text = "Must issue a STARTTLS command first"};
        co_return Reply{.code = 530, .enhanced = "5.7.0", .text = "Authentication required"};
    }
    if (!mail.reverse_path) co_return Reply{};
    const Result<directory::Address> address = directory::Address::any_from_parts(mail.reverse_path->local_part, mail.reverse_path->domain);
    if (!address) co_return Reply{.code = 553, .enhanced = "5.1.7", .text = "Mail cannot go back to this sender address"};
    if (options_.role != Role::submission) co_return Reply{};
    const Result<bool> owned = co_await services_.directory.may_send_as(account_->id, *address);
    if (!owned) co_return try_later();
    if (*owned) co_return Reply{};
    log_info("smtp.sender_refused", id(), {{"account", account_->address.text()}, {"from", mail.reverse_path->text()}});
    co_return Reply{.code = 553, .enhanced = "5.7.1", .text = "Sender address is not owned by the account"};
}

// RFC 4865 §4. Where it is not offered its parameters are unknown ones.
std::expected<std::optional<Time>, Reply> Session::hold_until(const wire::Mail& mail) const {
    if (!mail.hold_for && !mail.hold_until) return std::nullopt;
    const std::string name = mail.hold_for ? "HOLDFOR" : "HOLDUNTIL";
    const auto refuse = [](std::uint16_t code, std::string text) {
        return std::unexpected(Reply{.code = code, .enhanced = "5.5.4", .text = std::move(text)});
    };
    if (!offers_future_release()) return refuse(555, "Unsupported parameter " + name);
    const Time now = Time::now();
    const Time until = mail.hold_for ? now + *mail.hold_for : *mail.hold_until;
    if (until <= now) return refuse(501, name + " is in the past");
    if (until > now + options_.limits.future_release_max) return refuse(501, name + " is too far in the future");
    return until;
}

Task<Reply> Session::on(const wire::Mail& mail) {
    if (transaction_) co_return Reply{.code = 503, .enhanced = "5.5.1", .text = "Sender already given"};
    if (transactions_ >= options_.limits.transactions_max) co_return goodbye("4.7.0", "Too many messages in one session");
    if (mail.size_bytes.value_or(0) > options_.limits.message_max_bytes)
        co_return Reply{.code = 552, .enhanced = "5.3.4", .text = "Message size exceeds fixed limit"};  // RFC 1870 §6.1
    Reply refusal = co_await sender_allowed(mail);
    if (!refusal.empty()) co_return refusal;

    if (mail.require_tls && !info().tls())  // RFC 8689 §2: it is not offered then
        co_return Reply{.code = 530, .enhanced = "5.7.10", .text = "REQUIRETLS needs TLS on this connection"};
    const std::expected<std::optional<Time>, Reply> hold = hold_until(mail);
    if (!hold) co_return hold.error();

    ++transactions_;
    transaction_ = std::make_unique<Transaction>();
    transaction_->body = mail.body;
    transaction_->size_bytes = mail.size_bytes.value_or(0);
    delivery::Envelope& envelope = transaction_->envelope;
    envelope.id = Id128::random();
    envelope.session_id = id();
    envelope.reverse_path = mail.reverse_path ? mail.reverse_path->text() : "";
    envelope.envid = mail.envid;
    envelope.ret = ret_word(mail.ret);
    envelope.smtputf8 = mail.smtputf8;
    envelope.body = delivery_body(mail.body);
    envelope.require_tls = mail.require_tls;
    envelope.hold_until = *hold;
    co_return Reply{.code = 250, .enhanced = "2.1.0", .text = "Ok"};
}

// The domain in whose name we take mail for "<Postmaster>" (RFC 5321 §4.5.1).
Task<Result<std::string>> Session::own_domain() {
    if (!options_.default_domain.empty()) co_return options_.default_domain;
    const Result<bool> local = co_await services_.directory.is_local_domain(options_.hostname);
    if (!local) co_return fail(local.error());
    if (*local) co_return options_.hostname;
    const Result<std::vector<directory::Domain>> domains = co_await services_.directory.domains();
    if (!domains) co_return fail(domains.error());
    if (domains->empty()) co_return fail(ErrorCode::not_found, "no domain is ours");
    co_return domains->front().name;
}

// "<Postmaster>" and addresses at our own address literal (RFC 1123 §5.2.17) are in our own domain.
Task<Result<directory::Address>> Session::address_of(const wire::Mailbox& mailbox) {
    if (mailbox.domain.empty() || mailbox.domain == info().local.address.literal()) {
        const Result<std::string> domain = co_await own_domain();
        if (!domain) co_return fail(domain.error());
        co_return directory::Address::any_from_parts(mailbox.local_part, *domain);
    }
    if (mailbox.domain.front() == '[' && !IpAddress::parse_literal(mailbox.domain))
        co_return fail(ErrorCode::denied, "an address literal that mail cannot go to");
    co_return directory::Address::any_from_parts(mailbox.local_part, mailbox.domain);
}

Task<Reply> Session::on(const wire::Rcpt& rcpt) {
    if (!transaction_) co_return Reply{.code = 503, .enhanced = "5.5.1", .text = "Need MAIL first"};
    if (transaction_->by_chunks) co_return Reply{.code = 503, .enhanced = "5.5.1", .text = "No RCPT after BDAT"};
    delivery::Envelope& envelope = transaction_->envelope;
    const Reply too_many{.code = 452, .enhanced = "4.5.3", .text = "Too many recipients"};  // RFC 5321 §4.5.3.1.10
    if (envelope.recipients.size() >= options_.limits.recipients_max) co_return too_many;
    if (!envelope.smtputf8 && !rcpt.forward_path.ascii())  // RFC 6531 §3.5
        co_return Reply{.code = 553, .enhanced = "5.6.7", .text = "A non-ASCII recipient address needs SMTPUTF8 on MAIL"};

    const Result<directory::Address> address = co_await address_of(rcpt.forward_path);
    Result<delivery::Recipient> recipient = fail(ErrorCode::internal, "");
    if (address) {
        recipient = co_await services_.delivery.check_recipient(*address, account_.has_value(), transaction_->size_bytes);
    } else {
        recipient = fail(address.error());
    }
    if (!recipient) {
        const Error& error = recipient.error();
        transaction_->recipient_refused = true;
        log_info(
            "smtp.recipient_refused", id(),
            {{"from", envelope.reverse_path}, {"to", rcpt.forward_path.text()}, {"code", to_string(error.code)}, {"error", error.text}});
        if (error.code == ErrorCode::not_found && ++unknown_recipients_ > options_.limits.unknown_recipients_max)
            co_return goodbye("4.7.0", "Too many unknown recipients");
        co_return recipient_refused(error);
    }
    const std::size_t places = recipient->accounts.size() + recipient->elsewhere.size();
    if (places > options_.limits.places_max - std::min(transaction_->places, options_.limits.places_max)) co_return too_many;
    transaction_->places += places;
    recipient->address = rcpt.forward_path.domain.empty() ? address->text() : rcpt.forward_path.text();
    recipient->orcpt = rcpt.orcpt;
    recipient->notify = notify_bits(rcpt.notify);
    envelope.recipients.push_back(std::move(*recipient));
    co_return Reply{.code = 250, .enhanced = "2.1.5", .text = "Ok"};
}

}  // namespace packetboat::smtp
