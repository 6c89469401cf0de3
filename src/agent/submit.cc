#include "agent/submit.h"

#include <algorithm>
#include <utility>

#include "net/run_on.h"
#include "smtp/wire/client_command.h"

namespace packetboat::agent {

namespace {

class CompositionBody final : public smtp::BodySource {
public:
    explicit CompositionBody(mime::Composition composition) : composition_(std::move(composition)) {}
    Task<Result<std::string_view>> next() override { co_return composition_.next(); }

private:
    mime::Composition composition_;
};

RecipientOutcome told(std::string address, const smtp::RecipientResult& result) {
    RecipientOutcome out{.address = std::move(address)};
    if (result) {
        out.outcome = Outcome::done;
        out.code = result->code;
        out.status = result->status().text();
        out.text = result->text();
        return out;
    }
    const Trouble trouble = trouble_of(result.error());
    out.outcome = trouble.outcome;
    out.code = trouble.reply ? trouble.reply->code : std::uint16_t{0};
    out.status = trouble.status.text();
    out.text = trouble.text;
    return out;
}

std::vector<RecipientOutcome> nobody_got_it(const Envelope& envelope, const Trouble& trouble) {
    std::vector<RecipientOutcome> out;
    for (const std::string& address : envelope.recipients)
        out.push_back({.address = address, .outcome = trouble.outcome, .status = trouble.status.text(), .text = trouble.text});
    return out;
}

// One conversation. What becomes of it is kept in the submission as it happens.
class Sending {
public:
    Sending(SmtpConnection& connection, const OutgoingMessage& message, const Envelope& envelope, const SubmitOptions& options,
            Submission& out)
        : connection_(connection), message_(message), envelope_(envelope), options_(options), out_(out) {}

    Task<> run() {
        std::vector<std::string> waiting = envelope_.recipients;
        while (!waiting.empty()) {
            const std::size_t before = waiting.size();
            waiting = co_await transaction(std::move(waiting));
            // A server that takes nobody at all would be asked for ever.
            if (waiting.size() == before) break;
        }
        for (const std::string& address : waiting)
            out_.recipients.push_back(
                {.address = address, .outcome = Outcome::deferred, .status = "4.5.3", .text = "the server takes no more recipients"});
    }

private:
    smtp::Outgoing outgoing(const MessageText& text, const std::vector<std::string>& recipients) const {
        smtp::Outgoing message{.reverse_path = envelope_.reverse_path,
                               .size_bytes = text.size_bytes,
                               .body = text.needs,
                               .smtputf8 = text.utf8_headers,
                               .ret = envelope_.ret,
                               .envid = xtext(envelope_.envid)};
        for (const std::string& address : recipients) {
            std::string orcpt = envelope_.notify.given() ? smtp::wire::orcpt_of(address) : std::string();
            message.recipients.push_back({.address = address, .notify = envelope_.notify, .orcpt = std::move(orcpt)});
        }
        return message;
    }

    // Who has to go with another one.
    Task<std::vector<std::string>> transaction(std::vector<std::string> recipients) {
        smtp::Client& client = connection_.client();
        Result<MessageText> text = message_.text(client.capabilities());
        if (!text) {
            const Trouble trouble{.outcome = outcome_of(text.error()), .text = text.error().text, .status = {5, 6, 0}};
            for (RecipientOutcome& one : nobody_got_it({.recipients = recipients}, trouble)) out_.recipients.push_back(std::move(one));
            co_return std::vector<std::string>{};
        }
        out_.size_bytes = text->size_bytes;
        const smtp::Outgoing message = outgoing(*text, recipients);
        smtp::Progress progress;
        if (options_.progress) progress = [this](std::uint64_t sent) { options_.progress(sent, out_.size_bytes); };
        const std::vector<smtp::RecipientResult> results = co_await client.send(message, *text->body, progress);
        std::vector<std::string> left;
        for (std::size_t i = 0; i < results.size(); ++i) {
            if (!results[i] && results[i].error().in_doubt) out_.in_doubt = true;
            const bool over = !results[i] && !results[i].error().reply && results[i].error().error.code == ErrorCode::too_many;
            if (over) {
                left.push_back(std::move(recipients[i]));
            } else {
                out_.recipients.push_back(told(std::move(recipients[i]), results[i]));
            }
        }
        co_return left;
    }

