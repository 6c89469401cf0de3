#include "store/log_replay.h"

#include <algorithm>

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include "base/id.h"
#include "base/log.h"
#include "store/crc32c.h"

namespace packetboat::store::log {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

class ValueFinder final : public rocksdb::WriteBatch::Handler {
public:
    ValueFinder(LogPosition from, LogPosition to, const ValueVisit& visit) : from_(from), to_(to), visit_(visit) {}

    rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& record) override {
        const std::optional<keys::Parsed> parsed = keys::parse(key.ToStringView());
        if (!parsed || parsed->partition.empty() || parsed->kind != static_cast<char>(keys::Class::user)) return rocksdb::Status::OK();
        const std::optional<records::Stored> stored = records::parse_stored(record.ToStringView());
        if (!stored) return rocksdb::Status::Corruption("a record that is not ours");
        if (stored->pointer && from_ <= stored->pointer->at && stored->pointer->at < to_) {
            visit_(key.ToStringView(), record.ToStringView(), *stored->pointer);
        }
        return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override { return rocksdb::Status::OK(); }

private:
    LogPosition from_;
    LogPosition to_;
    const ValueVisit& visit_;
};

// The frame has the right CRCs everywhere.
bool counts(const Frame& frame) {
    if (crc32c(frame.batch) != frame.header.batch_crc) return false;
    const LogPosition from = frame.values_at();
    bool right = true;
    const bool readable = visit_values(
        frame.batch, from, {from.segment, from.offset + frame.values.size()}, [&](auto, auto, const records::Pointer& pointer) {
            const std::uint64_t offset = pointer.at.offset - from.offset;
            const bool inside = pointer.size_bytes <= frame.values.size() - offset;
            right = right && inside && crc32c(frame.values.substr(offset, pointer.size_bytes)) == pointer.crc;
        });
    return right && readable;
}

// Looks behind the end of the frames for one that says the disk had confirmed more than that.
Result<bool> was_promised_more(files::FileSystem& files, const std::filesystem::path& path, LogPosition end,
                               std::optional<std::uint64_t> nonce) {
    const Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> file = files::open(files, path);
    if (!file) return fail(file.error());
    const Result<std::uint64_t> size = files::size_bytes(files, path);
    if (!size) return fail(size.error());
    constexpr std::size_t step = 1 << 20;
    for (std::uint64_t at = end.offset; at < *size; at += step) {
        const Result<std::string> bytes = files::read(**file, at, step + frame_header_bytes);
        if (!bytes) return fail(bytes.error());
        for (std::size_t found = bytes->find("PBframe"); found != std::string::npos; found = bytes->find("PBframe", found + 1)) {
            const std::optional<FrameHeader> header = parse_frame_header(std::string_view(*bytes).substr(found, frame_header_bytes));
            const bool ours = header && (!nonce || header->nonce == *nonce) && header->at == LogPosition{end.segment, at + found};
            if (ours && header->synced > end.offset) return true;
        }
    }
    if (*size > end.offset) {
        log_info("store.torn_tail", "", {{"segment", end.segment}, {"offset", end.offset}, {"bytes", *size - end.offset}});
    }
    return false;
}

std::string place(LogPosition at) { return fmt::format("offset {} of log segment {:016x}", at.offset, at.segment); }

Error damaged(std::string what) { return Error{ErrorCode::internal, "the log is damaged: " + std::move(what)}; }

Result<std::optional<SegmentHeader>> header_of(files::FileSystem& files, const std::filesystem::path& directory, std::uint64_t number) {
    const Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> file = files::open(files, segment_path(directory, number));
    if (!file) return fail(file.error());
    const Result<std::string> bytes = files::read(**file, 0, segment_header_bytes);
    if (!bytes) return fail(bytes.error());
    std::optional<SegmentHeader> header = parse_segment_header(*bytes);
    if (header && header->number != number) header.reset();
    return header;
}

// After a crash of the process, or a sync that failed before it, the last bytes may be in memory only and look as if they
// were on disk. They are about to be believed, so they are written and synced once more.
Result<> confirm(files::FileSystem& files, const std::filesystem::path& directory, LogPosition from, LogPosition end) {
    const std::filesystem::path path = segment_path(directory, end.segment);
    const Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> reading = files::open(files, path);
    if (!reading) return fail(reading.error());
    std::unique_ptr<rocksdb::FSRandomRWFile> writing;
    IOStatus status = files.NewRandomRWFile(path, rocksdb::FileOptions(), &writing, nullptr);
    if (!status.ok()) return fail(files::error(status, "cannot write " + path.string()));
    constexpr std::uint64_t step = 1 << 20;
    for (std::uint64_t at = from.offset; at < end.offset; at += step) {
        const Result<std::string> bytes = files::read(**reading, at, static_cast<std::size_t>(std::min(step, end.offset - at)));
        if (!bytes) return fail(bytes.error());
        status = writing->Write(at, *bytes, IOOptions(), nullptr);
        if (!status.ok()) return fail(files::error(status, "cannot write " + path.string()));
    }
    status = writing->Sync(IOOptions(), nullptr);
    if (status.ok()) status = writing->Close(IOOptions(), nullptr);
    if (!status.ok()) return fail(files::error(status, "cannot sync " + path.string()));
    return files::sync_directory(files, directory);
}

// Behind a frame that has been applied. Its content is not needed any more, and not looked at.
Result<LogPosition> end_of_frame(files::FileSystem& files, const std::filesystem::path& directory, LogPosition at) {
    const std::filesystem::path path = segment_path(directory, at.segment);
    const Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> file = files::open(files, path);
    if (!file) return fail(file.error());
    const Result<std::string> head = files::read(**file, at.offset, frame_header_bytes);
    if (!head) return fail(head.error());
    const Result<std::uint64_t> size = files::size_bytes(files, path);
    if (!size) return fail(size.error());
    const std::optional<FrameHeader> header = parse_frame_header(*head);
    if (!header || header->at != at || *size < at.offset + header->size_bytes()) return fail(damaged(place(at)));
    return LogPosition{at.segment, at.offset + header->size_bytes()};
}

// The segments that the log consists of from `first` on, each begun by a header that names the end of the one before.
struct Chain {
    std::uint64_t first = 0;
    std::vector<SegmentHeader> headers;
    std::optional<std::uint64_t> nonce() const { return headers.empty() ? std::nullopt : std::optional(headers.front().nonce); }
};

Result<Chain> find_chain(files::FileSystem& files, const std::filesystem::path& directory, std::optional<LogPosition> applied) {
    const Result<std::vector<std::uint64_t>> there = segments(files, directory);
    if (!there) return fail(there.error());
    Chain chain;
    chain.first = applied ? applied->segment : 1;
    const auto begin = std::ranges::lower_bound(*there, chain.first);
    for (auto at = begin; at != there->end(); ++at) {
        const std::uint64_t expected = chain.first + chain.headers.size();
        if (*at != expected) return fail(damaged(fmt::format("segment {:016x} is missing", expected)));
        const Result<std::optional<SegmentHeader>> header = header_of(files, directory, *at);
        if (!header) return fail(header.error());
        if (*header) {
            chain.headers.push_back(**header);
            continue;
        }
        // A last segment that was never begun is what a crash at that moment leaves. It is made anew when it is needed.
        if (at + 1 != there->end()) return fail(damaged(fmt::format("segment {:016x} has no header", *at)));
        const Result<bool> more = was_promised_more(files, segment_path(directory, *at), {*at, 0}, chain.nonce());
        if (!more) return fail(more.error());
        if (*more) return fail(damaged(fmt::format("segment {:016x} has lost its header", *at)));
    }
    if (applied && chain.headers.empty()) {
        return fail(damaged(fmt::format("segment {:016x} is missing", chain.first)));
    }
    return chain;
}

}  // namespace

