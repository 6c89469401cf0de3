#include "store/files.h"

#include <fmt/format.h>

namespace packetboat::store::files {

using rocksdb::IOOptions;
using rocksdb::IOStatus;

Error error(const IOStatus& status, std::string_view doing) {
    const ErrorCode code = status.IsNotFound() || status.IsPathNotFound() ? ErrorCode::not_found : ErrorCode::unavailable;
    return Error{code, fmt::format("{}: {}", doing, status.ToString())};
}

Result<> make_directory(FileSystem& files, const std::filesystem::path& path) {
    if (path.empty() || files.FileExists(path, IOOptions(), nullptr).ok()) return {};
    const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (Result<> made = make_directory(files, parent); !made) return made;
    if (const IOStatus status = files.CreateDirIfMissing(path, IOOptions(), nullptr); !status.ok()) {
        return fail(error(status, "cannot make directory " + path.string()));
    }
    return sync_directory(files, parent);
}

Result<> sync_directory(FileSystem& files, const std::filesystem::path& path) {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    IOStatus status = files.NewDirectory(path, IOOptions(), &directory, nullptr);
    if (status.ok()) status = directory->Fsync(IOOptions(), nullptr);
    if (!status.ok()) return fail(error(status, "cannot sync directory " + path.string()));
    directory->Close(IOOptions(), nullptr).PermitUncheckedError();
    return {};
}

Result<std::vector<std::string>> list(FileSystem& files, const std::filesystem::path& path) {
    std::vector<std::string> names;
    if (const IOStatus status = files.GetChildren(path, IOOptions(), &names, nullptr); !status.ok()) {
        return fail(error(status, "cannot list directory " + path.string()));
    }
    std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
    return names;
}

Result<std::uint64_t> size_bytes(FileSystem& files, const std::filesystem::path& path) {
    std::uint64_t size = 0;
    if (const IOStatus status = files.GetFileSize(path, IOOptions(), &size, nullptr); !status.ok()) {
        return fail(error(status, "cannot look at " + path.string()));
    }
    return size;
}

Result<std::string> read(const rocksdb::FSRandomAccessFile& file, std::uint64_t offset, std::size_t count) {
    std::string bytes;
    rocksdb::IOStatus status;
    bytes.resize_and_overwrite(count, [&](char* scratch, std::size_t) {
        rocksdb::Slice got;
        status = file.Read(offset, count, IOOptions(), &got, scratch, nullptr);
        if (!status.ok()) return std::size_t{0};
        if (got.data() != scratch) std::memmove(scratch, got.data(), got.size());
        return got.size();
    });
    if (!status.ok()) return fail(error(status, "cannot read"));
    return bytes;
}

Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> open(FileSystem& files, const std::filesystem::path& path) {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    if (const IOStatus status = files.NewRandomAccessFile(path, rocksdb::FileOptions(), &file, nullptr); !status.ok()) {
        return fail(error(status, "cannot open " + path.string()));
    }
    return file;
}

}  // namespace packetboat::store::files
