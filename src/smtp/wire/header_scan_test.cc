#include "smtp/wire/header_scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace packetboat::smtp::wire {
namespace {

struct Scanned {
    std::string kept;
    std::uint64_t received = 0;
    std::uint64_t header_bytes = 0;
    bool ended = false;
};
Scanned scan(std::string_view message, std::size_t piece, HeaderScan::Missing missing = {}) {
    HeaderScan scan(std::move(missing));
    Scanned out;
    while (!message.empty()) {
        // A copy of its own, so that a view into an older chunk would be noticed.
        const std::string chunk(message.substr(0, piece));
        message.remove_prefix(chunk.size());
        for (const std::string_view kept : scan.next(chunk)) out.kept += kept;
    }
    out.ended = scan.ended();
    for (const std::string_view kept : scan.finish()) out.kept += kept;
    out.received = scan.received();
    out.header_bytes = scan.header_bytes();
    return out;
}

struct Case {
    std::string message;
    std::string kept;
    std::uint64_t received = 0;
};
void expect(const std::vector<Case>& cases, const HeaderScan::Missing& missing) {
    for (const Case& one : cases) {
        for (std::size_t piece = 1; piece <= one.message.size() + 1; ++piece) {
            const Scanned got = scan(one.message, piece, missing);
            ASSERT_EQ(got.kept, one.kept) << one.message << "in pieces of " << piece;
            ASSERT_EQ(got.received, one.received) << one.message << "in pieces of " << piece;
        }
    }
}

TEST(smtp_header_scan, a_proper_message_is_kept_as_it_is) {
    const std::vector<std::string> messages = {
        "Subject: x\r\n\r\nbody\r\n",   "\r\nbody\r\n", "", "Subject: x\r\n", "A: b\r\n folded\r\n\tmore\r\n\r\n", "A :b\r\n\r\n",
        "A: b\r\n\r\nReceived: no\r\n",
    };
    std::vector<Case> cases;
    for (const std::string& message : messages) cases.push_back({message, message});
    expect(cases, {});
}

TEST(smtp_header_scan, received_fields_are_counted_in_the_header_only) {
    expect(
        {
            {"Received: a\r\nreceived : b\r\nX-Received: c\r\nRECEIVED: d\r\n Received: e\r\n\r\nReceived: f\r\n",
             "Received: a\r\nreceived : b\r\nX-Received: c\r\nRECEIVED: d\r\n Received: e\r\n\r\nReceived: f\r\n", 3},
        },
        {});
}

TEST(smtp_header_scan, text_without_a_header_gets_the_empty_line_that_it_lacks) {
    const std::string long_word(400, 'x');
    expect(
        {
            {"Hello there\r\n", "\r\nHello there\r\n"},
            {"Hello\r\n", "\r\nHello\r\n"},
            {" indented\r\n", "\r\n indented\r\n"},
            {"Subject: x\r\nHello there\r\n", "Subject: x\r\n\r\nHello there\r\n"},
            {": no name\r\n", "\r\n: no name\r\n"},
            {long_word + ": x\r\n", "\r\n" + long_word + ": x\r\n"},
            {"cut", "\r\ncut"},
        },
        {});
}

TEST(smtp_header_scan, missing_fields_come_at_the_headers_end) {
    expect(
        {
            {"Subject: x\r\n\r\nbody\r\n", "Subject: x\r\nDate: d\r\nMessage-ID: m\r\n\r\nbody\r\n"},
            {"DATE: y\r\n\r\nbody\r\n", "DATE: y\r\nMessage-ID: m\r\n\r\nbody\r\n"},
            {"Message-Id: y\r\nDate : z\r\n\r\n", "Message-Id: y\r\nDate : z\r\n\r\n"},
            {"\r\nDate: body\r\n", "Date: d\r\nMessage-ID: m\r\n\r\nDate: body\r\n"},
            {"", "Date: d\r\nMessage-ID: m\r\n"},
            {"Subject: x\r\n", "Subject: x\r\nDate: d\r\nMessage-ID: m\r\n"},
            {"Subject: cut", "Subject: cut\r\nDate: d\r\nMessage-ID: m\r\n"},
            {"Hello there\r\n", "Date: d\r\nMessage-ID: m\r\n\r\nHello there\r\n"},
        },
        {.date = "Date: d\r\n", .message_id = "Message-ID: m\r\n"});
}

TEST(smtp_header_scan, a_header_is_measured) {
    for (std::size_t piece = 1; piece < 24; ++piece) EXPECT_EQ(scan("A: b\r\nC: d\r\n\r\nbody\r\n", piece).header_bytes, 12) << piece;
    EXPECT_TRUE(scan("A: b\r\n\r\nbody", 100).ended);
    EXPECT_FALSE(scan("A: b\r\n", 100).ended);
}

TEST(smtp_header_scan, what_lies_together_is_kept_together) {
    HeaderScan scan({});
    const std::string message = "A: b\r\nC: d\r\n e\r\n\r\nbody\r\n";
    const std::vector<std::string_view>& kept = scan.next(message);
    ASSERT_EQ(kept.size(), 1);
    EXPECT_EQ(kept[0].data(), message.data());
}

}  // namespace
}  // namespace packetboat::smtp::wire
