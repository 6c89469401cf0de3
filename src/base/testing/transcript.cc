#include "base/testing/transcript.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "base/text.h"

namespace packetboat::testing {

std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        switch (text[i]) {
            case 'r': out += '\r'; break;
            case 'n': out += '\n'; break;
            case 't': out += '\t'; break;
            case '0': out += '\0'; break;
            case '\\': out += '\\'; break;
            case 'x': {
                const std::optional<std::string> byte = unhex(text.substr(i + 1, 2));
                if (!byte || byte->size() != 1) return std::nullopt;
                out += *byte;
                i += 2;
                break;
            }
            default: return std::nullopt;
        }
    }
    return out;
}

namespace {

// The bytes of a C line, or nullopt where `line` is none.
std::optional<std::string> client_line(std::string_view line) {
    if (line == "C:") return "\r\n";
    if (line.starts_with("C: ")) {
        std::optional<std::string> bytes = unescape(line.substr(3));
        if (bytes) *bytes += "\r\n";
        return bytes;
    }
    if (line.starts_with("C- ")) return unescape(line.substr(3));
    if (!line.starts_with("C*")) return std::nullopt;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::optional<std::uint64_t> times = parse_u64(line.substr(2, space - 2));
    const std::optional<std::string> text = unescape(line.substr(space + 1));
    if (!times || !text) return std::nullopt;
    std::string bytes;
    for (std::uint64_t i = 0; i < *times; ++i) bytes += *text;
    return bytes;
}

bool directive(Transcript& transcript, std::string_view words, std::size_t number) {
    const auto turn = [&](Turn what) {
        transcript.steps.push_back({.turn = what, .client = {}, .server = {}, .line = number});
        return true;
    };
    if (words == "whole") return transcript.whole_only = true;
    if (words == "tls") return transcript.tls = true;
    if (words == "timeout") return turn(Turn::timeout);
    if (words == "shutdown") return turn(Turn::shutdown);
    if (words == "starttls") return turn(Turn::starttls);
    if (words == "starttls fails") return turn(Turn::starttls_fails);
    if (!words.starts_with("set ")) return false;
    words.remove_prefix(4);
    const std::size_t space = std::min(words.find(' '), words.size());
    transcript.settings.push_back({std::string(words.substr(0, space)), std::string(trim(words.substr(space)))});
    return true;
}

// `pattern` with {any} against one line.
bool line_matches(std::string_view pattern, std::string_view line) {
    constexpr std::string_view any = "{any}";
    const std::size_t at = pattern.find(any);
    if (at == std::string_view::npos) return pattern == line;
    if (!line.starts_with(pattern.substr(0, at))) return false;
    pattern.remove_prefix(at + any.size());
    line.remove_prefix(at);
    for (std::size_t skip = 0; skip <= line.size(); ++skip) {
        if (line_matches(pattern, line.substr(skip))) return true;
    }
    return false;
}

}  // namespace

std::size_t Transcript::client_bytes() const {
    return std::accumulate(steps.begin(), steps.end(), std::size_t{0},
                           [](std::size_t sum, const Step& step) { return sum + step.client.size(); });
}

Result<Transcript> parse_transcript(std::string name, std::string_view text) {
    Transcript transcript;
    transcript.name = std::move(name);
    bool after_client = false;
    std::size_t number = 0;
    const auto bad = [&](std::string_view why) {
        return fail(ErrorCode::invalid, transcript.name + ":" + std::to_string(number) + ": " + std::string(why));
    };
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.starts_with('#')) continue;
        if (line.starts_with("@ ")) {
            if (!directive(transcript, line.substr(2), number)) return bad("unknown directive");
            after_client = false;
        } else if (line.starts_with("S:")) {
            if (transcript.steps.empty()) transcript.steps.push_back({.turn = Turn::bytes, .client = {}, .server = {}, .line = number});
            transcript.steps.back().server.emplace_back(line.size() > 3 ? line.substr(3) : "");
            after_client = false;
        } else if (std::optional<std::string> bytes = client_line(line)) {
            if (!after_client) transcript.steps.push_back({.turn = Turn::bytes, .client = {}, .server = {}, .line = number});
            transcript.steps.back().client += *bytes;
            after_client = true;
        } else {
            return bad("neither C, S, @ nor #");
        }
    }
    return transcript;
}

std::vector<Transcript> load_transcripts(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".txt") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<Transcript> transcripts;
    for (const std::filesystem::path& file : files) {
        std::stringstream text;
        text << std::ifstream(file).rdbuf();
        Result<Transcript> transcript = parse_transcript(file.stem().string(), text.str());
        if (!transcript) throw std::runtime_error(transcript.error().text);
        transcripts.push_back(std::move(*transcript));
    }
    return transcripts;
}

std::string mismatch(const Step& step, std::string_view got) {
    std::size_t index = 0;
    const auto report = [&](std::string_view expected, std::string_view line) {
        return "step at line " + std::to_string(step.line) + ", answer " + std::to_string(index + 1) + ": expected «" +
               std::string(expected) + "», got «" + escape_control(line) + "»";
    };
    for (; index < step.server.size(); ++index) {
        const std::size_t end = got.find("\r\n");
        if (end == std::string_view::npos) return report(step.server[index], got);
        const std::string_view line = got.substr(0, end);
        if (!line_matches(step.server[index], line)) return report(step.server[index], line);
        got.remove_prefix(end + 2);
    }
    return got.empty() ? "" : report("nothing more", got);
}

}  // namespace packetboat::testing
