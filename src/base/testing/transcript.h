#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

// Dialogues as text files, replayed against a session without a socket.
//
//   # why this dialogue is here
//   S: 220 mail.example.test ESMTP Packetboat
//   C: EHLO client.example
//   S: 250-mail.example.test greets client.example
//   C: DATA
//   C: more of the same group: consecutive C lines arrive together
//
// Lines end with CRLF on the wire. In C lines \r \n \t \0 \\ and \xHH stand for bytes, `C-` is a line without its CRLF, `C*N text` is the
// text N times. In S lines {any} stands for anything within the line, {} braces otherwise for themselves. Between lines:
//   @ whole        this dialogue is about what arrives together: it is not cut in pieces
//   @ tls          the connection has TLS from the start
//   @ starttls     the session starts TLS now, and the handshake goes well (`@ starttls fails` for the other)
//   @ timeout      the client is silent until the deadline
//   @ shutdown     the server is stopping
//   @ set NAME VALUE   for the world that the test builds (see the protocol's transcript_test.cc)
// At its end the client closes.
namespace packetboat::testing {

enum class Turn : std::uint8_t { bytes, timeout, shutdown, starttls, starttls_fails };

struct Step {
    Turn turn = Turn::bytes;
    std::string client;               // bytes sent
    std::vector<std::string> server;  // lines expected after them, without CRLF
    std::size_t line = 0;             // of the file, where the step begins
};

// The escapes of a transcript: \r \n \t \0 \\ \xHH. nullopt: another one.
std::optional<std::string> unescape(std::string_view text);

struct Setting {
    std::string name;
    std::string value;
};

struct Transcript {
    std::string name;
    bool whole_only = false;
    bool tls = false;
    std::vector<Setting> settings;
    std::vector<Step> steps;

    std::size_t client_bytes() const;
};

Result<Transcript> parse_transcript(std::string name, std::string_view text);
// Every *.txt of the folder, by name. Throws std::runtime_error for one that cannot be read or parsed.
std::vector<Transcript> load_transcripts(const std::filesystem::path& folder);

// What is wrong with `got` against the step's lines; empty: nothing.
std::string mismatch(const Step& step, std::string_view got);

}  // namespace packetboat::testing
