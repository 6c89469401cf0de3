#include "cli/password.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>

namespace packetboat::cli {

namespace {

// Keeps what is typed off the screen until the end of the scope.
class NoEcho {
public:
    explicit NoEcho(int terminal = STDIN_FILENO) : terminal_(terminal) {
        tcgetattr(terminal_, &before_);
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(terminal_, TCSAFLUSH, &quiet);
    }
    ~NoEcho() {
        tcsetattr(terminal_, TCSAFLUSH, &before_);
        std::fputc('\n', stderr);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

private:
    int terminal_;
    termios before_{};
};

Result<std::string> first_line(std::istream& in) {
    std::string line;
    if (!std::getline(in, line)) return fail(ErrorCode::invalid, "no password was given");
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) return fail(ErrorCode::invalid, "the password is empty");
    return line;
}

Result<std::string> prompt(const char* question) {
    std::fputs(question, stderr);
    const NoEcho quiet;
    return first_line(std::cin);
}

// Not a byte more than the line: what follows may be a message.
Result<std::string> line_of(int descriptor) {
    constexpr std::size_t password_max_bytes = 4096;
    std::string line;
    for (char c = 0; line.size() < password_max_bytes;) {
        const ssize_t got = ::read(descriptor, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || c == '\n') break;
        line += c;
    }
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) return fail(ErrorCode::denied, "no password was given");
    return line;
}

}  // namespace

Result<std::string> read_password(const std::filesystem::path& file, const std::string& question) {
    if (file == "-") return line_of(STDIN_FILENO);
    const int descriptor = ::open(file.empty() ? "/dev/tty" : file.c_str(), (file.empty() ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (descriptor < 0 && !file.empty()) return fail(ErrorCode::not_found, "cannot read the password file " + file.string());
    if (descriptor < 0)
        return fail(ErrorCode::denied, "there is no password, and nobody to ask for it (--password-file, or packetboat login add)");
    Result<std::string> password;
    if (file.empty()) {
        std::fputs(question.c_str(), stderr);
        const NoEcho quiet(descriptor);
        password = line_of(descriptor);
    } else {
        password = line_of(descriptor);
    }
    ::close(descriptor);
    return password;
}

Result<std::string> read_new_password(const std::filesystem::path& file) {
    if (!file.empty() && file != "-") {
        std::ifstream in(file);
        if (!in) return fail(ErrorCode::not_found, "cannot read the password file " + file.string());
        return first_line(in);
    }
    if (isatty(STDIN_FILENO) == 0) return first_line(std::cin);
    Result<std::string> password = prompt("New password: ");
    if (!password) return password;
    const Result<std::string> again = prompt("The same again: ");
    if (!again || *again != *password) return fail(ErrorCode::invalid, "the two passwords differ");
    return password;
}

}  // namespace packetboat::cli
