#include "agent/login.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "agent/login_text.h"
#include "base/id.h"
#include "base/text.h"

namespace packetboat::agent {

namespace {

constexpr std::pair<TlsMode, std::string_view> modes[] = {
    {TlsMode::automatic, "auto"}, {TlsMode::implicit, "implicit"}, {TlsMode::starttls, "starttls"}, {TlsMode::none, "none"}};

std::string because(std::string_view what, const std::filesystem::path& file) {
    return std::string(what) + " " + escape_control(file.native()) + ": " + std::strerror(errno);
}

// A descriptor that is closed at the end.
struct Opened {
    int descriptor = -1;
    ~Opened() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

bool is_host(std::string_view host) {
    constexpr std::size_t host_max_bytes = 253;
    return !host.empty() && host.size() <= host_max_bytes &&
           std::ranges::all_of(host, [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':'; });
}

// One line of text, for a value of the file.
bool is_value(std::string_view text) {
    return text.size() <= Logins::value_max_bytes && is_utf8(text) && std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; });
}

Result<> check_name(std::string_view name) {
    constexpr std::size_t name_max_bytes = 64;
    const bool fits = !name.empty() && name.size() <= name_max_bytes &&
                      std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '@'; });
    if (fits) return {};
    return fail(ErrorCode::invalid, "a login's name is of letters, digits, and - _ . @, at most 64: not \"" + escape_control(name) + "\"");
}

Result<> write_all(int descriptor, std::string_view text, const std::filesystem::path& file) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(descriptor, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return fail(ErrorCode::unavailable, because("cannot write", file));
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

Result<> make_folders(const std::filesystem::path& folder) {
    if (folder.empty() || ::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
    if (errno == ENOENT && folder.has_parent_path() && folder.parent_path() != folder) {
        if (Result<> parent = make_folders(folder.parent_path()); !parent) return parent;
        if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
    }
    return fail(ErrorCode::unavailable, because("cannot make the folder", folder));
}

// Nobody but the user may read it, for there are passwords in it, nor write it, for there are commands in it.
Result<> check_private(int descriptor, const std::filesystem::path& file) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return fail(ErrorCode::unavailable, because("cannot look at", file));
    const std::string shown = escape_control(file.native());
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::denied, shown + " is no ordinary file");
    if (status.st_uid != ::geteuid()) return fail(ErrorCode::denied, shown + " belongs to somebody else, and is not used");
    if ((status.st_mode & 077) != 0)
        return fail(ErrorCode::denied, shown + " is open to others, and is not used: chmod 600 it, and change the passwords in it");
    return {};
}

Result<std::string> read_private(const std::filesystem::path& file) {
    // Without waiting for the other end of what may be a pipe.
    const Opened opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (opened.descriptor < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::string();
    if (opened.descriptor < 0) return fail(errno == EACCES ? ErrorCode::denied : ErrorCode::unavailable, because("cannot read", file));
    if (const Result<> checked = check_private(opened.descriptor, file); !checked) return fail(checked.error());
    std::string text;
    char piece[8192];
    for (;;) {
        const ssize_t got = ::read(opened.descriptor, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::unavailable, because("cannot read", file));
        if (got == 0) return text;
        text.append(piece, static_cast<std::size_t>(got));
        if (text.size() > Logins::file_max_bytes) return fail(ErrorCode::too_large, escape_control(file.native()) + " is too large");
    }
}

}  // namespace

std::string_view to_string(TlsMode mode) {
    for (const auto& [one, text] : modes) {
        if (one == mode) return text;
    }
    return "";
}

std::optional<TlsMode> tls_mode(std::string_view text) {
    for (const auto& [mode, one] : modes) {
        if (one == text) return mode;
    }
    return std::nullopt;
}

std::string HostPort::text() const {
    const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == 0 ? shown : shown + ":" + std::to_string(port);
}

Result<HostPort> parse_host_port(std::string_view text) {
    const auto wrong = [&] { return fail(ErrorCode::invalid, "\"" + escape_control(text) + "\" is no HOST[:PORT]"); };
    std::string_view host = text;
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return wrong();
        host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        if (!rest.empty() && rest[0] != ':') return wrong();
        has_port = !rest.empty();
        if (has_port) port = rest.substr(1);
    } else if (std::ranges::count(text, ':') == 1) {
        host = text.substr(0, text.find(':'));
        port = text.substr(text.find(':') + 1);
        has_port = true;
    }
    HostPort out{.host = std::string(host)};
    if (!is_host(host)) return wrong();
    if (!has_port) return out;
    const std::optional<std::uint64_t> number = parse_u64(port);
    if (!number || *number == 0 || *number > 65'535) return wrong();
    out.port = static_cast<std::uint16_t>(*number);
    return out;
}

