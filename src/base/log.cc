#include "base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace packetboat {

namespace {

std::string_view to_string(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
    }
    return "unknown";
}

void append_logfmt_value(std::string& out, std::string_view text) {
    const bool quoted = text.empty() || text.find_first_of(" =\"") != std::string_view::npos;
    if (!quoted) {
        out += escape_control(text);
        return;
    }
    out += '"';
    for (const char c : escape_control(text)) {
        if (c == '"') out += '\\';
        out += c;
    }
    out += '"';
}

std::string logfmt_line(std::string_view time, LogLevel level, std::string_view event, std::string_view session_id, LogFields fields) {
    std::string out = "time=";
    out += time;
    out += " level=";
    out += to_string(level);
    out += " event=";
    out += event;
    if (!session_id.empty()) {
        out += " session=";
        out += session_id;
    }
    for (const LogField& field : fields) {
        out += ' ';
        out += field.key;
        out += '=';
        if (const auto* text = std::get_if<std::string_view>(&field.value)) append_logfmt_value(out, *text);
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) out += std::to_string(*number);
        if (const auto* flag = std::get_if<bool>(&field.value)) out += *flag ? "true" : "false";
    }
    return out;
}

std::string json_line(std::string_view time, LogLevel level, std::string_view event, std::string_view session_id, LogFields fields) {
    JsonWriter json;
    json.object().field("time", time).field("level", to_string(level)).field("event", event);
    if (!session_id.empty()) json.field("session", session_id);
    for (const LogField& field : fields) {
        json.key(field.key);
        std::visit([&](const auto& value) { json.value(value); }, field.value);
    }
    return json.end().take();
}

// Lines go to a thread of their own, because a log on a slow disk must not hold up a reactor.
class LogThread {
public:
    ~LogThread() { close(); }

    Result<> open(const LogOptions& options) {
        const std::scoped_lock lock(mutex_);
        options_ = options;
        if (!options.file.empty()) {
            const int descriptor = ::open(options.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
            if (descriptor < 0) return fail(ErrorCode::unavailable, "cannot open the log " + options.file + ": " + std::strerror(errno));
            descriptor_ = descriptor;
        }
        if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
        return {};
    }

    void close() {
        {
            const std::scoped_lock lock(mutex_);
            if (!thread_.joinable()) return;
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
        thread_ = {};
        stopping_ = false;
        if (descriptor_ != STDERR_FILENO) ::close(descriptor_);
        descriptor_ = STDERR_FILENO;
        options_ = quiet();
    }

    void reopen(LogLevel level) {
        const std::scoped_lock lock(mutex_);
        options_.level = level;
        if (options_.file.empty()) return;
        const int descriptor = ::open(options_.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
        if (descriptor < 0) {
            const std::string reason = std::strerror(errno);
            add_locked(log_line(options_.format, Time::now().rfc3339(), LogLevel::error, "log.reopen_failed", "",
                                {{"file", options_.file},
                                 {"reason", reason},
                                 {"consequence", "lines go on into the old file"},
                                 {"remedy", "let the server's user write the file, or make files in its folder"}}) +
                       "\n");
            wake_.notify_one();
            return;
        }
        // The thread may be writing to the old file just now: give the new file the old number, in one step.
        ::dup3(descriptor, descriptor_, O_CLOEXEC);
        ::close(descriptor);
    }

    Result<> give_to(uid_t user, gid_t group) {
        const std::scoped_lock lock(mutex_);
        struct stat status{};
        if (descriptor_ == STDERR_FILENO || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return {};
        if (::fchown(descriptor_, user, group) == 0) return {};
        return fail(ErrorCode::denied, "cannot give the log " + options_.file + " to the server's user: " + std::strerror(errno));
    }

    void add(std::string line) {
        line += '\n';
        {
            const std::scoped_lock lock(mutex_);
            if (thread_.joinable()) {
                add_locked(std::move(line));
                // Woken for the first line of a block only: while it gathers there is nobody to wake, until the block is full.
                if (lines_.size() != 1 && lines_.size() != block_lines) return;
            } else {
                write_all(line);
                return;
            }
        }
        wake_.notify_one();
    }

private:
    static constexpr std::chrono::milliseconds gathering_time{10};
    static constexpr std::size_t block_lines = 256;

    static LogOptions quiet() { return {.level = LogLevel::warning, .format = LogFormat::logfmt, .file = {}}; }

    void add_locked(std::string line) {
        if (lines_.size() >= options_.queue_max_lines) {
            lines_.pop_front();
            ++dropped_;
        }
        lines_.push_back(std::move(line));
    }

    void work() {
        std::unique_lock lock(mutex_);
        while (!stopping_ || !lines_.empty()) {
            wake_.wait(lock, [&] { return stopping_ || !lines_.empty(); });
            wake_.wait_for(lock, gathering_time, [&] { return stopping_ || lines_.size() >= block_lines; });
            std::string block;
            for (const std::string& line : lines_) block += line;
            lines_.clear();
            const std::uint64_t dropped = std::exchange(dropped_, 0);
            const LogFormat format = options_.format;
            lock.unlock();
            if (dropped > 0)
                block += log_line(format, Time::now().rfc3339(), LogLevel::warning, "log.dropped", "", {{"lines", dropped}}) + "\n";
            write_all(block);
            lock.lock();
        }
    }

    void write_all(std::string_view block) const {
        while (!block.empty()) {
            const ssize_t written = ::write(descriptor_, block.data(), block.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return;
            block.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::string> lines_;
    std::uint64_t dropped_ = 0;
    bool stopping_ = false;
    std::thread thread_;
    int descriptor_ = STDERR_FILENO;
    LogOptions options_ = quiet();
};

LogThread& log_thread() {
    static LogThread thread;
    return thread;
}

std::atomic<LogLevel> level_now{LogLevel::warning};
std::atomic<LogFormat> format_now{LogFormat::logfmt};

}  // namespace

Result<> log_open(const LogOptions& options) {
    Result<> opened = log_thread().open(options);
    if (!opened) return opened;
    level_now = options.level;
    format_now = options.format;
    return {};
}

void log_close() {
    log_thread().close();
    level_now = LogLevel::warning;
    format_now = LogFormat::logfmt;
}

void log_reopen(LogLevel level) {
    level_now = level;
    log_thread().reopen(level);
}

Result<> log_give_to(std::uint32_t user_id, std::uint32_t group_id) { return log_thread().give_to(user_id, group_id); }

bool log_enabled(LogLevel level) { return level >= level_now.load(std::memory_order_relaxed); }

void log_write(LogLevel level, std::string_view event, std::string_view session_id, LogFields fields) {
    if (!log_enabled(level)) return;
    log_thread().add(log_line(format_now.load(std::memory_order_relaxed), Time::now().rfc3339(), level, event, session_id, fields));
}

std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view event, std::string_view session_id,
                     LogFields fields) {
    return format == LogFormat::json ? json_line(time, level, event, session_id, fields)
                                     : logfmt_line(time, level, event, session_id, fields);
}

}  // namespace packetboat
