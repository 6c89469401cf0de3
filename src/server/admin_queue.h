#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delivery/schedule.h"
#include "server/admin_commands.h"
#include "server/queue_filter.h"

// What the queue's commands share.
namespace packetboat::server::admin {

// Why recipients wait, in plain words: what stands in the queue, and what a running server knows of their destinations.
class Reasons {
public:
    explicit Reasons(std::vector<delivery::Schedule::State> states);
    std::string of(const delivery::QueuedRecipient& recipient) const;
    const delivery::Schedule::State* state(std::string_view domain) const;  // null: nothing is known

private:
    std::unordered_map<std::string, delivery::Schedule::State> states_;
};
Task<Reasons> reasons_now(Context& context);

Result<QueueFilter> filter_of(const Context& context);
// Errors: not_found.
Result<Id128> queue_id(std::string_view text);

// Calls `visit` with some hundred entries at a time, oldest first, until it answers false.
Task<Result<>> each_page(Context& context, const std::function<Task<Result<bool>>(std::vector<delivery::QueueEntry>&)>& visit);

Task<Result<std::string>> queue_summary(Context& context);
void write_destination(JsonWriter& json, const delivery::Schedule::State& state);

}  // namespace packetboat::server::admin
