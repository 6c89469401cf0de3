#include "cli/password.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace packetboat::cli {

namespace {

// Keeps what is typed off the screen until the end of the scope.
class NoEcho {
public:
    NoEcho() {
        tcgetattr(STDIN_FILENO, &before_);
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    ~NoEcho() {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        std::fputc('\n', stderr);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

private:
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

}  // namespace

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
