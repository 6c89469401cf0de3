#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

namespace packetboat::cli {

ProgressBar::ProgressBar(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) != 0) {}

void ProgressBar::show(std::uint64_t done, std::uint64_t total) {
    constexpr std::uint64_t cells = 40;
    if (!shown_ || total < small_bytes) return;
    const std::uint64_t permille = std::min(done, total) * 1000 / total;
    if (std::exchange(last_permille_, permille) == permille) return;
    const std::uint64_t full = permille * cells / 1000;
    const std::string bar = std::string(full, '#') + std::string(cells - full, '.');
    std::fprintf(stderr, "\r[%s] %3u %%  %.1f of %.1f MB", bar.c_str(), static_cast<unsigned>(permille / 10),
                 static_cast<double>(std::min(done, total)) / 1e6, static_cast<double>(total) / 1e6);
    std::fflush(stderr);
    drawn_ = true;
}

void ProgressBar::end() {
    // Back to the beginning of the line, and the line away.
    if (std::exchange(drawn_, false)) std::fputs("\r\x1b[K", stderr);
}

}  // namespace packetboat::cli
