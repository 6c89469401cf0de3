#pragma once

#include <memory>

#include "files/local_upload.h"

namespace packetboat::files {

inline constexpr std::size_t combine_parts_max = 256;  // each one's directory is open meanwhile

class LocalArea final : public Area {
public:
    LocalArea(std::shared_ptr<const Tree> tree, const Grant& grant) : tree_(std::move(tree)), grant_(grant) {}

    const Grant& grant() const override { return grant_; }
    Result<Space> space() const override;
    Result<Entry> stat(const Path& path) const override;
    Result<std::unique_ptr<Listing>> list(const Path& path) const override;
    Result<std::vector<Path>> glob(const Path& from, std::string_view pattern) const override;
    Result<Download> open(const Path& path) const override;
    Result<std::unique_ptr<Upload>> upload(const Path& path, const UploadOptions& options) override;
    Result<std::uint64_t> unfinished(const Path& path) const override;
    Result<std::unique_ptr<Hashing>> hash(const Path& path, HashAlgorithm algorithm, std::uint64_t first,
                                          std::optional<std::uint64_t> last) const override;
    Result<> make_directory(const Path& path) override;
    Result<> remove_file(const Path& path) override;
    Result<> remove_directory(const Path& path) override;
    Result<> rename(const Path& from, const Path& to) override;
    Result<> set_modified(const Path& path, std::int64_t modified_ns) override;
    Result<> set_mode(const Path& path, std::uint32_t mode) override;
    Result<> combine(const Path& target, const std::vector<Path>& parts) override;

private:
    Result<OpenFile> open_to_read(const Path& path) const;
    // For what is changed about a file or a directory that is there.
    Result<OpenFile> open_to_change(const Path& path) const;
    Result<> rename_at(const Place& from, const Place& to) const;

    std::shared_ptr<const Tree> tree_;
    Grant grant_;
};

}  // namespace packetboat::files
