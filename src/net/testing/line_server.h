#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/listener.h"
#include "net/stream_peer.h"

namespace packetboat::net::testing {

struct Line {
    std::string_view text;
};
struct TooLong {};

// The smallest decoder: lines of at most line_max_bytes.
struct LineDecoder {
    using Event = std::variant<Line, TooLong, TimedOut, ShuttingDown>;
    enum class Mode : std::uint8_t { lines, never };  // never: takes nothing, which no decoder may
    static constexpr std::size_t line_max_bytes = 4096;

    std::optional<Event> next(Mode mode, std::string_view input, std::size_t& consumed);
    void reset() { skipping_ = false; }

private:
    bool skipping_ = false;
};

// A folder that goes away with the test.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// A server of a small line protocol on loopback, at ports of the kernel's choice. Greets with "hello" and answers
//   QUIT "bye" · STARTTLS "go" · TLS its version · BINDING 0|1|2 in hex · BIG n: n bytes · THROW · STUCK · BYTES in and out
// and anything else with "echo <line>"; says "too long", "timed out" and "shutting down" (and then ends).
class LineServer {
public:
    using Options = StreamPeer<LineDecoder>::Options;
    explicit LineServer(Options options = {}, Admission admission = {}, std::size_t reactors = 2);
    ~LineServer();

    Server server;
    TemporaryFolder folder;
    TlsFiles files;
    std::unique_ptr<TlsContext> tls;
    Endpoint plain;
    Endpoint implicit;                      // TLS from the start
    std::vector<std::string> seen() const;  // every line that reached a session

private:
    struct Book;
    std::shared_ptr<Book> book_;  // shared with the sessions
};

}  // namespace packetboat::net::testing
