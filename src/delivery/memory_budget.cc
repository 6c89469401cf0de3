#include "delivery/memory_budget.h"

#include <algorithm>

namespace packetboat::delivery {

bool BudgetedBytes::reserve(std::size_t bytes) {
    if (bytes <= charged_) return true;
    const std::uint64_t more = bytes - charged_;
    if (!budget_->take(more)) return false;
    charged_ += more;
    bytes_.reserve(bytes);
    return true;
}

bool BudgetedBytes::append(std::string_view more, std::size_t limit) {
    const std::size_t needed = bytes_.size() + more.size();
    if (needed > charged_ && !reserve(std::max(needed, std::min<std::size_t>(2 * charged_, limit)))) return false;
    bytes_ += more;
    return true;
}

void BudgetedBytes::clear() {
    std::string().swap(bytes_);
    budget_->give_back(std::exchange(charged_, 0));
}

}  // namespace packetboat::delivery
