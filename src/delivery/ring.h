#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace packetboat::delivery {

// First in, first out. Takes no memory while it is empty, which a std::deque does, and there are many.
template <class T>
class Ring {
public:
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }

    void push_back(T value) {
        if (size_ == slots_.size()) grow();
        slots_[(head_ + size_++) % slots_.size()] = std::move(value);
    }
    T pop_front() {
        T value = std::move(slots_[head_]);
        head_ = (head_ + 1) % slots_.size();
        if (--size_ == 0) {
            slots_ = {};
            head_ = 0;
        }
        return value;
    }
    void clear() { *this = {}; }

private:
    void grow() {
        std::vector<T> larger(slots_.empty() ? 1 : slots_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[(head_ + i) % slots_.size()]);
        slots_ = std::move(larger);
        head_ = 0;
    }

    std::vector<T> slots_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace packetboat::delivery
