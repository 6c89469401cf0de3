#pragma once

#include <cstdint>

namespace packetboat::cli {

// A bar on standard error for what takes long, on a terminal only. Used by one thread at a time.
class ProgressBar {
public:
    static constexpr std::uint64_t small_bytes = 1024 * 1024;  // what has less is done before anybody looks

    explicit ProgressBar(bool wanted);
    bool shown() const { return shown_; }
    void show(std::uint64_t done, std::uint64_t total);
    void end();  // takes it away

private:
    bool shown_;
    bool drawn_ = false;
    std::uint64_t last_permille_ = 1001;
};

}  // namespace packetboat::cli