bool visit_values(std::string_view batch, LogPosition from, LogPosition to, const ValueVisit& visit) {
    const rocksdb::WriteBatch parsed{std::string(batch)};
    ValueFinder finder(from, to, visit);
    return parsed.Iterate(&finder).ok();
}

Result<std::vector<std::uint64_t>> segments(files::FileSystem& files, const std::filesystem::path& directory) {
    const Result<std::vector<std::string>> names = files::list(files, directory);
    if (!names) return fail(names.error());
    std::vector<std::uint64_t> numbers;
    for (const std::string& name : *names) {
        if (const std::optional<std::uint64_t> number = parse_segment_name(name)) numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    return numbers;
}

Result<LogPosition> read_segment(files::FileSystem& files, const std::filesystem::path& directory, LogPosition from,
                                 const FrameVisit& visit) {
    const Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> file = files::open(files, segment_path(directory, from.segment));
    if (!file) return fail(file.error());
    LogPosition at = from;
    for (;;) {
        const Result<std::string> head = files::read(**file, at.offset, frame_header_bytes);
        if (!head) return fail(head.error());
        const std::optional<FrameHeader> header = parse_frame_header(*head);
        if (!header || header->at != at) return at;
        const Result<std::string> body = files::read(**file, at.offset + frame_header_bytes, header->values_bytes + header->batch_bytes);
        if (!body) return fail(body.error());
        if (body->size() != header->values_bytes + header->batch_bytes) return at;
        const std::string_view view(*body);
        const Frame frame{*header, view.substr(0, header->values_bytes), view.substr(header->values_bytes)};
        if (!counts(frame)) return at;
        if (Result<> visited = visit(frame); !visited) return fail(std::move(visited).error());
        at.offset += header->size_bytes();
    }
}

Result<End> replay(files::FileSystem& files, const std::filesystem::path& directory, std::optional<LogPosition> applied,
                   const FrameVisit& visit) {
    const Result<Chain> chain = find_chain(files, directory, applied);
    if (!chain) return fail(chain.error());
    if (chain->headers.empty()) return End{{0, 0}, random_u64()};

    LogPosition end;
    LogPosition unsynced;
    for (std::size_t i = 0; i < chain->headers.size(); ++i) {
        const std::uint64_t number = chain->headers[i].number;
        const Result<LogPosition> begin =
            i == 0 && applied ? end_of_frame(files, directory, *applied) : Result<LogPosition>({number, segment_header_bytes});
        if (!begin) return fail(begin.error());
        // Where the next segment's header says that the log left this one. A failed write may have left a frame behind it.
        const std::optional<LogPosition> limit = i + 1 < chain->headers.size() ? std::optional(chain->headers[i + 1].before) : std::nullopt;
        if (limit && (limit->segment != number || *limit < *begin)) return fail(damaged(place(*limit) + " is no end of a segment"));
        unsynced = *begin;
        const Result<LogPosition> read = read_segment(files, directory, *begin, [&](const Frame& frame) -> Result<> {
            if (limit && frame.header.at >= *limit) return {};
            unsynced = {number, std::clamp(frame.header.synced, begin->offset, frame.header.at.offset)};
            return visit(frame);
        });
        if (!read) return fail(read.error());
        end = limit.value_or(*read);
        if (*read < end) return fail(damaged(place(*read)));
    }
    const Result<bool> more = was_promised_more(files, segment_path(directory, end.segment), end, chain->nonce());
    if (!more) return fail(more.error());
    if (*more) return fail(damaged(place(end)));
    if (Result<> confirmed = confirm(files, directory, unsynced, end); !confirmed) return fail(std::move(confirmed).error());
    return End{end, *chain->nonce()};
}

}  // namespace packetboat::store::log
