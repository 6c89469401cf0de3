#include "smtp/wire/decoder.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::smtp::wire {

namespace {

Reply bare_newline() { return {.code = 500, .enhanced = "5.5.2", .text = "Bare LF in a command: lines end with CRLF", .close = true}; }
Reply too_long(bool auth) {
    // RFC 5321 §4.2.4, RFC 4954 §6
    if (auth) return {.code = 500, .enhanced = "5.5.6", .text = "Authentication exchange line is too long"};
    return {.code = 500, .enhanced = "5.5.2", .text = "Line too long"};
}

// Octets follow that nobody may take for commands; how many is not known when the line is not understood.
bool announces_octets(std::string_view line) {
    constexpr std::string_view verb = "BDAT";
    return line.size() > verb.size() && iequals(line.substr(0, verb.size()), verb) && !is_alnum(line[verb.size()]);
}

Event decode(std::string_view line, bool auth, Syntax syntax) {
    if (auth) return Line{line};
    Parsed parsed = parse_command(line, syntax);
    if (parsed) return std::move(*parsed);
    Reply mistake = std::move(parsed).error();
    mistake.close = mistake.close || announces_octets(line);
    return mistake;
}

}  // namespace

Decoder::Decoder(DecoderOptions options) : options_(options) {
    options_.command_line_max_bytes = std::min(options_.command_line_max_bytes, line_limit_max_bytes);
    options_.auth_line_max_bytes = std::min(options_.auth_line_max_bytes, line_limit_max_bytes);
}

void Decoder::reset() {
    unstuffer_.reset();
    skipped_bytes_ = 0;
    skipped_cr_ = false;
}

std::optional<Event> Decoder::next(Mode mode, std::string_view input, std::size_t& consumed) {
    consumed = 0;
    if (input.empty()) return std::nullopt;
    switch (mode.kind) {
        case Mode::Kind::command: return line(false, input, consumed);
        case Mode::Kind::auth: return line(true, input, consumed);
        case Mode::Kind::data: return data(input, consumed);
        case Mode::Kind::bdat: break;
    }
    consumed = static_cast<std::size_t>(std::min<std::uint64_t>(mode.octets, input.size()));
    return consumed > 0 ? std::optional<Event>(Chunk{input.substr(0, consumed)}) : std::nullopt;
}

std::optional<Event> Decoder::line(bool auth, std::string_view input, std::size_t& consumed) {
    if (skipped_bytes_ > 0) return skip(input, auth, consumed);
    // A TLS handshake record where a command should be: a client of implicit TLS, which would wait for our half of it.
    constexpr char tls_handshake = 0x16;
    if (!auth && input.front() == tls_handshake) {
        consumed = input.size();
        return Reply{.code = 500, .enhanced = "5.5.2", .text = "This port does not begin with TLS", .close = true};
    }
    const auto line_max = static_cast<std::size_t>(auth ? options_.auth_line_max_bytes : options_.command_line_max_bytes);
    const std::size_t lf = input.substr(0, line_max).find('\n');
    if (lf == std::string_view::npos) return input.size() < line_max ? std::nullopt : skip(input, auth, consumed);
    consumed = lf + 1;
    if (lf == 0 || input[lf - 1] != '\r') return bare_newline();
    return decode(input.substr(0, lf - 1), auth, options_.syntax);
}

std::optional<Event> Decoder::skip(std::string_view input, bool auth, std::size_t& consumed) {
    const std::size_t lf = input.find('\n');
    consumed = lf == std::string_view::npos ? input.size() : lf + 1;
    if (skipped_bytes_ == 0) skipped_octets_verb_ = !auth && announces_octets(input);
    skipped_bytes_ += consumed;
    const bool endless = skipped_bytes_ > skipped_max_bytes;
    if (lf == std::string_view::npos && !endless) {
        skipped_cr_ = input.back() == '\r';
        return std::nullopt;
    }
    const bool bare = !endless && !(lf == 0 ? skipped_cr_ : input[lf - 1] == '\r');
    skipped_bytes_ = 0;
    skipped_cr_ = false;
    if (bare) return bare_newline();
    return endless || skipped_octets_verb_ ? too_long(auth).and_close() : too_long(auth);
}

std::optional<Event> Decoder::data(std::string_view input, std::size_t& consumed) {
    const Unstuffer::Step step = unstuffer_.next(input);
    consumed = step.consumed;
    if (step.end) return End{};
    if (step.content.empty()) return std::nullopt;
    return Chunk{step.content};
}

}  // namespace packetboat::smtp::wire