    SmtpConnection& connection_;
    const OutgoingMessage& message_;
    const Envelope& envelope_;
    const SubmitOptions& options_;
    Submission& out_;
};

Task<Submission> hand_over(net::Reactor& reactor, WorkerPool& pool, const Server& server, const OutgoingMessage& message,
                           const Envelope& envelope, const SubmitOptions& options) {
    Submission out;
    auto opened = co_await SmtpConnection::open(reactor, pool, server, options.timeout);
    if (!opened) {
        out.outcome = opened.error().outcome;
        out.error = opened.error().text;
        out.recipients = nobody_got_it(envelope, opened.error());
        co_return out;
    }
    SmtpConnection& connection = **opened;
    const bool wants_dsn = envelope.notify.given() || envelope.ret != smtp::wire::Ret::not_given || !envelope.envid.empty();
    out.without_dsn = wants_dsn && !connection.client().capabilities().dsn;
    out.server = connection.client().server_name();
    out.tls = connection.tls_version();
    out.certificate_problem = connection.certificate_problem();
    co_await Sending(connection, message, envelope, options, out).run();
    co_await connection.close();
    out.dialogue = connection.client().dialogue();
    out.outcome = outcome_of(out.recipients);
    for (const RecipientOutcome& one : out.recipients) {
        if (one.outcome != Outcome::done && out.error.empty()) out.error = one.text;
    }
    co_return out;
}

}  // namespace

Result<MessageText> DraftMessage::text(const smtp::wire::Capabilities& server) const {
    // Encoded words are understood everywhere, so UTF-8 headers are for addresses that cannot do without. Only attached messages gain by
    // 8BITMIME.
    const mime::BuildOptions options{.transport = server.eight_bit_mime ? mime::Transport::eight_bit : mime::Transport::seven_bit,
                                     .utf8_headers = mime::needs_utf8_headers(draft_)};
    Result<mime::Composition> composition = mime::compose(draft_, made_, options);
    if (!composition) return fail(composition.error());
    MessageText out{.size_bytes = composition->size_bytes()};
    out.needs = composition->needs() == mime::Transport::seven_bit ? smtp::wire::Body::seven_bit : smtp::wire::Body::eight_bit_mime;
    out.utf8_headers = composition->has_utf8_headers();
    out.body = std::make_unique<CompositionBody>(std::move(*composition));
    return out;
}

Submission submit(const Server& server, const OutgoingMessage& message, const Envelope& envelope, const SubmitOptions& options) {
    WorkerPool pool({.threads = 1, .queue_max = 16, .name = "send"});
    net::Reactor reactor(0);
    reactor.start();
    return net::run_on(reactor, hand_over(reactor, pool, server, message, envelope, options));
}

Outcome outcome_of(const std::vector<RecipientOutcome>& recipients) {
    const auto count = [&](Outcome outcome) { return std::ranges::count(recipients, outcome, &RecipientOutcome::outcome); };
    const std::ptrdiff_t accepted = count(Outcome::done);
    if (accepted == std::ssize(recipients)) return Outcome::done;
    if (accepted > 0) return Outcome::partly_done;
    const Outcome first = recipients.front().outcome;
    if (count(first) == std::ssize(recipients)) return first;
    return count(Outcome::deferred) > 0 ? Outcome::deferred : Outcome::refused;
}

std::string xtext(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte < 127 && c != '+' && c != '=') {
            out += c;
        } else {
            (out += '+').append({digits[byte >> 4], digits[byte & 15]});
        }
    }
    return out;
}

}  // namespace packetboat::agent
