#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace packetboat::delivery {

// How many message bytes all sessions hold in memory together, and how many they may.
class MemoryBudget {
public:
    explicit MemoryBudget(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

    // False: that would be too much, and nothing was taken.
    bool take(std::uint64_t bytes) {
        std::uint64_t before = taken_.load(std::memory_order_relaxed);
        do {
            if (bytes > max_bytes_ || before > max_bytes_ - bytes) return false;
        } while (!taken_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
        return true;
    }
    void give_back(std::uint64_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
    std::uint64_t taken_bytes() const { return taken_.load(std::memory_order_relaxed); }

private:
    const std::uint64_t max_bytes_;
    std::atomic<std::uint64_t> taken_{0};
};

// Bytes that count against the budget with what they occupy, for as long as they live. The budget is shared, because bytes may
// outlive the service that they came in by (a commit holds on to them).
class BudgetedBytes {
public:
    explicit BudgetedBytes(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
    ~BudgetedBytes() { clear(); }
    BudgetedBytes(BudgetedBytes&& other) noexcept
        : budget_(other.budget_), bytes_(std::move(other.bytes_)), charged_(std::exchange(other.charged_, 0)) {
        other.bytes_.clear();
    }
    BudgetedBytes& operator=(BudgetedBytes&&) = delete;

    // Room for this many bytes in all. False: the budget is used up, and nothing has changed.
    bool reserve(std::size_t bytes);
    // Copies once. Grows by doubling, at most to `limit` unless the bytes need more.
    bool append(std::string_view more, std::size_t limit);
    // Frees the bytes and gives back what they took.
    void clear();
    // The bytes, which stay charged until clear().
    std::string take() { return std::exchange(bytes_, {}); }

    const std::string& bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }

private:
    std::shared_ptr<MemoryBudget> budget_;
    std::string bytes_;
    std::uint64_t charged_ = 0;
};

}  // namespace packetboat::delivery
