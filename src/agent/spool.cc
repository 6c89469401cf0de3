#include "agent/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace packetboat::agent {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

Unexpected failed(const char* what) { return fail(ErrorCode::unavailable, std::string(what) + ": " + std::strerror(errno)); }

int open_without_name() {
    std::error_code none;
    std::filesystem::path folder = std::filesystem::temp_directory_path(none);
    if (none) folder = "/tmp";
    const int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0) return descriptor;
    // Some file systems have no O_TMPFILE.
    std::string name = (folder / "packetboat-XXXXXX").string();
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0) ::unlink(name.c_str());
    return named;
}

}  // namespace

Spool::~Spool() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> Spool::append(std::string_view bytes) {
    const auto last = std::find_if(bytes.rbegin(), bytes.rend(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
    if (last != bytes.rend()) end_of_8bit_ = size_bytes_ + static_cast<std::uint64_t>(bytes.rend() - last);
    size_bytes_ += bytes.size();
    if (in_memory() && front_.size() + bytes.size() <= memory_max_bytes) {
        front_ += bytes;
        return {};
    }
    if (in_memory()) {
        descriptor_ = open_without_name();
        if (descriptor_ < 0) return failed("cannot make a temporary file");
        if (Result<> written = write(front_); !written) return written;
        front_ += bytes.substr(0, memory_max_bytes - front_.size());
    }
    return write(bytes);
}

Result<> Spool::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(descriptor_, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return failed("cannot write the temporary file");
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

Result<std::string> Spool::read(std::uint64_t offset, std::size_t bytes) const {
    if (offset + bytes <= front_.size() || in_memory())
        return std::string(std::string_view(front_).substr(std::min<std::uint64_t>(offset, front_.size()), bytes));
    std::string out(bytes, '\0');
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t got = ::pread(descriptor_, out.data() + done, bytes - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("cannot read the temporary file");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    out.resize(done);
    return out;
}

Task<Result<std::string_view>> SpoolBody::next() {
    if (!header_said_) {
        header_said_ = true;
        co_return std::string_view(header_);
    }
    Result<std::string> piece = spool_.read(offset_, piece_bytes);
    if (!piece) co_return fail(piece.error());
    piece_ = std::move(*piece);
    offset_ += piece_.size();
    co_return std::string_view(piece_);
}

}  // namespace packetboat::agent
