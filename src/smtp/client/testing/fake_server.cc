#include "smtp/client/testing/fake_server.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::smtp::testing {

std::string FakeServer::reply(std::string text) {
    if (closed_ || replies > hang_at_reply) return {};
    const std::size_t number = replies++;
    if (number == close_at_reply) closed_ = true;
    if (text.starts_with("421")) {
        closed_ = true;
        return text;
    }
    return closed_ || number >= hang_at_reply ? std::string() : text;
}

std::string FakeServer::answer(const std::string& line, const std::string& normally) {
    for (const std::string& key : {line, line.substr(0, line.find(' '))}) {
        const auto found = answers.find(key);
        if (found == answers.end() || found->second.empty()) continue;
        std::string text = found->second.front();
        found->second.pop_front();
        return reply(text);
    }
    return reply(normally);
}

std::string FakeServer::hear(std::string_view bytes) {
    input_ += bytes;
    std::string out;
    while (!closed_) {
        if (in_data_) {
            out += hear_data();
            if (in_data_) break;
        } else if (chunk_bytes_) {
            if (input_.size() < *chunk_bytes_) break;
            out += hear_chunk();
        } else {
            const std::size_t end = input_.find("\r\n");
            if (end == std::string::npos) break;
            const std::string line = input_.substr(0, end);
            input_.erase(0, end + 2);
            out += hear_line(line);
        }
    }
    return out;
}

std::string FakeServer::hear_line(const std::string& line) {
    commands.push_back(line);
    const std::string verb = line.substr(0, line.find(' '));
    if (in_auth_ || (verb == "AUTH" && auth)) {
        const std::string said = auth(line);
        in_auth_ = said.starts_with("334");
        return reply(said);
    }
    if (verb == "EHLO" || verb == "LHLO") {
        std::string list = extensions.empty() ? "250 mail.example.test\r\n" : "250-mail.example.test\r\n";
        for (std::size_t i = 0; i < extensions.size(); ++i) list += (i + 1 < extensions.size() ? "250-" : "250 ") + extensions[i] + "\r\n";
        return answer(line, list);
    }
    if (verb == "MAIL") {
        const std::string said = answer(line, "250 2.1.0 Ok\r\n");
        mail_ = said.starts_with("2");
        return said;
    }
    if (verb == "RCPT") {
        const std::string said = answer(line, mail_ ? "250 2.1.5 Ok\r\n" : "503 5.5.1 MAIL first\r\n");
        if (said.starts_with("2")) ++accepted_;
        return said;
    }
    if (verb == "DATA") {
        const std::string said = answer(line, accepted_ > 0 ? "354 Go\r\n" : "503 5.5.1 RCPT first\r\n");
        in_data_ = said.starts_with("3");
        return said;
    }
    if (verb == "BDAT") {
        const std::size_t space = line.find(' ', 5);
        chunk_bytes_ = parse_u64(line.substr(5, space - 5)).value();
        chunk_last_ = space != std::string::npos;
        return {};
    }
    if (verb == "RSET") {
        mail_ = false;
        accepted_ = 0;
        message_.clear();
        return answer(line, "250 2.0.0 Ok\r\n");
    }
    if (verb == "STARTTLS") return answer(line, "220 2.0.0 Go\r\n");
    if (verb == "QUIT") {
        const std::string said = answer(line, "221 2.0.0 Bye\r\n");
        closed_ = true;
        return said;
    }
    return answer(line, "250 Ok\r\n");
}

std::string FakeServer::hear_data() {
    while (!input_.empty()) {
        const wire::Unstuffer::Step step = unstuffer_.next(input_);
        message_ += step.content;
        input_.erase(0, step.consumed);
        if (step.end) {
            in_data_ = false;
            return end_of_message();
        }
        if (step.consumed == 0) break;
    }
    return {};
}

std::string FakeServer::hear_chunk() {
    message_ += input_.substr(0, *chunk_bytes_);
    input_.erase(0, *chunk_bytes_);
    chunk_bytes_.reset();
    if (accepted_ == 0) return answer("BDAT", "503 5.5.1 RCPT first\r\n");
    return chunk_last_ ? end_of_message() : answer("BDAT", "250 2.0.0 chunk\r\n");
}

std::string FakeServer::end_of_message() {
    messages.push_back(std::exchange(message_, {}));
    std::string out;
    const std::size_t count = lmtp ? accepted_ : 1;
    for (std::size_t i = 0; i < count; ++i) out += answer(".", "250 2.0.0 Stored\r\n");
    accepted_ = 0;
    mail_ = false;
    return out;
}

bool FakePeer::flush() {
    high_water = std::max(high_water, output_.size());
    const std::size_t room = take_at_most - std::min(taken_, take_at_most);
    const bool all = output_.size() <= room;
    taken_ += output_.size();
    pending_ += server_.hear(std::string_view(output_).substr(0, room));
    output_.clear();
    if (!all) {
        failure_ = Error{ErrorCode::closed, "Broken pipe"};
        pending_ += std::exchange(last_words, {});
    }
    return all && !server_.closed();
}

Task<bool> FakePeer::drain() {
    if (output_.size() < 64 * 1024) co_return !failure_;
    co_return flush();
}

Task<bool> FakePeer::start_tls() {
    flush();
    input_.clear();
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
    for (;;) {
        std::size_t consumed = 0;
        std::optional<wire::ReplyEvent> event = decoder_.next(mode, input_, consumed);
        input_.erase(0, consumed);
        if (event) co_return event;
        if (!output_.empty()) flush();
        if (pending_.empty()) {
            if (server_.closed() || failure_ || std::exchange(told_timeout_, true)) co_return std::nullopt;
            co_return wire::ReplyEvent(TimedOut{});
        }
        const std::size_t count = std::min({piece_bytes, pending_.size(), end_at - std::min(arrived_, end_at)});
        if (count == 0) co_return std::nullopt;
        input_ += pending_.substr(0, count);
        pending_.erase(0, count);
        arrived_ += count;
    }
}

}  // namespace packetboat::smtp::testing
