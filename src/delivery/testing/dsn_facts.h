#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "delivery/dsn.h"
#include "delivery/testing/report_reader.h"

namespace packetboat::delivery {

inline const std::string dsn_letter = "Subject: hi\r\nFrom: alice@example.test\r\n\r\nthe text\r\n";

// A message of alice's, and what became of it.
struct Facts {
    QueueEntry entry{.id = Id128::derived({"entry"}), .reverse_path = "alice@example.test", .arrived = {1'700'000'000'000'000}};
    std::string content = dsn_letter;
    bool whole = true;
    std::optional<Time> retry_until;

    QueuedRecipient& add(Report report, std::string address) {
        return entry.recipients.emplace_back(QueuedRecipient{.address = std::move(address), .due = entry.arrived + hour, .report = report});
    }
    DsnMessage write() const {
        std::vector<const QueuedRecipient*> recipients;
        for (const QueuedRecipient& recipient : entry.recipients) recipients.push_back(&recipient);
        return write_dsn({.hostname = "mail.example.test",
                          .entry = entry,
                          .recipients = std::move(recipients),
                          .content = content,
                          .content_whole = whole,
                          .retry_until = retry_until,
                          .now = entry.arrived + 2 * hour,
                          .id = Id128::derived({"dsn"})});
    }
    ReadReport read() const {
        const DsnMessage message = write();
        EXPECT_EQ(message.eight_bit, !is_ascii(message.text));
        Result<ReadReport> report = read_report(message.text);
        EXPECT_TRUE(report) << report.error().text << "\n" << message.text;
        return report ? *std::move(report) : ReadReport{.groups = {{}, {}}};
    }
    std::string field(std::string_view name) const { return value_of(read().groups.at(1), name); }

    static constexpr std::chrono::hours hour{1};
};

// Without the folds and breaks of lines.
inline std::string one_space(std::string text) {
    for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at)) text.replace(at, 2, " ");
    return text;
}

}  // namespace packetboat::delivery
