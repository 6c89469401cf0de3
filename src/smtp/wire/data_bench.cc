#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "smtp/wire/decoder.h"
#include "smtp/wire/header_scan.h"

// How fast a message's bytes go through the decoder, and through all that a session does with them before it hands them on.
namespace {

using namespace packetboat::smtp::wire;

// Text in lines of `line_bytes`, as a client sends it.
std::string text(std::size_t line_bytes, std::size_t total_bytes) {
    std::string out = "Subject: x\r\n\r\n";
    while (out.size() < total_bytes) out += std::string(line_bytes - 2, 'x') + "\r\n";
    return stuff(out);
}

double gigabytes_per_second(std::string_view sent, bool checked) {
    constexpr std::size_t read_bytes = 16 * 1024;
    constexpr int rounds = 50;
    std::uint64_t kept = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) {
        Decoder decoder;
        LineEnds line_ends(BareNewlines::refuse);
        HeaderScan header({});
        for (std::size_t at = 0; at < sent.size();) {
            std::size_t consumed = 0;
            const std::optional<Event> event = decoder.next(data_mode, sent.substr(at, read_bytes), consumed);
            at += consumed;
            const auto* chunk = event ? std::get_if<Chunk>(&*event) : nullptr;
            if (chunk == nullptr) continue;
            std::string_view bytes = chunk->bytes;
            if (checked) bytes = line_ends.next(bytes);
            if (checked && !header.ended()) header.next(bytes);
            kept += chunk->bytes.size();
        }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(kept) / seconds.count() / 1e9;
}

}  // namespace

int main() {
    for (const std::size_t line_bytes : {20U, 78U, 998U}) {
        const std::string sent = text(line_bytes, 4 << 20);
        std::printf("lines of %3zu bytes: unstuffed %.2f GB/s, unstuffed and checked %.2f GB/s\n", line_bytes,
                    gigabytes_per_second(sent, false), gigabytes_per_second(sent, true));
    }
}
