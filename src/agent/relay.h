#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "agent/connection.h"
#include "agent/local_text.h"
#include "base/error.h"
#include "base/task.h"
#include "smtp/client/client.h"

// sendmail -bs: a program speaks SMTP to us, and we pass on what it says.
namespace packetboat::agent {

// The program.
class LocalEnd {
public:
    virtual ~LocalEnd() = default;
    // What it says next; empty: it has gone.
    virtual Task<Result<std::string>> read() = 0;
    virtual Task<Result<>> write(std::string_view bytes) = 0;
};

// Passes commands to a server with whom we are logged in already, and its answers back, one after the other: a script that writes
// everything at once is understood, too. Lines may end with LF. The server's AUTH and STARTTLS are not shown, for both are done.
// A message whose end has not come is not sent.
class Relay {
public:
    struct Options {
        std::string server_name;  // of the greeting
        std::chrono::milliseconds timeout{60'000};
        std::chrono::milliseconds end_timeout{600'000};  // after a message
    };
    static constexpr std::size_t line_max_bytes = 12'288;  // RFC 4954 §4 has the longest lines there are

    Relay(smtp::ClientPeer& server, LocalEnd& local, Options options) : server_(server), local_(local), options_(std::move(options)) {}

    // Until the program says QUIT or goes. `done`: all was passed on; else what ended it.
    Task<Trouble> run();

private:
    enum class Line : std::uint8_t { complete, too_long, end };
    Task<Line> read_line();
    Task<bool> fill();
    Task<bool> on_command();
    Task<bool> pass_text();
    Task<bool> pass_chunk(std::uint64_t octets);
    Task<bool> answer(std::chrono::milliseconds timeout);
    Task<bool> say(std::string_view reply);
    bool lost(Outcome outcome, std::string text);

    smtp::ClientPeer& server_;
    LocalEnd& local_;
    Options options_;
    std::string input_;
    std::string line_;                    // without its end
    LocalLines lines_ = LocalLines::any;  // as the last command line ended
    bool after_text_ = false;
    std::uint16_t last_code_ = 0;
    bool hello_ = false;  // the answer under way is EHLO's
    bool quit_ = false;
    Trouble trouble_{.outcome = Outcome::done};
};

}  // namespace packetboat::agent
