#include "net/testing/line_server.h"

#include <stdlib.h>

#include <mutex>
#include <stdexcept>

#include "base/text.h"

namespace packetboat::net::testing {

struct LineServer::Book {
    mutable std::mutex mutex;
    std::vector<std::string> lines;

    void write(std::string_view line) {
        const std::scoped_lock lock(mutex);
        lines.emplace_back(line);
    }
};

namespace {

using LinePeer = StreamPeer<LineDecoder>;

Task<> send_big(LinePeer& peer, std::size_t left) {
    while (left > 0) {
        const std::string piece(std::min<std::size_t>(left, 10'000), 'x');
        peer.send(piece);
        left -= piece.size();
        if (!co_await peer.drain()) co_return;
    }
}

// False: the conversation is over.
Task<bool> answer(LinePeer& peer, Stream& stream, std::string line) {
    if (line == "QUIT") {
        peer.send("bye\r\n");
        co_return false;
    }
    if (line == "STARTTLS") {
        peer.send("go\r\n");
        co_return co_await peer.start_tls();
    }
    if (line == "THROW") throw std::runtime_error("as the test asked for");
    if (line == "TLS") {
        peer.send(peer.info().tls_version + "\r\n");
    } else if (line.starts_with("BINDING ")) {
        const std::optional<std::string> bytes = peer.channel_binding(static_cast<ChannelBinding>(line[8] - '0'));
        peer.send((bytes ? hex(*bytes) : "none") + "\r\n");
    } else if (line.starts_with("BIG ")) {
        co_await send_big(peer, parse_u64(line.substr(4)).value_or(0));
    } else if (line == "BYTES") {
        peer.send(std::to_string(stream.bytes_read()) + " " + std::to_string(stream.bytes_written()) + "\r\n");
    } else {
        peer.send("echo " + line + "\r\n");
    }
    co_return true;
}

Task<> converse(LinePeer& peer, Stream& stream, const std::function<void(std::string_view)>& seen) {
    auto mode = LineDecoder::Mode::lines;
    peer.send("hello\r\n");
    for (;;) {
        const std::optional<LineDecoder::Event> event = co_await peer.next(mode);
        if (!event) co_return;
        if (const Line* line = std::get_if<Line>(&*event)) {
            seen(line->text);
            if (line->text == "STUCK") mode = LineDecoder::Mode::never;
            if (!co_await answer(peer, stream, std::string(line->text))) co_return;
            continue;
        }
        if (std::holds_alternative<TooLong>(*event)) {
            peer.send("too long\r\n");
            continue;
        }
        peer.send(std::holds_alternative<TimedOut>(*event) ? "timed out\r\n" : "shutting down\r\n");
        co_return;
    }
}

}  // namespace

std::optional<LineDecoder::Event> LineDecoder::next(Mode mode, std::string_view input, std::size_t& consumed) {
    if (mode == Mode::never) return std::nullopt;
    const std::size_t end = input.find("\r\n");
    if (end == std::string_view::npos) {
        if (input.size() > line_max_bytes || skipping_) {
            skipping_ = true;
            consumed = input.ends_with('\r') ? input.size() - 1 : input.size();
        }
        return std::nullopt;
    }
    consumed = end + 2;
    if (std::exchange(skipping_, false) || end > line_max_bytes) return Event(TooLong{});
    return Event(Line{input.substr(0, end)});
}

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "packetboat-net-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

LineServer::LineServer(Options options, Admission admission, std::size_t reactors)
    : server(reactors), files{folder.path() / "cert.pem", folder.path() / "key.pem"}, book_(std::make_shared<Book>()) {
    if (const Result<> made = make_self_signed(files, "mail.example.test", {"example.test"}); !made)
        throw std::runtime_error(made.error().text);
    Result<std::unique_ptr<TlsContext>> loaded = TlsContext::load(files);
    if (!loaded) throw std::runtime_error(loaded.error().text);
    tls = std::move(*loaded);
    const Server::Serve serve = [this, options, book = book_](Stream& stream, const std::string& id) -> Task<> {
        LinePeer peer(stream, tls.get(), LineDecoder{}, id, options);
        co_await converse(peer, stream, [book](std::string_view line) { book->write(line); });
        co_await peer.flush();
    };
    admission.too_busy = "too busy\r\n";
    const Endpoint anywhere{IpAddress::v4(127, 0, 0, 1), 0};
    const Result<Endpoint> first = server.listen({.name = "plain", .endpoint = anywhere, .admission = admission}, nullptr, serve);
    const Result<Endpoint> second =
        server.listen({.name = "tls", .endpoint = anywhere, .implicit_tls = true, .admission = admission}, tls.get(), serve);
    if (!first || !second) throw std::runtime_error("cannot listen");
    plain = *first;
    implicit = *second;
    server.start();
}

LineServer::~LineServer() { server.stop(std::chrono::milliseconds{0}); }

std::vector<std::string> LineServer::seen() const {
    const std::scoped_lock lock(book_->mutex);
    return book_->lines;
}

}  // namespace packetboat::net::testing
