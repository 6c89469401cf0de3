#include "relay/outgoing.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <string_view>

#include "base/text.h"
#include "delivery/delivery.h"
#include "directory/address.h"

namespace packetboat::relay {

namespace {

smtp::wire::Notify notify_of(std::uint8_t bits) {
    return {.never = (bits & delivery::notify_never) != 0,
            .success = (bits & delivery::notify_success) != 0,
            .failure = (bits & delivery::notify_failure) != 0,
            .delay = (bits & delivery::notify_delay) != 0};
}

smtp::wire::Ret ret_of(std::string_view ret) {
    if (ret == "FULL") return smtp::wire::Ret::full;
    if (ret == "HDRS") return smtp::wire::Ret::headers;
    return smtp::wire::Ret::not_given;
}

// A domain in U-labels is the same in A-labels, which every server knows: only a local part needs SMTPUTF8.
std::string plainest(const std::string& address) {
    if (is_ascii(address)) return address;
    const Result<directory::Address> parsed = directory::Address::parse_any(address);
    if (!parsed || !is_ascii(parsed->text())) return address;
    // The local part as it was written: Address has it in lower case.
    return address.substr(0, address.rfind('@') + 1) + parsed->domain();
}

}  // namespace

smtp::Outgoing outgoing(const delivery::Shipment& shipment, std::span<const std::size_t> which, const Declared& declared) {
    const delivery::QueueEntry& entry = shipment.entry;
    smtp::Outgoing out{.reverse_path = plainest(entry.reverse_path),
                       .size_bytes = declared.conversion ? declared.size_bytes.value_or(0)
                                                         : entry.size_bytes - std::min(entry.skip_bytes, entry.size_bytes),
                       .body = declared.body,
                       .smtputf8 = declared.smtputf8,
                       .ret = ret_of(entry.ret),
                       .envid = entry.envid,
                       .require_tls = entry.require_tls};
    out.recipients.reserve(which.size());
    for (const std::size_t i : which) {
        const delivery::QueuedRecipient& recipient = *shipment.recipients[i];
        out.recipients.push_back({.address = plainest(recipient.address), .notify = notify_of(recipient.notify), .orcpt = recipient.orcpt});
    }
    return out;
}

Groups::Groups(const delivery::Shipment& shipment, Limits limits)
    : shipment_(shipment),
      limits_{.recipients_max = std::max<std::size_t>(1, limits.recipients_max),
              .domains_max = std::max<std::size_t>(1, limits.domains_max)} {
    for (std::size_t i = shipment.recipients.size(); i > 0; --i) waiting_.push_back(i - 1);
}

std::vector<std::size_t> Groups::next() {
    std::vector<std::size_t> out;
    std::set<std::string_view> domains;
    while (!waiting_.empty() && out.size() < limits_.recipients_max) {
        const std::string_view domain = shipment_.recipients[waiting_.back()]->domain();
        if (!domains.contains(domain) && domains.size() == limits_.domains_max) break;
        domains.insert(domain);
        out.push_back(waiting_.back());
        waiting_.pop_back();
    }
    return out;
}

void Groups::again(std::span<const std::size_t> which, std::size_t accepted) {
    for (const std::size_t i : which | std::views::reverse) waiting_.push_back(i);
    limits_.recipients_max = std::clamp<std::size_t>(accepted, 1, limits_.recipients_max);
}

}  // namespace packetboat::relay
