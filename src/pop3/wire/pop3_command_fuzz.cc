#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pop3/wire/decoder.h"

using namespace packetboat::pop3::wire;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

std::string describe(const Event& event) {
    if (const Command* command = std::get_if<Command>(&event)) return encode(*command);
    if (const Line* line = std::get_if<Line>(&event)) return "=" + line->text + "\n";
    return "!" + std::get<Error>(event).text + "\n";
}

std::string decoded(std::string_view bytes, std::size_t piece, Mode mode) {
    Decoder decoder(64);
    std::string waiting;
    std::string events;
    while (!bytes.empty()) {
        waiting += bytes.substr(0, piece);
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            std::size_t consumed = 0;
            const std::optional<Event> event = decoder.next(mode, waiting, consumed);
            require(consumed <= waiting.size());
            waiting.erase(0, consumed);
            if (!event) break;
            events += describe(*event);
        }
        require(waiting.size() <= Decoder::auth_line_max_bytes);
    }
    return events;
}

}  // namespace

// The events do not depend on how the bytes are cut, and a command that was understood means the same when it is written anew.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const Mode mode : {Mode::command, Mode::auth}) {
        const std::string whole = decoded(bytes, std::string::npos, mode);
        for (const std::size_t piece : {1U, 7U, 63U, 65U}) require(decoded(bytes, piece, mode) == whole);
    }
    const auto parsed = parse_command(bytes);
    if (const Command* command = std::get_if<Command>(&parsed)) {
        const std::string line = encode(*command);
        const auto again = parse_command(std::string_view(line).substr(0, line.size() - 2));
        require(std::holds_alternative<Command>(again) && encode(std::get<Command>(again)) == line);
        require(std::get<Command>(again).index() == command->index());
    }
    return 0;
}
