#include "agent/relay.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/text.h"

namespace packetboat::agent {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

// As the server wrote it, line by line.
std::string written(const smtp::wire::ServerReply& reply, bool of_ehlo) {
    std::vector<std::string> lines;
    for (const std::string& line : reply.lines) {
        const std::string keyword = upper(line.substr(0, line.find_first_of(" =")));
        const bool hidden = of_ehlo && !lines.empty() && (keyword == "STARTTLS" || keyword == "AUTH");
        if (!hidden) lines.push_back((reply.enhanced ? reply.enhanced->text() + " " : "") + line);
    }
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i)
        out += std::to_string(reply.code) + (i + 1 < lines.size() ? "-" : " ") + lines[i] + "\r\n";
    return out;
}

std::string verb_of(std::string_view line) { return upper(line.substr(0, line.find(' '))); }

// bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]                                     RFC 3030 §2
std::optional<std::uint64_t> octets_of(std::string_view line) {
    std::string_view size = trim(line.substr(4));
    return parse_u64(size.substr(0, size.find(' ')));
}

}  // namespace

Task<Trouble> Relay::run() {
    if (!co_await say("220 " + options_.server_name + " ESMTP by way of Packetboat\r\n")) co_return trouble_;
    while (!quit_) {
        const Line line = co_await read_line();
        if (line == Line::end) break;
        const bool goes_on = line == Line::too_long ? co_await say("500 5.5.2 Line too long\r\n") : co_await on_command();
        if (!goes_on) co_return trouble_;
    }
    co_return trouble_;
}

Task<bool> Relay::on_command() {
    const std::string verb = verb_of(line_);
    // A program whose lone dot was taken for one with a CR before it.
    if (std::exchange(after_text_, false) && line_.empty()) co_return true;
    if (verb == "STARTTLS") co_return co_await say("502 5.5.1 Not needed here: the way to the server is encrypted by us\r\n");
    if (verb == "AUTH") co_return co_await say("503 5.5.1 We are logged in already\r\n");
    if (verb == "BDAT") {
        const std::optional<std::uint64_t> octets = octets_of(line_);
        if (!octets) co_return co_await say("501 5.5.4 BDAT size [LAST]\r\n");
        server_.send(line_ + "\r\n");
        if (!co_await pass_chunk(*octets)) co_return false;
        co_return co_await answer(options_.end_timeout);
    }
    hello_ = verb == "EHLO" || verb == "LHLO";
    server_.send(line_ + "\r\n");
    if (!co_await answer(options_.timeout)) co_return false;
    hello_ = false;
    quit_ = verb == "QUIT";
    if (verb != "DATA" || last_code_ != 354) co_return true;
    if (!co_await pass_text()) co_return false;
    co_return co_await answer(options_.end_timeout);
}

// The message, up to its dot.
Task<bool> Relay::pass_text() {
    LocalText text(lines_, true);
    std::string out;
    for (;;) {
        std::string_view rest = input_;
        text.take(rest, out);
        input_.erase(0, input_.size() - rest.size());
        server_.deadline(options_.timeout);
        server_.send(out);
        out.clear();
        if (text.ended()) break;
        if (!co_await server_.drain()) co_return lost(Outcome::unreachable, "the server has gone");
        // Without its dot nothing is sent: the connection ends here, and the server forgets what it has.
        if (!co_await fill()) co_return lost(Outcome::failed, "the message ends without its dot, and was not sent");
    }
    server_.send(".\r\n");
    after_text_ = true;
    co_return true;
}

Task<bool> Relay::pass_chunk(std::uint64_t octets) {
    while (octets > 0) {
        if (input_.empty() && !co_await fill()) co_return lost(Outcome::failed, "the message ends in the middle, and was not sent");
        const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(octets, std::min(input_.size(), piece_bytes)));
        server_.deadline(options_.timeout);
        server_.send(std::string_view(input_).substr(0, size));
        input_.erase(0, size);
        octets -= size;
        if (!co_await server_.drain()) co_return lost(Outcome::unreachable, "the server has gone");
    }
    co_return true;
}

// The server's answer, passed on.
Task<bool> Relay::answer(std::chrono::milliseconds timeout) {
    server_.deadline(timeout);
    const std::optional<smtp::wire::ReplyEvent> event = co_await server_.next(smtp::wire::ReplyMode::reply);
    if (event) {
        if (const auto* reply = std::get_if<smtp::wire::ServerReply>(&*event)) {
            last_code_ = reply->code;
            if (!co_await say(written(*reply, hello_))) co_return false;
            if (!reply->closing()) co_return true;
            co_return lost(Outcome::deferred, "the server ends: " + reply->text());
        }
    }
    const bool late = event && std::holds_alternative<TimedOut>(*event);
    const auto* bad = event ? std::get_if<smtp::wire::BadReply>(&*event) : nullptr;
    const std::string why = late  ? "the server does not answer"
                            : bad ? "the server's answer is no SMTP: " + bad->why
                                  : "the server has gone";
    static_cast<void>(co_await say("421 4.4.2 " + why + "\r\n"));
    co_return lost(late ? Outcome::timed_out : bad ? Outcome::failed : Outcome::unreachable, why);
}

Task<bool> Relay::say(std::string_view reply) {
    const Result<> written = co_await local_.write(reply);
    if (written) co_return true;
    co_return lost(Outcome::failed, written.error().text);
}

// Always false.
bool Relay::lost(Outcome outcome, std::string text) {
    trouble_ = {.outcome = outcome, .text = std::move(text)};
    return false;
}

Task<bool> Relay::fill() {
    Result<std::string> more = co_await local_.read();
    if (!more || more->empty()) co_return false;
    input_ += *more;
    co_return true;
}

Task<Relay::Line> Relay::read_line() {
    bool too_long = false;
    for (;;) {
        const std::size_t end = input_.find('\n');
        if (end != std::string::npos) {
            line_ = input_.substr(0, end);
            input_.erase(0, end + 1);
            lines_ = line_.ends_with('\r') ? LocalLines::crlf : LocalLines::any;
            if (line_.ends_with('\r')) line_.pop_back();
            // A CR in the middle of a command would be a line's end to some servers.
            std::ranges::replace(line_, '\r', ' ');
            co_return too_long || line_.size() > line_max_bytes ? Line::too_long : Line::complete;
        }
        if (input_.size() > line_max_bytes) {
            too_long = true;
            input_.clear();
        }
        if (!co_await fill()) co_return Line::end;
    }
}

}  // namespace packetboat::agent
