#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "smtp/client/message.h"

namespace packetboat::agent {

// A message of any size that came from a pipe: in memory while it is small, else in a file without a name.
class Spool {
public:
    static constexpr std::size_t memory_max_bytes = 4 * 1024 * 1024;

    Spool() = default;
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    Result<> append(std::string_view bytes);
    std::uint64_t size_bytes() const { return size_bytes_; }
    bool in_memory() const { return descriptor_ < 0; }
    // Its first bytes, at most memory_max_bytes: all there is while it is in memory.
    std::string_view front() const { return front_; }
    // Whether bytes from `offset` on are beyond ASCII.
    bool has_8bit_from(std::uint64_t offset) const { return end_of_8bit_ > offset; }

    Result<std::string> read(std::uint64_t offset, std::size_t bytes) const;

private:
    Result<> write(std::string_view bytes);

    std::string front_;
    int descriptor_ = -1;  // has everything, also what is in front
    std::uint64_t size_bytes_ = 0;
    std::uint64_t end_of_8bit_ = 0;  // behind the last such byte
};

// A header, then a spool from `offset` on, which outlives it.
class SpoolBody final : public smtp::BodySource {
public:
    SpoolBody(std::string header, const Spool& spool, std::uint64_t offset) : header_(std::move(header)), spool_(spool), offset_(offset) {}
    Task<Result<std::string_view>> next() override;

private:
    std::string header_;
    const Spool& spool_;
    std::uint64_t offset_;
    bool header_said_ = false;
    std::string piece_;
};

}  // namespace packetboat::agent
