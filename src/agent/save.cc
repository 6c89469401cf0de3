#include "agent/save.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "agent/terminal_text.h"
#include "base/id.h"
#include "mime/content.h"

namespace packetboat::agent {

namespace {

Unexpected system_error(std::string_view what, int number) {
    const ErrorCode code = number == EEXIST || number == EISDIR || number == ENOTEMPTY ? ErrorCode::exists
                           : number == ENOENT || number == ENOTDIR                     ? ErrorCode::not_found
                           : number == EACCES || number == EPERM || number == EROFS    ? ErrorCode::denied
                                                                                       : ErrorCode::unavailable;
    return fail(code, printable(what) + ": " + std::strerror(number));
}

// 0, or errno.
int write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

// "report.tar (2).gz" would open as well as "report (2).tar.gz"; one ending is enough to know.
std::string numbered(const std::string& name, unsigned number) {
    const std::size_t dot = name.rfind('.');
    const std::size_t at = dot == std::string::npos || dot == 0 ? name.size() : dot;
    return name.substr(0, at) + " (" + std::to_string(number) + ")" + name.substr(at);
}

}  // namespace

Result<SaveFolder> SaveFolder::open(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return system_error(folder.string(), errno);
    return SaveFolder(descriptor);
}

SaveFolder::SaveFolder(SaveFolder&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

SaveFolder::~SaveFolder() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> SaveFolder::write_new(const std::string& name, std::string_view bytes) const {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const int file = ::openat(descriptor_, name.c_str(), flags, 0666);
    if (file < 0) return system_error(name, errno);
    int failed = write_all(file, bytes);
    // What a network file system could not store it says here.
    if (::close(file) != 0 && failed == 0 && errno != EINTR) failed = errno;
    if (failed == 0) return {};
    ::unlinkat(descriptor_, name.c_str(), 0);
    return system_error(name, failed);
}

// The new file takes the name's place as a whole: where the name is a link, the link goes and what it led to stays.
Result<> SaveFolder::replace(const std::string& name, std::string_view bytes) const {
    const std::string temporary = ".packetboat-" + Id128::random().text();
    if (Result<> written = write_new(temporary, bytes); !written) return written;
    if (::renameat(descriptor_, temporary.c_str(), descriptor_, name.c_str()) == 0) return {};
    const int failed = errno;
    ::unlinkat(descriptor_, temporary.c_str(), 0);
    return system_error(name, failed);
}

Result<std::string> SaveFolder::save(std::string_view name, std::string_view bytes, Existing existing) const {
    std::string safe = mime::safe_file_name(name);
    if (existing == Existing::replace) {
        if (const Result<> replaced = replace(safe, bytes); !replaced) return fail(replaced.error());
        return safe;
    }
    std::string tried = safe;
    for (unsigned number = 2;; ++number) {
        const Result<> written = write_new(tried, bytes);
        if (written) return tried;
        if (written.error().code != ErrorCode::exists || number > numbers_max) return fail(written.error());
        tried = numbered(safe, number);
    }
}

Result<> save_file(const std::filesystem::path& file, std::string_view bytes, SaveFolder::Existing existing) {
    const std::string name = file.filename().string();
    if (name.empty() || name == "." || name == "..") return fail(ErrorCode::invalid, printable(file.string()) + ": this is no file name");
    const Result<SaveFolder> folder = SaveFolder::open(file.parent_path());
    if (!folder) return fail(folder.error());
    return existing == SaveFolder::Existing::replace ? folder->replace(name, bytes) : folder->write_new(name, bytes);
}

}  // namespace packetboat::agent
