#include "store/space.h"

#include "base/log.h"

namespace packetboat::store {

Result<> Space::check() {
    if (min_free_bytes_ == 0 || look()) return {};
    return fail(ErrorCode::unavailable, "the disk is nearly full");
}

bool Space::look() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    const auto now = std::chrono::steady_clock::now();
    if (!lock || now < look_at_) return enough_;
    look_at_ = now + std::chrono::seconds(1);

    std::uint64_t free_bytes = 0;
    // A file layer that cannot tell is not a full disk.
    if (!files_->GetFreeSpace(directory_, rocksdb::IOOptions(), &free_bytes, nullptr).ok()) return enough_ = true;
    const bool enough = free_bytes >= min_free_bytes_;
    if (enough != enough_) {
        log_write(enough ? LogLevel::info : LogLevel::error, enough ? "store.space_again" : "store.disk_full", "",
                  {{"free_bytes", free_bytes}, {"min_free_bytes", min_free_bytes_}});
    }
    return enough_ = enough;
}

}  // namespace packetboat::store
