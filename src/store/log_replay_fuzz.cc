#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <vector>

#include <rocksdb/write_batch.h>

#include "base/cursor.h"
#include "store/crc32c.h"
#include "store/keys.h"
#include "store/log_replay.h"
#include "store/log_writer.h"
#include "store/testing/test_directory.h"

// A log of a few segments, damaged as the input says, is replayed: what comes out is a beginning of what went in, in order and whole,
// or an error, whatever was damaged.
namespace packetboat::store::log {
namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

struct Original {
    std::vector<std::pair<LogPosition, std::string>> frames;  // where, and the batch
    std::vector<std::pair<std::string, std::string>> files;   // name, bytes
};

std::string frame_at(const Writer& writer, LogPosition at, int number) {
    FrameHeader header = writer.header_for(at);
    std::string frame(frame_header_bytes, '\0');
    rocksdb::WriteBatch batch;
    const auto key = [&](const char* name) { return keys::class_prefix("account", keys::Class::user) + name + std::to_string(number); };
    const std::string value(static_cast<std::size_t>(200 + number * 37), static_cast<char>('a' + number));
    const records::Pointer pointer{{at.segment, at.offset + frame.size()}, value.size(), crc32c(value)};
    frame += value;
    batch.Put(key("large"), records::pointer(pointer)).PermitUncheckedError();
    batch.Put(key("small"), records::inline_value("value")).PermitUncheckedError();
    batch.Delete(key("old")).PermitUncheckedError();
    header.values_bytes = value.size();
    header.batch_bytes = batch.Data().size();
    header.batch_crc = crc32c(batch.Data());
    frame += batch.Data();
    frame.replace(0, frame_header_bytes, encode(header));
    return frame;
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Original make_original() {
    const TestDirectory directory;
    const std::shared_ptr<files::FileSystem> files = rocksdb::FileSystem::Default();
    Original original;
    Writer writer(files, {.directory = directory.path(), .segment_bytes = 1200}, {{0, 0}, 0x1234'5678'9abc'def0});
    for (int number = 0; number < 7; ++number) {
        const LogPosition at = writer.next();
        const std::string frame = frame_at(writer, at, number);
        require(writer.write(at, frame).outcome == Writer::Outcome::written);
        const std::optional<FrameHeader> header = parse_frame_header(std::string_view(frame).substr(0, frame_header_bytes));
        original.frames.emplace_back(at, frame.substr(frame.size() - header->batch_bytes));
    }
    writer.close();
    for (const std::uint64_t number : *segments(*files, directory.path())) {
        const std::filesystem::path path = segment_path(directory.path(), number);
        original.files.emplace_back(path.filename().string(), bytes_of(path));
    }
    require(original.files.size() > 2);
    return original;
}

// Each five bytes of the input are one injury: what, where (file, two bytes of offset), and a value.
void injure(std::vector<std::pair<std::string, std::string>>& files, std::string_view input) {
    for (; input.size() >= 5; input.remove_prefix(5)) {
        const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(input[i]); };
        std::string& bytes = files[byte(1) % files.size()].second;
        if (bytes.empty()) continue;
        const std::size_t at = static_cast<std::size_t>(byte(2) << 8 | byte(3)) % bytes.size();
        switch (byte(0) % 5) {
            case 0: bytes[at] = static_cast<char>(bytes[at] ^ input[4]); break;
            case 1: bytes.resize(at); break;
            case 2: bytes.append(byte(4), '\0'); break;
            case 3: bytes.replace(at, std::min<std::size_t>(byte(4), bytes.size() - at), std::string(byte(4), '\0')); break;
            case 4: bytes.insert(at, bytes.substr(at, byte(4))); break;
            default: break;
        }
    }
}

}  // namespace
}  // namespace packetboat::store::log

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::store;
    using namespace packetboat::store::log;
    static const Original original = make_original();
    if (size == 0) return 0;

    std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t begin = static_cast<std::uint8_t>(input.front()) % (original.frames.size() + 1);
    input.remove_prefix(1);
    std::vector<std::pair<std::string, std::string>> damaged = original.files;
    injure(damaged, input);

    const TestDirectory directory(TestDirectory::Where::memory);
    for (const auto& [name, bytes] : damaged)
        std::ofstream(segment_path(directory.path(), 1).parent_path() / name, std::ios::binary) << bytes;
    std::size_t next = begin;
    std::optional<LogPosition> applied;
    if (begin > 0) applied = original.frames[begin - 1].first;
    const packetboat::Result<End> end =
        replay(*rocksdb::FileSystem::Default(), directory.path(), applied, [&](const Frame& frame) -> packetboat::Result<> {
            require(next < original.frames.size());
            require(frame.header.at == original.frames[next].first);
            require(frame.batch == original.frames[next].second);
            ++next;
            return {};
        });
    // Undamaged, all of it.
    if (input.size() < 5) require(end && next == original.frames.size());
    return 0;
}
