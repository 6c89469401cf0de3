#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mail_source.h"
#include "agent/search.h"
#include "base/error.h"
#include "base/task.h"

namespace packetboat::agent {

// A message's row in a list. Text is decoded, and not printable yet.
struct Summary {
    MailItem item;
    std::string date;     // "2026-11-24 09:01", here
    std::string from;     // the name, else the address
    std::string address;  // of From
    std::string subject;
    bool attachment = false;  // as far as the header says: several parts that are no alternatives, or no text at all
};
Summary summary_of(MailItem item, std::string_view header);

// Told now and then how many of how many messages have been looked at.
using Looked = std::function<void(std::size_t looked_at, std::size_t all)>;

// Of these messages, in their order. What has gone meanwhile is left out. Headers are fetched some hundred at a time, and dropped.
Task<Result<std::vector<Summary>>> summaries(MailSource& source, std::vector<MailItem> items);
// Those that meet all conditions; fetches what the headers do not rule out, one at a time, where they cannot say it.
Task<Result<std::vector<Summary>>> found(MailSource& source, std::vector<MailItem> items, const Search& search, const Looked& looked);

// A table that fits the terminal, with a line of titles; 0 columns: as wide as it is.
std::string summary_table(const std::vector<Summary>& rows, std::size_t columns);

}  // namespace packetboat::agent
