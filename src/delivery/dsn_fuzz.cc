#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "delivery/dsn.h"
#include "delivery/testing/report_reader.h"

using namespace packetboat;
using namespace packetboat::delivery;

// Whatever the facts, they make a multipart/report of three parts. The input is flags, then texts with 0xFE between them; what is left is
// the message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto next = [&input] {
        const std::size_t end = std::min(input.find('\xfe'), input.size());
        const std::string_view text = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        return std::string(text);
    };
    QueueEntry entry{.arrived = {1'700'000'000'000'000}};
    entry.reverse_path = next();
    entry.envid = next();
    entry.smtputf8 = (data[0] & 1) != 0;
    entry.ret = (data[0] & 2) != 0 ? "HDRS" : "";
    for (std::size_t i = 0; i < 1 + (data[0] >> 6); ++i) {
        QueuedRecipient& recipient = entry.recipients.emplace_back();
        recipient.address = next();
        recipient.original = next();
        recipient.orcpt = next();
        recipient.status = next();
        recipient.last_error = next();
        recipient.diagnostic = next();
        recipient.remote = next();
        recipient.local = (data[0] & 4) != 0;
        recipient.report = static_cast<Report>(1 + ((data[1] >> (2 * i)) & 3));
    }
    std::vector<const QueuedRecipient*> recipients;
    for (const QueuedRecipient& recipient : entry.recipients) recipients.push_back(&recipient);
    const DsnMessage message = write_dsn({.hostname = "mail.example.test",
                                          .entry = entry,
                                          .recipients = std::move(recipients),
                                          .content = input,
                                          .content_whole = (data[0] & 8) != 0,
                                          .retry_until = entry.arrived,
                                          .now = entry.arrived,
                                          .id = {}});
    const Result<ReadReport> report = read_report(message.text);
    const bool header_is_ascii = is_ascii(std::string_view(message.text).substr(0, message.text.find("\r\n\r\n")));
    if (report && report->groups.size() >= 2 && (message.smtputf8 || header_is_ascii) && message.eight_bit == !is_ascii(message.text))
        return 0;
    std::fprintf(stderr, "%s\n%s\n", report ? "" : report.error().text.c_str(), message.text.c_str());
    std::abort();
}
