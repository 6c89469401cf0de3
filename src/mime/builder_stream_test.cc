#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/testing/must.h"
#include "mime/builder.h"
#include "mime/testing/draft.h"
#include "mime/testing/read_back.h"

namespace packetboat::mime {

namespace {

using packetboat::testing::must;
using testing::binary_bytes;
using testing::has_lines_of;
using testing::letter;
using testing::made;
using testing::raw_field;
using testing::read_back;
using testing::ReadMessage;

// A file that answers as it is told: some bytes at a time, another size, an error.
class ScriptedSource final : public Source {
public:
    explicit ScriptedSource(std::string bytes) : bytes_(std::move(bytes)), size_(bytes_.size()) {}

    std::uint64_t size_bytes() const override { return size_; }
    Result<std::size_t> read(std::uint64_t offset, std::span<char> out) const override {
        if (offset >= fails_at) return fail(ErrorCode::unavailable, "the disk is gone");
        if (offset >= bytes_.size()) return 0;
        largest_read = std::max(largest_read, out.size());
        const std::size_t count = std::min({out.size(), bytes_.size() - static_cast<std::size_t>(offset), at_a_time});
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
        return count;
    }
    void pretend_size(std::uint64_t size) { size_ = size; }

    std::size_t at_a_time = SIZE_MAX;
    std::uint64_t fails_at = UINT64_MAX;
    mutable std::size_t largest_read = 0;

private:
    std::string bytes_;
    std::uint64_t size_;
};

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

Result<std::string> all_of(Composition& composition) {
    std::string out;
    for (;;) {
        const Result<std::string_view> piece = composition.next();
        if (!piece) return fail(piece.error());
        if (piece->empty()) return out;
        EXPECT_LE(piece->size(), 64U * 1024);
        out += *piece;
    }
}

Draft with_message(std::string bytes) {
    Draft draft = letter();
    draft.text = "see below\n";
    draft.attachments.push_back({.name = "the letter", .type = "message/rfc822", .bytes = std::move(bytes)});
    return draft;
}

constexpr std::string_view plain_message = "From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n";
constexpr std::string_view wide_message =
    "From: a@b.example\r\nSubject: x\r\n\r\nb\xc3\xb6"
    "dy\r\n";
constexpr std::string_view wide_header_message = "From: a@b.example\r\nSubject: \xc3\xbc\r\n\r\nbody\r\n";
constexpr std::string_view latin1_header_message = "From: a@b.example\r\nSubject: \xfc\r\n\r\nbody\r\n";

}  // namespace

TEST(Composition, a_source_gives_what_bytes_give) {
    for (const std::size_t size : {0U, 1U, 56U, 57U, 58U, 114U, 47'880U, 47'879U, 47'881U, 200'000U}) {
        std::string bytes;
        while (bytes.size() < size) bytes += binary_bytes();
        bytes.resize(size);
        Draft draft = letter();
        draft.text = "text\n";
        draft.attachments.push_back({.name = "a.jpg", .type = "image/jpeg", .bytes = bytes});
        draft.attachments.push_back({.name = "b.jpg", .type = "image/jpeg", .bytes = bytes});
        ScriptedSource source(bytes);
        source.at_a_time = 1 + size / 7;
        draft.attachments[1].source = &source;
        draft.attachments[1].bytes.clear();

        Composition composition = must(compose(draft, made()));
        const std::string message = must(all_of(composition));
        EXPECT_EQ(composition.size_bytes(), message.size());
        EXPECT_EQ(message, must(build(draft, made())));
        EXPECT_LE(source.largest_read, 64U * 1024);
        const ReadMessage read = read_back(message);
        ASSERT_EQ(read.parts.size(), 3U);
        EXPECT_EQ(read.parts[1].bytes, bytes);
        EXPECT_EQ(read.parts[2].bytes, bytes);
        EXPECT_TRUE(has_lines_of(message, 78));
    }
}

TEST(Composition, what_a_source_cannot_give_is_an_error) {
    const std::string bytes = repeated("0123456789", 20'000);
    const auto error = [&](auto&& change) {
        ScriptedSource source(bytes);
        Draft draft = letter();
        draft.attachments.push_back({.name = "a", .source = &source});
        Composition composition = must(compose(draft, made()));
        EXPECT_TRUE(composition.next());
        change(source);
        const Result<std::string> rest = all_of(composition);
        EXPECT_FALSE(rest);
        EXPECT_FALSE(composition.next());  // and stays so
        return rest ? ErrorCode::internal : rest.error().code;
    };
    EXPECT_EQ(error([](ScriptedSource& source) { source.fails_at = 100'000; }), ErrorCode::unavailable);
    EXPECT_EQ(error([](ScriptedSource& source) { source.pretend_size(100'000); }), ErrorCode::unavailable);
    EXPECT_EQ(error([](ScriptedSource& source) { source.pretend_size(300'000); }), ErrorCode::unavailable);
    // It tells of more than it has from the beginning.
    ScriptedSource source(bytes);
    source.pretend_size(300'000);
    Draft draft = letter();
    draft.attachments.push_back({.name = "a", .source = &source});
    EXPECT_FALSE(build(draft, made()));
    // A message is looked at before.
    draft.attachments[0].type = "message/rfc822";
    EXPECT_FALSE(compose(draft, made()));
}

TEST(Composition, a_message_is_attached_as_it_is_or_as_a_file) {
    struct Row {
        std::string_view name;
        std::string bytes;
        BuildOptions options;
        std::string_view type;  // of the part
        std::string_view encoding;
        Transport needs;
    };
    using enum Transport;
    const BuildOptions seven{.transport = seven_bit};
    const BuildOptions eight{.transport = eight_bit};
    const BuildOptions all{.transport = binary};
    const BuildOptions utf8{.transport = seven_bit, .utf8_headers = true};
    const std::string long_line = "From: a@b.example\r\n\r\n" + std::string(999, 'x') + "\r\n";
    const Row rows[] = {
        {"ascii", std::string(plain_message), seven, "rfc822", "7bit", seven_bit},
        {"ascii", std::string(plain_message), all, "rfc822", "7bit", seven_bit},
        {"8-bit body", std::string(wide_message), seven, "octet-stream", "base64", seven_bit},
        {"8-bit body", std::string(wide_message), eight, "rfc822", "8bit", eight_bit},
        {"8-bit body", std::string(wide_message), utf8, "rfc822", "8bit", eight_bit},
        {"UTF-8 header", std::string(wide_header_message), eight, "octet-stream", "base64", seven_bit},
        {"UTF-8 header", std::string(wide_header_message), utf8, "global", "8bit", eight_bit},
        {"other header", std::string(latin1_header_message), utf8, "octet-stream", "base64", seven_bit},
        {"long line", long_line, eight, "octet-stream", "base64", seven_bit},
        {"long line", long_line, all, "rfc822", "binary", binary},
        {"bare LF", "From: a@b.example\n\nbody\n", eight, "octet-stream", "base64", seven_bit},
        {"bare CR", "From: a@b.example\r\n\r\nbo\rdy\r\n", eight, "octet-stream", "base64", seven_bit},
        {"CR at the end", "From: a@b.example\r\n\r\nbody\r", eight, "octet-stream", "base64", seven_bit},
        {"NUL", std::string("From: a@b.example\r\n\r\n\0\r\n", 23), eight, "octet-stream", "base64", seven_bit},
        {"NUL", std::string("From: a@b.example\r\n\r\n\0\r\n", 23), all, "rfc822", "binary", binary},
        {"no line end", "From: a@b.example\r\n\r\nbody", seven, "rfc822", "7bit", seven_bit},
        {"empty", "", seven, "octet-stream", "base64", seven_bit},
        {"no body", "From: a@b.example\r\n", seven, "octet-stream", "base64", seven_bit},
        {"empty body", "From: a@b.example\r\n\r\n", seven, "rfc822", "7bit", seven_bit},
        {"no line end after a delimiter", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--", seven, "octet-stream",
         "base64", seven_bit},
        {"a delimiter", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", seven, "rfc822", "7bit", seven_bit},
    };
    for (const Row& row : rows) {
        const Draft draft = with_message(row.bytes);
        const Composition composition = must(compose(draft, made(), row.options));
        EXPECT_EQ(composition.needs(), row.needs) << row.name;
        const std::string message = must(build(draft, made(), row.options));
        const ReadMessage read = read_back(message);
        ASSERT_EQ(read.parts.size(), 2U) << row.name;
        EXPECT_EQ(read.parts[1].type.subtype, row.type) << row.name;
        EXPECT_EQ(read.parts[1].encoding, row.encoding) << row.name;
        EXPECT_EQ(read.parts[1].bytes, row.bytes) << row.name;
        EXPECT_EQ(read.parts[1].name, row.type == "octet-stream" ? "the letter.eml" : "the letter") << row.name;
        // RFC 2045 §6.4: the multipart around it says so, too.
        const std::string_view around = row.needs == binary ? "binary" : (row.needs == eight_bit ? "8bit" : "");
        EXPECT_EQ(raw_field(message, "Content-Transfer-Encoding"), around) << row.name;
        EXPECT_EQ(composition.has_utf8_headers(), row.type == "global") << row.name;
    }
}

// What comes last in a message is given a line end on its way; what is in a multipart is not touched.
TEST(Composition, a_lone_message_keeps_its_last_byte) {
    Draft draft = letter();
    draft.attachments.push_back({.type = "message/rfc822", .bytes = std::string(plain_message)});
    EXPECT_EQ(read_back(must(build(draft, made()))).paths(), "rfc822");
    draft.attachments[0].bytes.resize(plain_message.size() - 2);
    const ReadMessage read = read_back(must(build(draft, made())));
    EXPECT_EQ(read.paths(), "mixed/rfc822");
    EXPECT_EQ(read.parts[0].bytes, draft.attachments[0].bytes);
}

TEST(Composition, a_message_of_a_source_is_seen_whole_across_its_pieces) {
    // The boundary that would be chosen, where two pieces meet.
    Draft first = letter();
    first.text = "x\n";
    first.html = "x\n";
    const std::string boundary(content_type(raw_field(must(build(first, made())), "Content-Type")).parameter("boundary"));
    for (const std::size_t before : {64U * 1024 - 10, 64U * 1024, 128U * 1024 - 1}) {
        std::string bytes(plain_message);
        while (bytes.size() < before) bytes += "0123456789abcdef0123456789abcdef\r\n";
        bytes.resize(before - 4);
        bytes += "\r\n--" + boundary + "\r\nX: y\r\n";
        const ScriptedSource source(bytes);
        Draft draft = with_message("");
        draft.attachments[0].source = &source;
        const ReadMessage read = read_back(must(build(draft, made(), {.transport = Transport::binary})));
        ASSERT_EQ(read.parts.size(), 2U);
        EXPECT_EQ(read.parts[1].bytes, bytes);
    }
}

}  // namespace packetboat::mime
