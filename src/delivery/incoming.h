#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "delivery/delivery.h"
#include "delivery/memory_budget.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

namespace packetboat::delivery {

// A message that is coming in: its bytes in memory until there are too many, then the last of them only, the rest being on disk.
struct Incoming::State {
    State(store::Store& to, const Limits& limits, std::shared_ptr<MemoryBudget> budget);

    // False: no memory left for it.
    bool begin(std::string_view return_path_field, std::string_view trace_fields, std::uint64_t size_hint_bytes);
    Task<Result<>> append(std::string_view bytes);
    // The whole message, in memory only when it is small enough for a commit to carry.
    Task<Result<mailbox::Content>> finish(std::uint64_t inline_max_bytes);

    std::uint64_t size_bytes = 0;
    std::uint64_t skip_bytes = 0;  // Return-Path

private:
    Task<Result<>> spill();
    Unexpected lose(Error error);
    std::size_t buffer_max_bytes() const;

    store::Store& store_;
    std::size_t spool_above_bytes_;
    std::shared_ptr<MemoryBudget> budget_;
    BudgetedBytes buffer_;
    std::unique_ptr<store::BlobWriter> spool_;
    std::optional<Error> lost_;
};

}  // namespace packetboat::delivery
