#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace packetboat::store {

// A directory of its own for a test, removed at its end.
class TestDirectory {
public:
    // In memory a sync costs nothing; what a test says about files holds there as well.
    enum class Where : bool { disk, memory };
    explicit TestDirectory(Where where = Where::disk) {
        const bool in_memory = where == Where::memory && std::filesystem::is_directory("/dev/shm");
        std::string name =
            (in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "packetboat-store-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        path_ = name;
    }
    ~TestDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TestDirectory(const TestDirectory&) = delete;
    TestDirectory& operator=(const TestDirectory&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace packetboat::store
