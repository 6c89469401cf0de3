#include "pop3/client/testing/fake_server.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "pop3/wire/head.h"
#include "pop3/wire/stuffing.h"

namespace packetboat::pop3::testing {

namespace {

std::string stuffed(std::string_view message) {
    std::string out;
    wire::Stuffer stuffer;
    stuffer.append(message, out);
    stuffer.finish(out);
    return out;
}

}  // namespace

std::string FakeServer::reply(std::string text) {
    if (closed_ || replies > hang_at_reply) return {};
    const std::size_t number = replies++;
    if (number == close_at_reply) closed_ = true;
    return closed_ || number >= hang_at_reply ? std::string() : text;
}

std::string FakeServer::hear(std::string_view bytes) {
    input_ += bytes;
    std::string out;
    std::size_t lines = 0;
    for (std::size_t end; !closed_ && (end = input_.find("\r\n")) != std::string::npos; ++lines) {
        const std::string line = input_.substr(0, end);
        input_.erase(0, end + 2);
        out += hear_line(line);
    }
    if (lines > 0) groups.push_back(lines);
    return out;
}

std::string FakeServer::hear_line(const std::string& line) {
    commands.push_back(line);
    const std::string verb = line.substr(0, line.find(' '));
    if (in_auth_ || (verb == "AUTH" && auth)) {
        const std::string said = auth(line);
        in_auth_ = said.starts_with("+ ") || said.starts_with("+\r");
        return reply(said);
    }
    for (const std::string& key : {line, verb}) {
        const auto found = answers.find(key);
        if (found == answers.end() || found->second.empty()) continue;
        const std::string text = found->second.front();
        found->second.pop_front();
        if (verb == "QUIT") {
            const std::string said = reply(text);
            closed_ = true;
            return said;
        }
        return reply(text);
    }
    if (verb == "CAPA") {
        std::string out = "+OK\r\n";
        for (const std::string& one : capabilities) out += one + "\r\n";
        return reply(out + ".\r\n");
    }
    if (verb == "STAT") {
        std::size_t octets = 0;
        for (const std::string& one : messages) octets += one.size();
        return reply("+OK " + std::to_string(messages.size()) + " " + std::to_string(octets) + "\r\n");
    }
    if (line == "LIST" || line == "UIDL") return reply(listing(verb));
    if (verb == "RSET") marked_.clear();
    if (verb == "QUIT") {
        const std::string said = reply("+OK bye\r\n");
        if (!said.empty())
            for (const std::uint64_t number : marked_) deleted.push_back(messages[number - 1]);
        closed_ = true;
        return said;
    }
    if (verb == "RETR" || verb == "TOP" || verb == "DELE" || verb == "UIDL") {
        const std::string number = line.substr(verb.size() + 1);
        return reply(of_message(verb, parse_u64(number.substr(0, number.find(' '))).value_or(0), line));
    }
    return reply("+OK\r\n");
}

std::string FakeServer::of_message(const std::string& verb, std::uint64_t number, const std::string& line) {
    if (number == 0 || number > messages.size()) return "-ERR no such message\r\n";
    const std::string& message = messages[number - 1];
    if (verb == "UIDL") return "+OK " + std::to_string(number) + " uid-" + std::to_string(number) + "\r\n";
    if (verb == "RETR") return "+OK " + std::to_string(message.size()) + " octets\r\n" + stuffed(message);
    if (verb == "TOP") return "+OK\r\n" + stuffed(wire::Head(parse_u64(line.substr(line.rfind(' ') + 1)).value()).take(message));
    marked_.push_back(number);
    return "+OK\r\n";
}

std::string FakeServer::listing(const std::string& verb) const {
    std::string out = "+OK\r\n";
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        out += number + " " + (verb == "LIST" ? std::to_string(messages[i].size()) : "uid-" + number) + "\r\n";
    }
    return out + ".\r\n";
}

Task<bool> FakePeer::start_tls() {
    pending_ += server_.hear(std::exchange(output_, {}));
    input_.clear();
    consumed_ = 0;
    pending_.clear();
    decoder_.reset();
    if (tls_works) {
        set_tls();
        co_return true;
    }
    failure_ = Error{ErrorCode::denied, "the certificate of mail.example.test is not to be trusted: it is self-signed"};
    co_return false;
}

Task<std::optional<wire::ReplyEvent>> FakePeer::next(wire::ReplyMode mode) {
    input_.erase(0, std::exchange(consumed_, 0));
    for (;;) {
        std::size_t consumed = 0;
        std::optional<wire::ReplyEvent> event = decoder_.next(mode, std::string_view(input_).substr(consumed_), consumed);
        consumed_ += consumed;
        if (event) co_return event;
        input_.erase(0, std::exchange(consumed_, 0));
        if (!output_.empty()) {
            const bool stls = output_ == "STLS\r\n";
            pending_ += server_.hear(std::exchange(output_, {}));
            if (stls) pending_ += behind_stls;
        }
        if (pending_.empty() && endless) pending_ = endless();
        if (pending_.empty()) {
            if (server_.closed() || std::exchange(told_timeout_, true)) co_return std::nullopt;
            co_return wire::ReplyEvent(TimedOut{});
        }
        const std::size_t count = std::min({piece_bytes, pending_.size(), end_at - std::min(arrived, end_at)});
        if (count == 0) co_return std::nullopt;
        input_.append(pending_, 0, count);
        pending_.erase(0, count);
        arrived += count;
        input_high_water = std::max(input_high_water, input_.size());
    }
}

}  // namespace packetboat::pop3::testing
