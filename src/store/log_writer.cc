#include "store/log_writer.h"

#include <cassert>
#include <utility>

namespace packetboat::store::log {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {
constexpr std::size_t preallocation_bytes = 8 << 20;
}

Writer::Writer(std::shared_ptr<files::FileSystem> files, Options options, End end)
    : files_(std::move(files)), options_(std::move(options)), end_(end.at), nonce_(end.nonce) {}

Writer::~Writer() { close(); }

LogPosition Writer::after(LogPosition end) const {
    if (end.offset < options_.segment_bytes) return end;
    return {end.segment + 1, segment_header_bytes};
}

LogPosition Writer::next() const {
    const std::scoped_lock lock(mutex_);
    return file_ ? after(end_) : LogPosition{end_.segment + 1, segment_header_bytes};
}

FrameHeader Writer::header_for(LogPosition at) const {
    FrameHeader header;
    header.at = at;
    header.nonce = nonce_;
    // Each frame is synced before the next is written. The first of a segment is written with the segment's own header, of
    // which nothing is confirmed then.
    header.synced = options_.durable && at.offset > segment_header_bytes ? at.offset : 0;
    return header;
}

Writer::Written Writer::write(LogPosition at, std::string_view frame) {
    const std::scoped_lock lock(mutex_);
    if (!file_ || at.segment != end_.segment) {
        assert(at.segment == end_.segment + 1 && at.offset == segment_header_bytes);
        if (Result<> begun = begin_segment(at.segment); !begun) return give_up(Outcome::refused, std::move(begun).error());
    }
    assert(at == end_);

    file_->PrepareWrite(end_.offset, frame.size(), IOOptions(), nullptr);
    IOStatus status = file_->Append(frame, IOOptions(), nullptr);
    if (!status.ok()) return give_up(Outcome::refused, files::error(status, "cannot write the log"));
    if (options_.durable) {
        status = file_->Sync(IOOptions(), nullptr);
        if (!status.ok()) return give_up(Outcome::doubtful, files::error(status, "cannot sync the log"));
    }
    if (!name_synced_) {
        if (Result<> synced = files::sync_directory(*files_, options_.directory); !synced) {
            return give_up(Outcome::doubtful, std::move(synced).error());
        }
        name_synced_ = true;
    }
    end_.offset += frame.size();
    return {Outcome::written, {}};
}

// A failed attempt leaves a file that was never begun as far as the log is concerned: the next attempt makes it anew. Its header
// names the end of the log as it is now, so that whatever a failed write left behind there does not count.
Result<> Writer::begin_segment(std::uint64_t number) {
    if (file_ && !options_.durable) {
        if (const IOStatus status = file_->Sync(IOOptions(), nullptr); !status.ok())
            return fail(files::error(status, "cannot sync the log"));
    }
    std::unique_ptr<rocksdb::FSWritableFile> file;
    const std::filesystem::path path = segment_path(options_.directory, number);
    IOStatus status = files_->NewWritableFile(path, rocksdb::FileOptions(), &file, nullptr);
    if (!status.ok()) return fail(files::error(status, "cannot begin log segment " + path.string()));
    file->SetPreallocationBlockSize(preallocation_bytes);
    status = file->Append(encode(SegmentHeader{number, end_, nonce_}), IOOptions(), nullptr);
    if (!status.ok()) return fail(files::error(status, "cannot begin log segment " + path.string()));

    if (file_) file_->Close(IOOptions(), nullptr).PermitUncheckedError();  // all that counts in it is synced
    file_ = std::move(file);
    before_ = std::exchange(end_, {number, segment_header_bytes});
    name_synced_ = false;
    return {};
}

// The segment may hold part of a frame now; it is left as it is, and the header of the next one says where it counted to. But one without a
// frame that counts is made anew: nothing has synced its header, and a log whose next segments rest on it could not be read after a power
// cut.
Writer::Written Writer::give_up(Outcome outcome, Error error) {
    if (file_ && end_.offset == segment_header_bytes) end_ = before_;
    if (file_) file_->Close(IOOptions(), nullptr).PermitUncheckedError();
    file_.reset();
    return {outcome, std::move(error)};
}

Result<> Writer::sync() {
    const std::scoped_lock lock(mutex_);
    if (!file_) return {};
    if (const IOStatus status = file_->Sync(IOOptions(), nullptr); !status.ok()) return fail(files::error(status, "cannot sync the log"));
    return {};
}

void Writer::close() {
    const std::scoped_lock lock(mutex_);
    if (!file_) return;
    if (!options_.durable) file_->Sync(IOOptions(), nullptr).PermitUncheckedError();
    file_->Close(IOOptions(), nullptr).PermitUncheckedError();
    file_.reset();
    // The position stays: a frame written after this begins the next segment.
}

}  // namespace packetboat::store::log
