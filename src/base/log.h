#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace packetboat {

// Structured log lines: an event name and fields, as logfmt or JSON. A line is one write; control bytes in values are
// escaped, so nobody outside can forge a line. The only global state of the program.
//
//   log_info("smtp.accepted", session_id, {{"from", reverse_path}, {"size", size}});
//   time=2026-11-24T08:01:42.123456Z level=info event=smtp.accepted session=3k9… from=alice@example.test size=4096
enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { logfmt, json };

struct LogField {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, bool> value;

    LogField(std::string_view k, std::string_view text) : key(k), value(text) {}
    LogField(std::string_view k, const char* text) : key(k), value(std::string_view(text)) {}
    LogField(std::string_view k, const std::string& text) : key(k), value(std::string_view(text)) {}
    template <std::same_as<bool> B>
    LogField(std::string_view k, B flag) : key(k), value(flag) {}
    template <std::integral N>
        requires(!std::same_as<N, bool>)
    LogField(std::string_view k, N number) : key(k), value(static_cast<std::int64_t>(number)) {}
};
using LogFields = std::initializer_list<LogField>;

struct LogOptions {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::logfmt;
    std::string file;                      // empty: standard error
    std::uint64_t queue_max_lines = 8192;  // lines waiting for a slow disk; over it the oldest are dropped and counted
};

// Call once at start; before it, and in tests, warnings and errors go to standard error at once.
Result<> log_open(const LogOptions& options);
// Writes out what waits. At the end of the program.
void log_close();
// Opens the file anew, after it was rotated away. A new level may be given. When it cannot be opened, the old file is written on, with an
// error in it that says so.
void log_reopen(LogLevel level);
// Gives the log's file to the user that a server started as root becomes. Nothing to do when the log is no file of its own.
Result<> log_give_to(std::uint32_t user_id, std::uint32_t group_id);

bool log_enabled(LogLevel level);
void log_write(LogLevel level, std::string_view event, std::string_view session_id, LogFields fields);

inline void log_debug(std::string_view event, std::string_view session_id, LogFields fields = {}) {
    if (log_enabled(LogLevel::debug)) log_write(LogLevel::debug, event, session_id, fields);
}
inline void log_info(std::string_view event, std::string_view session_id, LogFields fields = {}) {
    if (log_enabled(LogLevel::info)) log_write(LogLevel::info, event, session_id, fields);
}
inline void log_warning(std::string_view event, std::string_view session_id, LogFields fields = {}) {
    log_write(LogLevel::warning, event, session_id, fields);
}
inline void log_error(std::string_view event, std::string_view session_id, LogFields fields = {}) {
    log_write(LogLevel::error, event, session_id, fields);
}

// One line as it is written, without its newline; the formats themselves, for tests.
std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view event, std::string_view session_id,
                     LogFields fields);

}  // namespace packetboat