std::filesystem::path Logins::usual_file() {
    // A relative one is to be ignored, says the XDG Base Directory Specification.
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && config[0] == '/')
        return std::filesystem::path(config) / "packetboat/login.toml";
    const char* home = std::getenv("HOME");
    if (home && home[0] == '/') return std::filesystem::path(home) / ".config/packetboat/login.toml";
    // Daemons that call sendmail often have no HOME.
    const passwd* user = ::getpwuid(::geteuid());
    return std::filesystem::path(user && user->pw_dir ? user->pw_dir : "/") / ".config/packetboat/login.toml";
}

Result<Logins> Logins::read(const std::filesystem::path& file) {
    const Result<std::string> text = read_private(file);
    if (!text) return fail(text.error());
    Result<LoginText> parsed = parse_login_text(*text);
    if (!parsed) return fail(parsed.error().code, escape_control(file.native()) + ": " + parsed.error().text);
    Logins out;
    for (Login& login : parsed->logins) {
        if (Result<> put = out.put(std::move(login)); !put)
            return fail(put.error().code, escape_control(file.native()) + ": " + put.error().text);
    }
    if (!parsed->usual.empty() && !out.set_usual(parsed->usual))
        return fail(ErrorCode::invalid, escape_control(file.native()) + ": the usual login \"" + parsed->usual + "\" is not there");
    return out;
}

Result<> Logins::write(const std::filesystem::path& file) const {
    if (Result<> made = make_folders(file.parent_path()); !made) return made;
    // A symbolic link stays one: people keep such files elsewhere.
    std::error_code ignored;
    std::filesystem::path target = std::filesystem::weakly_canonical(file, ignored);
    if (ignored) target = file;
    std::filesystem::path draft = target;
    draft += "." + Id128::random().text();
    {
        const Opened opened{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
        if (opened.descriptor < 0) return fail(ErrorCode::unavailable, because("cannot write", draft));
        Result<> done = write_all(opened.descriptor, login_text({.logins = logins_, .usual = usual_}), draft);
        if (done && ::fsync(opened.descriptor) != 0) done = fail(ErrorCode::unavailable, because("cannot write", draft));
        if (!done) {
            ::unlink(draft.c_str());
            return done;
        }
    }
    if (::rename(draft.c_str(), target.c_str()) == 0) return {};
    Unexpected failed = fail(ErrorCode::unavailable, because("cannot write", target));
    ::unlink(draft.c_str());
    return failed;
}

const Login* Logins::find(std::string_view name) const {
    const auto found = std::ranges::find(logins_, name, &Login::name);
    return found == logins_.end() ? nullptr : &*found;
}

const Login* Logins::find_user(std::string_view address) const {
    const auto found = std::ranges::find_if(logins_, [&](const Login& login) { return iequals(login.user, address); });
    return found == logins_.end() ? nullptr : &*found;
}

const Login* Logins::usual() const {
    if (const Login* chosen = find(usual_)) return chosen;
    return logins_.empty() ? nullptr : &logins_.front();
}

Result<> Logins::put(Login login) {
    if (Result<> name = check_name(login.name); !name) return name;
    for (const std::string* text : {&login.user, &login.from, &login.password, &login.password_command}) {
        if (!is_value(*text))
            return fail(ErrorCode::invalid, "login " + login.name + ": what is saved is UTF-8 text of one line, at most 4096 bytes");
    }
    if (login.user.empty()) return fail(ErrorCode::invalid, "login " + login.name + ": a login has a user");
    if (!is_host(login.server.host)) return fail(ErrorCode::invalid, "login " + login.name + ": a login has a server");
    const auto same = std::ranges::find(logins_, login.name, &Login::name);
    if (same != logins_.end()) {
        *same = std::move(login);
        return {};
    }
    if (logins_.size() >= logins_max) return fail(ErrorCode::too_many, "there are 100 logins already");
    logins_.push_back(std::move(login));
    return {};
}

Result<> Logins::erase(std::string_view name) {
    const Login* found = find(name);
    if (!found) return fail(ErrorCode::not_found, "there is no login \"" + escape_control(name) + "\"");
    logins_.erase(logins_.begin() + (found - logins_.data()));
    if (usual_ == name) usual_.clear();
    return {};
}

Result<> Logins::set_usual(std::string_view name) {
    if (!find(name)) return fail(ErrorCode::not_found, "there is no login \"" + escape_control(name) + "\"");
    usual_ = name;
    return {};
}

}  // namespace packetboat::agent
