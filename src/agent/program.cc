#include "agent/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

extern char** environ;

namespace packetboat::agent {

namespace {

using Clock = std::chrono::steady_clock;

// A child's status, when it has ended well: nothing to say.
std::optional<std::string> trouble_of(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    if (WIFEXITED(status)) return "it ended with status " + std::to_string(WEXITSTATUS(status));
    return "it was ended by signal " + std::to_string(WTERMSIG(status));
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

// sh -c `script` sh `argument`, in a process group of its own when its output is wanted, so that it can be ended with all it has started.
Result<pid_t> start(const std::string& script, const std::string& argument, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    short flags = POSIX_SPAWN_SETSIGDEF;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    if (output >= 0) {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        flags |= POSIX_SPAWN_SETPGROUP;
    }
    posix_spawnattr_setflags(&attributes, flags);
    std::vector<std::string> words{"sh", "-c", script, "sh", argument};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int error = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return fail(ErrorCode::unavailable, std::string("cannot run a shell: ") + std::strerror(error));
    return child;
}

// Everything up to the end of the pipe.
Result<std::string> read_all(int descriptor, Clock::time_point end) {
    std::string out;
    char piece[4096];
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) return fail(ErrorCode::timed_out, "it took too long");
        pollfd waits{.fd = descriptor, .events = POLLIN, .revents = 0};
        if (::poll(&waits, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000))) <= 0) continue;
        const ssize_t got = ::read(descriptor, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::unavailable, std::strerror(errno));
        if (got == 0) return out;
        out.append(piece, static_cast<std::size_t>(got));
        if (out.size() > output_max_bytes) return fail(ErrorCode::too_large, "it says too much");
    }
}

}  // namespace

Result<std::string> output_of(const std::string& command, std::chrono::milliseconds timeout) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, std::strerror(errno));
    const Result<pid_t> child = start(command, "", ends[1]);
    ::close(ends[1]);
    Result<std::string> output = child ? read_all(ends[0], Clock::now() + timeout) : Result<std::string>(fail(child.error()));
    ::close(ends[0]);
    if (!child) return output;
    if (!output) ::kill(-*child, SIGKILL);
    const int status = wait_for(*child);
    if (!output) return output;
    if (const std::optional<std::string> trouble = trouble_of(status)) return fail(ErrorCode::denied, *trouble);
    return output;
}

Result<> edit(const std::filesystem::path& file) {
    const char* editor = std::getenv("VISUAL");
    if (!editor || !*editor) editor = std::getenv("EDITOR");
    if (!editor || !*editor) editor = "vi";
    // Ctrl-C belongs to the editor while it runs.
    struct sigaction ignore{};
    struct sigaction before{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, &before);
    const Result<pid_t> child = start(std::string(editor) + " \"$1\"", file.string(), -1);
    const int status = child ? wait_for(*child) : 0;
    ::sigaction(SIGINT, &before, nullptr);
    if (!child) return fail(child.error());
    if (const std::optional<std::string> trouble = trouble_of(status))
        return fail(ErrorCode::unavailable, std::string("the editor (") + editor + "): " + *trouble);
    return {};
}

}  // namespace packetboat::agent
