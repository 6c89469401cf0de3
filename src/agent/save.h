#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace packetboat::agent {

// A folder that the user chose, and files with names that strangers chose. Whatever a name says, the file is made in this folder itself and
// nowhere else: the name loses its path, and the file is opened relative to the folder's descriptor, made anew, never through a link.
class SaveFolder {
public:
    // Errors: not_found (there is no such folder), denied, unavailable.
    static Result<SaveFolder> open(const std::filesystem::path& folder);
    SaveFolder(SaveFolder&& other) noexcept;
    SaveFolder& operator=(SaveFolder&&) = delete;
    ~SaveFolder();

    // What happens to a file of that name that is there already.
    enum class Existing : unsigned char { keep, replace };
    // Answers the name that the file has got: that of mime::safe_file_name, with " (2)" before its ending when `keep` and the name is
    // taken. A file that could not be written whole is not there.
    // Errors: exists (every number up to numbers_max is taken, or it is a folder), denied, unavailable (the disk is full …).
    static constexpr unsigned numbers_max = 1'000;
    Result<std::string> save(std::string_view name, std::string_view bytes, Existing existing) const;

private:
    friend Result<> save_file(const std::filesystem::path&, std::string_view, Existing);
    explicit SaveFolder(int descriptor) : descriptor_(descriptor) {}
    Result<> write_new(const std::string& name, std::string_view bytes) const;
    Result<> replace(const std::string& name, std::string_view bytes) const;
    int descriptor_;
};

// The name of a file, as the user gave it, in the folder that he gave with it: made anew, or with `replace` put in its place.
Result<> save_file(const std::filesystem::path& file, std::string_view bytes, SaveFolder::Existing existing);

}  // namespace packetboat::agent
