#include "agent/compose.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "agent/written_addresses.h"
#include "base/text.h"
#include "base/time.h"

namespace packetboat::agent {

namespace {

constexpr std::string_view types[][2] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/x-c"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eml", "message/rfc822"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"heic", "image/heic"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ics", "text/calendar"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"log", "text/plain"},
    {"md", "text/markdown"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ogg", "audio/ogg"},
    {"opus", "audio/ogg"},
    {"patch", "text/x-diff"},
    {"diff", "text/x-diff"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"txt", "text/plain"},
    {"vcf", "text/vcard"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

Unexpected cannot_read(const std::string& name) {
    const ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found
                           : errno == EACCES || errno == EPERM ? ErrorCode::denied
                                                               : ErrorCode::unavailable;
    return fail(code, "cannot read " + name + ": " + std::strerror(errno));
}

}  // namespace

Result<mime::AddressList> parse_recipients(std::string_view text) {
    const auto none = [&] { return fail(ErrorCode::invalid, "\"" + escape_control(text) + "\" is no address"); };
    if (!is_utf8(text) || text.find_first_of("\r\n") != std::string_view::npos) return none();
    mime::AddressList list = mime::addresses(text);
    if (list.empty() || count_written_addresses(text) != mime::mailboxes(list).size()) return none();
    return list;
}

Result<mime::Mailbox> parse_sender(std::string_view text) {
    const Result<mime::AddressList> list = parse_recipients(text);
    if (!list) return fail(list.error());
    const auto* mailbox = std::get_if<mime::Mailbox>(&list->front());
    if (list->size() == 1 && mailbox) return *mailbox;
    return fail(ErrorCode::invalid, "\"" + escape_control(text) + "\" is not one address");
}

Result<std::pair<std::string, std::string>> parse_field(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0)
        return fail(ErrorCode::invalid, "\"" + escape_control(text) + "\" is no field (\"Name: value\")");
    return std::pair(std::string(text.substr(0, colon)), std::string(trim(text.substr(colon + 1))));
}

std::string_view type_of_file(std::string_view name) {
    constexpr std::string_view unknown = "application/octet-stream";
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return unknown;
    const std::string ending = lower(name.substr(dot + 1));
    for (const auto& [one, type] : types) {
        if (one == ending) return type;
    }
    return unknown;
}

FileSource::FileSource(int descriptor, std::uint64_t size_bytes, std::string name)
    : descriptor_(descriptor), size_bytes_(size_bytes), name_(std::move(name)) {}

FileSource::~FileSource() { ::close(descriptor_); }

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& file) {
    std::string name = escape_control(file.native());
    // Without waiting for the other end of what may be a pipe.
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return cannot_read(name);
    struct stat status{};
    const bool known = ::fstat(descriptor, &status) == 0;
    if (!known || !S_ISREG(status.st_mode)) {
        const Unexpected failed = known ? fail(ErrorCode::invalid, name + " is no ordinary file") : cannot_read(name);
        ::close(descriptor);
        return failed;
    }
    return std::unique_ptr<FileSource>(new FileSource(descriptor, static_cast<std::uint64_t>(status.st_size), std::move(name)));
}

Result<std::size_t> FileSource::read(std::uint64_t offset, std::span<char> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot_read(name_);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<std::string> read_text(const std::filesystem::path& file, std::size_t max_bytes) {
    const bool standard_input = file == "-";
    const std::string name = standard_input ? "standard input" : escape_control(file.native());
    const int descriptor = standard_input ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return cannot_read(name);
    std::string text;
    std::string piece(std::size_t{64} << 10, '\0');
    Result<std::string> out;
    for (;;) {
        const ssize_t got = ::read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            out = cannot_read(name);
            break;
        }
        if (got == 0) {
            out = std::move(text);
            break;
        }
        if (text.size() + static_cast<std::size_t>(got) > max_bytes) {
            out = fail(ErrorCode::too_large, name + " is longer than the " + std::to_string(max_bytes >> 20) + " MiB that a text may have");
            break;
        }
        text.append(piece, 0, static_cast<std::size_t>(got));
    }
    if (!standard_input) ::close(descriptor);
    return out;
}

mime::Made made_now() {
    const std::int64_t seconds = Time::now().seconds();
    const auto clock = static_cast<std::time_t>(seconds);
    std::tm local{};
    ::localtime_r(&clock, &local);
    return {.date = {.seconds = seconds, .offset_minutes = static_cast<std::int32_t>(local.tm_gmtoff / 60)},
            .id = Id128::random(),
            .domain = {}};
}

}  // namespace packetboat::agent
