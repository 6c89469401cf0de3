#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>

#include "store/files.h"

namespace packetboat::store {

// Foresees a full disk: writes are refused while less than `min_free_bytes` is free. Looks once a second.
class Space {
public:
    Space(std::shared_ptr<files::FileSystem> files, std::filesystem::path directory, std::uint64_t min_free_bytes)
        : files_(std::move(files)), directory_(std::move(directory)), min_free_bytes_(min_free_bytes) {}

    Result<> check();  // from any thread

private:
    bool look();

    std::shared_ptr<files::FileSystem> files_;
    std::filesystem::path directory_;
    std::uint64_t min_free_bytes_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point look_at_;
    std::atomic<bool> enough_{true};
};

}  // namespace packetboat::store
