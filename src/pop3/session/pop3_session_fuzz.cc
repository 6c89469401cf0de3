#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/executor.h"
#include "base/log.h"
#include "pop3/session/testing/acting_peer.h"
#include "pop3/session/testing/world.h"

using namespace packetboat;
using pop3::testing::ActingPeer;
using pop3::testing::World;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

// What bytes from 0x80 on stand for, so that whole conversations are found soon.
constexpr std::string_view phrases[] = {
    "USER alice@example.test\r\n",
    "PASS packetboat\r\n",
    "PASS wrong\r\n",
    "QUIT\r\n",
    "STAT\r\n",
    "LIST\r\n",
    "RETR 1\r\n",
    "RETR 2\r\n",
    "DELE 1\r\n",
    "DELE 2\r\n",
    "NOOP\r\n",
    "RSET\r\n",
    "TOP 1 1\r\n",
    "UIDL\r\n",
    "CAPA\r\n",
    "STLS\r\n",
    "UTF8\r\n",
    "LANG\r\n",
    "AUTH\r\n",
    "*\r\n",
    "AUTH PLAIN\r\n",
    "AUTH LOGIN\r\n",
    "AGFsaWNlQGV4YW1wbGUudGVzdABwYWNrZXRib2F0\r\n",
    "AUTH SCRAM-SHA-256\r\n",
    "biwsbj1hbGljZUBleGFtcGxlLnRlc3Qscj1hYmNkZWZnaGlq\r\n",
};

std::string spoken(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        const std::size_t phrase = static_cast<unsigned char>(c) - std::size_t{0x80};
        if (phrase < std::size(phrases)) {
            out += phrases[phrase];
        } else {
            out += c;
        }
    }
    return out;
}

// Status lines, each followed by nothing or by a block that has its end; lines of the world's messages look like no status.
void require_well_formed(std::string_view answer) {
    bool in_block = false;
    while (!answer.empty()) {
        const std::size_t end = answer.find("\r\n");
        require(end != std::string_view::npos);
        const std::string_view line = answer.substr(0, end);
        answer.remove_prefix(end + 2);
        const bool status = line.starts_with("+OK ") || line.starts_with("-ERR ") || line.starts_with("+ ");
        require(!status || (!in_block && end + 2 <= 8192));
        in_block = !status && line != ".";
    }
    require(!in_block);
}

Task<> converse(std::string_view input) {
    World world({{"message", "A: 1\\r\\n\\r\\n.one\\r\\n.\\r\\n"}, {"message", "A: 2\\r\\n\\r\\nlong\\r\\n"}, {"inline_max_bytes", "20"}});
    co_await world.build();
    const std::size_t piece = 1 + (input.empty() ? 0 : static_cast<unsigned char>(input.front()));
    const std::string bytes = spoken(input.substr(input.empty() ? 0 : 1));
    std::string output;
    std::deque<ActingPeer::Act> acts;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        acts.push_back([&, at](std::string answer) -> Task<std::string> {
            output += answer;
            co_return bytes.substr(at, piece);
        });
    }
    ActingPeer peer(std::move(acts));
    {
        pop3::Session session(peer, world.mail(), world.directory(), world.options);
        co_await session.run();
    }
    output += peer.answer();
    require_well_formed(output);
    require(output.starts_with("+OK mail.example.test Packetboat POP3 ready\r\n"));
    const bool removed = output.find(" messages left)\r\n") != std::string::npos;
    require(removed || (co_await world.check(output)).empty());
}

}  // namespace

// Whatever a client says: the session ends with the client, every answer is well-formed, and without a QUIT that was answered nothing is
// lost.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool quiet = log_open({.file = "/dev/null"}).has_value() && std::atexit(log_close) == 0;
    require(quiet);
    run_to_end([](std::string_view input) -> Task<int> {
        co_await converse(input);
        co_return 0;
    }({reinterpret_cast<const char*>(data), size}));
    return 0;
}
