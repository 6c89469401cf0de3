#pragma once

#include <memory>

#include "files/tree.h"

namespace packetboat::files {

inline constexpr int unique_tries_max = 10'000;                      // names that Begin::unique looks at
inline constexpr std::uint64_t room_looked_at_bytes = 1024 * 1024;   // written between two looks at the disk's free space
inline constexpr std::uint64_t write_back_bytes = 16 * 1024 * 1024;  // the disk begins to write after so many, not at the end

class LocalUpload final : public Upload {
public:
    static Result<std::unique_ptr<LocalUpload>> begin(std::shared_ptr<const Tree> tree, const Grant& grant, const Path& path,
                                                      const UploadOptions& options);
    ~LocalUpload() override;

    std::uint64_t size_bytes() const override { return size_; }
    Result<> write(std::string_view bytes) override;
    Result<> commit(std::optional<std::int64_t> modified_ns) override;
    void keep() override;
    const Path& path() const override { return path_; }

    // At the end, the first `count` bytes of another file; the disk shares them where it can.
    Result<> write_file(int file, std::uint64_t count);
    // Files that go when this one is there: their size makes room for it (Area::combine).
    void credit(Amount amount) { charge_.credit(amount); }

private:
    LocalUpload(std::shared_ptr<const Tree> tree, Path path, Place place, Lock lock);
    static Result<std::unique_ptr<LocalUpload>> find(const std::shared_ptr<const Tree>& tree, const Path& path);
    static Result<std::unique_ptr<LocalUpload>> find_unique(const std::shared_ptr<const Tree>& tree, const Path& path);

    // Nobody is to change the length of an upload that has ended, or of which we no longer know what is on disk.
    Result<> check_open() const;
    Result<> check_grant(const Grant& grant, const UploadOptions& options);
    Result<> start(const UploadOptions& options);
    Result<> start_with_file(std::uint64_t count, bool all);
    Result<bool> start_with_unfinished(std::uint64_t count, bool all);
    Result<> start_empty();
    Result<> take(std::uint64_t bytes);
    Result<> write_all(std::string_view bytes);
    Result<> copy_all(int file, std::uint64_t count);
    Result<> copy_piece(int file, std::uint64_t offset, std::uint64_t count);
    Result<> undo_write(std::uint64_t bytes, Error error);
    Result<> put_in_place();
    Result<> put_new();
    Result<> put_instead(const struct stat& old);
    void discard();
    void end();

    std::shared_ptr<const Tree> tree_;
    Path path_;
    Lock lock_;
    Place place_;
    std::optional<struct stat> old_;  // what stood under the name in the beginning
    bool may_replace_ = false;
    Descriptor file_;     // the unfinished one
    bool there_ = false;  // it stands under its hidden name
    bool broken_ = false;
    std::uint64_t size_ = 0;
    std::uint64_t room_up_to_ = 0;  // of size_: so far there is room on the disk
    std::uint64_t written_back_ = 0;
    Charge charge_;
};

}  // namespace packetboat::files
