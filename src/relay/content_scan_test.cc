#include "relay/content_scan.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "relay/outgoing.h"
#include "relay/testing/world.h"

namespace packetboat::relay {
namespace {

using smtp::wire::Body;
using smtp::wire::Capabilities;
using testing::TextContent;

std::string show(std::string_view text, std::size_t piece_bytes) {
    ContentScan scan;
    for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(rest.size(), piece_bytes)))
        scan.next(rest.substr(0, piece_bytes));
    return std::string(scan.header_ended() ? "ended " : "") + (scan.header_eight_bit() ? "header8 " : "") + (scan.eight_bit() ? "8 " : "") +
           (scan.binary() ? "binary " : "");
}

TEST(ContentScan, knows_what_is_in_a_message) {
    struct Case {
        std::string text;
        const char* found;
    };
    const std::string long_line(999, 'x');
    const std::vector<Case> cases = {
        {"", ""},
        {"Subject: x\r\n\r\nbody\r\n", "ended "},
        {"Subject: x\r\n", ""},
        {"\r\nbody: ü\r\n", "ended 8 "},
        {"Subject: ü\r\n\r\nbody\r\n", "ended header8 8 "},
        {"Subject: x\r\n\r\nü\r\n", "ended 8 "},
        {"Subject: x\n\nü\n", "ended 8 binary "},
        {"Subject: x\r\n\r\na\rb\r\n", "ended binary "},
        {std::string("Subject: x\r\n\r\na\0b\r\n", 19), "ended binary "},
        {"a: b\r\n\r\n" + long_line.substr(1) + "\r\n", "ended "},
        {"a: b\r\n\r\n" + long_line + "\r\n", "ended binary "},
    };
    for (const Case& one : cases) {
        for (const std::size_t piece : {1U, 2U, 7U, 10'000U}) EXPECT_EQ(show(one.text, piece), one.found) << one.text;
    }
}

struct Declare : ::testing::Test {
    delivery::QueueEntry entry;
    Capabilities all{.eight_bit_mime = true, .binary_mime = true, .chunking = true, .smtputf8 = true};
    std::size_t read_bytes = 0;

    std::string declared(const std::string& text, const Capabilities& can) {
        TextContent content(text, 100);
        const Result<Declared> out = run_to_end(declare(entry, can, content));
        read_bytes = content.read_bytes;
        constexpr const char* bodies[] = {"7", "8", "binary"};
        return std::string(bodies[static_cast<int>(out->body)]) + (out->conversion ? " converted" : "") +
               (out->size_bytes ? " " + std::to_string(*out->size_bytes) : "") + (out->smtputf8 ? " utf8" : "");
    }
};

TEST_F(Declare, eight_bit_text_only_where_it_is) {
    entry.body = delivery::Body::eight_bit_mime;
    EXPECT_EQ(declared("a: b\r\n\r\nü\r\n", all), "8");
    EXPECT_EQ(declared("a: b\r\n\r\nu\r\n", all), "7");
    // A long one is not read twice.
    EXPECT_EQ(declared(std::string(3 * content_scan_max_bytes, 'x'), all), "8");
    EXPECT_LT(read_bytes, content_scan_max_bytes + 200);
}

TEST_F(Declare, eight_bit_text_is_converted_where_it_is_not_taken) {
    for (const delivery::Body body : {delivery::Body::eight_bit_mime, delivery::Body::seven_bit}) {
        entry.body = body;
        EXPECT_EQ(declared("a: b\r\n\r\nü\r\n", {}), "7 converted");
        EXPECT_EQ(declared("a: b\r\n\r\nu\r\n", {}), "7");
        EXPECT_EQ(declared("a: ü\r\n\r\nu\r\n", {}), "7");
        // Also what comes late.
        EXPECT_EQ(declared("a: b\r\n\r\n" + std::string(2 * content_scan_max_bytes, 'x') + "ü\r\n", {}), "7 converted");
        // Bare line ends and long lines were none of our doing, and stay.
        EXPECT_EQ(declared("a: b\r\n\r\nu\n", {}), "7");
    }
    const std::string text = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nü\r\n";
    EXPECT_EQ(declared(text, {.size = true}), "7 converted 100");
}

TEST_F(Declare, binary_only_where_it_must_be) {
    entry.body = delivery::Body::binary_mime;
    EXPECT_EQ(declared("a: b\r\n\r\na\rb", all), "binary");
    EXPECT_EQ(read_bytes, 0U);
    EXPECT_EQ(declared("a: b\r\n\r\na\rb", {.eight_bit_mime = true}), "7 converted");
    EXPECT_EQ(declared("a: b\r\n\r\na\rü", {.eight_bit_mime = true}), "8 converted");
    EXPECT_EQ(declared("a: b\r\n\r\na\rü", {}), "7 converted");
    EXPECT_EQ(declared("a: b\r\n\r\nü\r\n", {.eight_bit_mime = true}), "8");
    EXPECT_EQ(declared("a: b\r\n\r\nü\r\n", {}), "7 converted");
    EXPECT_EQ(declared("a: b\r\n\r\nu\r\n", {.eight_bit_mime = true, .binary_mime = true}), "7");
    // Nothing makes a header of it.
    EXPECT_EQ(declared("a: b\rc\r\n\r\nu\r\n", {.eight_bit_mime = true}), "binary");
}

TEST_F(Declare, what_is_nested_too_deep_is_not_converted) {
    std::string deep = "\r\n";
    for (int i = 0; i < 105; ++i) deep.insert(0, "Content-Type: message/rfc822\r\n\r\n");
    entry.body = delivery::Body::binary_mime;
    EXPECT_EQ(declared(deep + "a\rb\r\n", {}), "binary");
    EXPECT_EQ(declared(deep + "ü\r\n", {}), "7");
}

TEST_F(Declare, smtputf8_only_for_a_header_that_needs_it) {
    entry.smtputf8 = true;
    EXPECT_EQ(declared("a: b\r\n\r\nü\r\n", all), "7");
    EXPECT_EQ(declared("a: ü\r\n\r\nu\r\n", all), "7 utf8");
    EXPECT_EQ(declared("a: b\r\n\r\n" + std::string(10'000, 'x'), all), "7");
    EXPECT_LT(read_bytes, 200U);
    EXPECT_EQ(declared("a: " + std::string(2 * content_scan_max_bytes, 'x'), all), "7 utf8");
    entry.smtputf8 = false;
    EXPECT_EQ(declared("a: ü\r\n\r\nu\r\n", all), "7");
}

TEST_F(Declare, a_content_that_cannot_be_read_is_an_error) {
    for (const delivery::Body body : {delivery::Body::eight_bit_mime, delivery::Body::binary_mime, delivery::Body::seven_bit}) {
        entry.body = body;
        entry.smtputf8 = body == delivery::Body::seven_bit;
        TextContent content("x");
        content.fails = true;
        for (const Capabilities& can : {Capabilities{.eight_bit_mime = true}, Capabilities{}})
            EXPECT_EQ(run_to_end(declare(entry, can, content)).error().text, "disk error");
    }
}

TEST_F(Declare, a_conversion_may_be_run_again) {
    const std::string text = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nü\r\n";
    TextContent content(text, 1);
    const Result<Declared> out = run_to_end(declare(entry, {}, content));
    for (int i = 0; i < 2; ++i) {
        ConvertedContent converted(*out->conversion, content);
        std::string all_of_it;
        for (std::string piece = "x"; !piece.empty(); all_of_it += piece) piece = std::string(*run_to_end(converted.next()));
        EXPECT_EQ(all_of_it,
                  "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC\r\n");
        EXPECT_EQ(run_to_end(converted.next())->size(), 0U);
        content.rewind();
    }
    content.fails = true;
    ConvertedContent converted(*out->conversion, content);
    EXPECT_EQ(run_to_end(converted.next()).error().text, "disk error");
}

struct GroupsTest : ::testing::Test {
    delivery::QueueEntry entry;
    TextContent content{""};
    std::string take(Groups::Limits limits) {
        delivery::Shipment shipment{.entry = entry, .recipients = {}, .content = content};
        for (const delivery::QueuedRecipient& one : entry.recipients) shipment.recipients.push_back(&one);
        std::string out;
        for (Groups groups(shipment, limits); !groups.empty();) {
            for (const std::size_t i : groups.next()) out += std::to_string(i);
            out += " ";
        }
        return out;
    }
};

TEST_F(GroupsTest, keep_to_the_limits_and_the_order) {
    for (const char* address : {"a@x", "b@x", "c@y", "d@x", "e@z"}) entry.recipients.push_back({.address = address});
    EXPECT_EQ(take({.recipients_max = 10, .domains_max = 10}), "01234 ");
    EXPECT_EQ(take({.recipients_max = 2, .domains_max = 10}), "01 23 4 ");
    EXPECT_EQ(take({.recipients_max = 10, .domains_max = 1}), "01 2 3 4 ");
    EXPECT_EQ(take({.recipients_max = 10, .domains_max = 2}), "0123 4 ");
    EXPECT_EQ(take({.recipients_max = 0, .domains_max = 0}), "0 1 2 3 4 ");
}

TEST_F(GroupsTest, those_that_were_too_many_come_next_and_fewer_at_a_time) {
    for (const char* address : {"a@x", "b@x", "c@x", "d@x", "e@x"}) entry.recipients.push_back({.address = address});
    delivery::Shipment shipment{.entry = entry, .recipients = {}, .content = content};
    for (const delivery::QueuedRecipient& one : entry.recipients) shipment.recipients.push_back(&one);
    Groups groups(shipment, {.recipients_max = 4, .domains_max = 1});
    EXPECT_EQ(groups.next(), (std::vector<std::size_t>{0, 1, 2, 3}));
    groups.again(std::vector<std::size_t>{2, 3}, 2);
    EXPECT_EQ(groups.next(), (std::vector<std::size_t>{2, 3}));
    groups.again(std::vector<std::size_t>{3}, 1);
    EXPECT_EQ(groups.next(), (std::vector<std::size_t>{3}));
    EXPECT_EQ(groups.next(), (std::vector<std::size_t>{4}));
    EXPECT_TRUE(groups.empty());
}

TEST_F(GroupsTest, what_the_queue_knows_is_said) {
    entry = {.reverse_path = "Alice@Bücher.example",
             .envid = "e+3D",
             .ret = "HDRS",
             .require_tls = true,
             .size_bytes = 100,
             .skip_bytes = 30,
             .recipients = {{.address = "Bob@x", .orcpt = "rfc822;b@x", .notify = 1 | 2}, {.address = "jörg@x"}, {.address = "c@x"}}};
    delivery::Shipment shipment{.entry = entry, .recipients = {}, .content = content};
    for (const delivery::QueuedRecipient& one : entry.recipients) shipment.recipients.push_back(&one);
    const std::vector<std::size_t> which = {0, 1};
    const smtp::Outgoing out = outgoing(shipment, which, {.body = Body::eight_bit_mime, .smtputf8 = true});
    EXPECT_EQ(out.reverse_path, "Alice@xn--bcher-kva.example");
    EXPECT_EQ(out.size_bytes, 70U);
    EXPECT_EQ(out.body, Body::eight_bit_mime);
    EXPECT_TRUE(out.smtputf8 && out.require_tls);
    EXPECT_EQ(out.ret, smtp::wire::Ret::headers);
    EXPECT_EQ(out.envid, "e+3D");
    ASSERT_EQ(out.recipients.size(), 2U);
    EXPECT_EQ(out.recipients[0].address, "Bob@x");
    EXPECT_EQ(out.recipients[0].orcpt, "rfc822;b@x");
    EXPECT_EQ(out.recipients[0].notify, (smtp::wire::Notify{.never = true, .success = true}));
    EXPECT_EQ(out.recipients[1].address, "jörg@x");
    EXPECT_FALSE(out.recipients[1].notify.given());
    // A converted message has another size, or one that nobody asked for.
    EXPECT_EQ(outgoing(shipment, which, {.conversion = mime::SevenBitPlan(), .size_bytes = 90}).size_bytes, 90U);
    EXPECT_EQ(outgoing(shipment, which, {.conversion = mime::SevenBitPlan()}).size_bytes, 0U);
}

}  // namespace
}  // namespace packetboat::relay
