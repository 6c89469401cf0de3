#include "store/log_reader.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fmt/format.h>

#include "store/crc32c.h"

namespace packetboat::store::log {

namespace {
constexpr std::size_t open_max = 256;  // two descriptors each
}

struct Reader::Segment {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    // The same file once more, for preadv2(RWF_NOWAIT), which the file layer does not have. -1: not to be had.
    int descriptor = -1;

    ~Segment() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

Reader::Reader(std::shared_ptr<files::FileSystem> files, std::filesystem::path directory)
    : files_(std::move(files)), directory_(std::move(directory)) {}

Reader::~Reader() = default;

Result<std::shared_ptr<Reader::Segment>> Reader::segment(std::uint64_t number) {
    {
        const std::scoped_lock lock(mutex_);
        const auto found = open_.find(number);
        if (found != open_.end()) return found->second;
    }
    const std::filesystem::path path = segment_path(directory_, number);
    Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> file = files::open(*files_, path);
    if (!file) return fail(std::move(file).error());
    auto segment = std::make_shared<Segment>();
    segment->file = std::move(*file);
    segment->descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);

    const std::scoped_lock lock(mutex_);
    if (open_.size() >= open_max) open_.erase(open_.begin());
    return open_.try_emplace(number, std::move(segment)).first->second;
}

Result<std::string> Reader::read(const records::Pointer& pointer) {
    Result<std::shared_ptr<Segment>> from = segment(pointer.at.segment);
    if (!from) return fail(std::move(from).error());
    Result<std::string> value = files::read(*(*from)->file, pointer.at.offset, static_cast<std::size_t>(pointer.size_bytes));
    if (!value) return value;
    if (value->size() != pointer.size_bytes || crc32c(*value) != pointer.crc) {
        return fail(ErrorCode::internal,
                    fmt::format("the value at {} of log segment {:016x} is not what was written", pointer.at.offset, pointer.at.segment));
    }
    return value;
}

std::optional<std::string> Reader::read_if_cached(const records::Pointer& pointer) {
#ifdef RWF_NOWAIT
    std::shared_ptr<Segment> from;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = open_.find(pointer.at.segment);
        if (found == open_.end()) return std::nullopt;  // opening a file may wait for the disk
        from = found->second;
    }
    if (from->descriptor < 0) return std::nullopt;
    const auto size = static_cast<std::size_t>(pointer.size_bytes);
    std::string value;
    value.resize_and_overwrite(size, [&](char* scratch, std::size_t) {
        const iovec into{scratch, size};
        const ssize_t got = ::preadv2(from->descriptor, &into, 1, static_cast<off_t>(pointer.at.offset), RWF_NOWAIT);
        return got < 0 ? 0 : static_cast<std::size_t>(got);
    });
    if (value.size() == size && crc32c(value) == pointer.crc) return value;
#endif
    return std::nullopt;
}

void Reader::forget(std::uint64_t segment) {
    const std::scoped_lock lock(mutex_);
    open_.erase(segment);
}

}  // namespace packetboat::store::log
