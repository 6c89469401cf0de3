#include "pop3/wire/reply_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "pop3/wire/stuffing.h"

namespace packetboat::pop3::wire {
namespace {

// What one mode makes of all bytes, fed in pieces; a body's pieces are put together.
std::string read(ReplyMode mode, std::string_view bytes, std::size_t piece = 1'000'000) {
    ReplyDecoder decoder;
    std::string out, buffer, body;
    while (!bytes.empty()) {
        buffer += bytes.substr(0, piece);
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            std::size_t consumed = 0;
            const std::optional<ReplyEvent> event = decoder.next(mode, buffer, consumed);
            if (event) {
                if (const auto* reply = std::get_if<ServerReply>(&*event)) out += "{" + reply->line() + "}";
                if (const auto* more = std::get_if<Continuation>(&*event)) out += "{+ " + more->text + "}";
                if (const auto* line = std::get_if<ListingLine>(&*event)) out += "{" + std::string(line->text) + "}";
                if (const auto* part = std::get_if<BodyPiece>(&*event)) {
                    EXPECT_FALSE(part->bytes.empty());
                    body += part->bytes;
                }
                if (std::holds_alternative<MultiLineEnd>(*event)) out += "{" + std::exchange(body, {}) + "END}";
                if (const auto* bad = std::get_if<BadReply>(&*event)) return out + "{bad: " + bad->why + "}";
            }
            buffer.erase(0, consumed);
            if (!event && consumed == 0) break;
        }
    }
    return out + body;
}

std::string in_all_pieces(ReplyMode mode, std::string_view bytes) {
    const std::string whole = read(mode, bytes);
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(read(mode, bytes, piece), whole) << piece;
    return whole;
}

TEST(reply_decoder, reads_a_status) {
    EXPECT_EQ(in_all_pieces(ReplyMode::status, "+OK\r\n+OK ready\r\n-ERR\n-ERR [AUTH] no\r\r\n+ok\tx \r\n"),
              "{+OK}{+OK ready}{-ERR}{-ERR [AUTH] no}{+OK x}");
}

TEST(reply_decoder, shows_no_control_characters) {
    EXPECT_EQ(read(ReplyMode::status,
                   "+OK a\x1b[31m\xc2\x9b"
                   "b\xff\r\n"),
              "{+OK a?[31m??b?}");
    EXPECT_EQ(read(ReplyMode::status, "+OK gr\xc3\xbc\xc3\x9f\xc2\x9b\r\n"), "{+OK gr\xc3\xbc\xc3\x9f??}");
}

TEST(reply_decoder, a_continuation_only_within_a_login) {
    EXPECT_EQ(in_all_pieces(ReplyMode::sasl, "+ abc=\r\n+\r\n+ \r\n+OK\r\n-ERR x\r\n"), "{+ abc=}{+ }{+ }{+OK}{-ERR x}");
    EXPECT_EQ(read(ReplyMode::status, "+ abc\r\n"), "{bad: an answer that is no POP3: \"+ abc\"}");
}

TEST(reply_decoder, what_is_no_answer_is_the_last_one) {
    for (const char* bad : {"", "OK", "+OKAY", "-ERROR x", "250 ok", "* OK", " +OK"}) {
        const std::string out = read(ReplyMode::status, std::string(bad) + "\r\n+OK\r\n");
        EXPECT_TRUE(out.starts_with("{bad: an answer that is no POP3")) << out;
        ReplyDecoder decoder;
        std::size_t consumed = 0;
        (void)decoder.next(ReplyMode::status, std::string(bad) + "\r\n", consumed);
        EXPECT_TRUE(std::holds_alternative<BadReply>(*decoder.next(ReplyMode::body, "x", consumed)));
        decoder.reset();
        EXPECT_TRUE(std::holds_alternative<ServerReply>(*decoder.next(ReplyMode::status, "+OK\n", consumed)));
    }
}

TEST(reply_decoder, lines_are_bounded) {
    const std::string fits = "+OK " + std::string(server_line_max_bytes - 6, 'x') + "\r\n";
    for (const ReplyMode mode : {ReplyMode::status, ReplyMode::sasl, ReplyMode::listing}) {
        EXPECT_EQ(read(mode, fits, 1000).size(), fits.size());
        EXPECT_TRUE(read(mode, "+OK x" + fits.substr(4), 1000).starts_with("{bad: an answer without an end"));
        EXPECT_TRUE(read(mode, std::string(20'000, 'x')).starts_with("{bad: an answer without an end"));
    }
}

TEST(reply_decoder, reads_a_listing) {
    EXPECT_EQ(in_all_pieces(ReplyMode::listing, "1 a\r\n..\r\n.x\r\n\r\n2 b\n.\r\n1 c\r\n.\n"), "{1 a}{.}{x}{}{2 b}{END}{1 c}{END}");
}

TEST(reply_decoder, reads_a_message) {
    EXPECT_EQ(in_all_pieces(ReplyMode::body, ".\r\n"), "{END}");
    EXPECT_EQ(in_all_pieces(ReplyMode::body, "a\r\n..b\r\n...\r\n.c\r\n.\r\n.\r\n"), "{a\r\n.b\r\n..\r\nc\r\nEND}{END}");
    EXPECT_EQ(in_all_pieces(ReplyMode::body, "x.\r\ny\r\n.\rz\r\n.\r\n"), "{x.\r\ny\r\n\rz\r\nEND}");
}

TEST(reply_decoder, only_crlf_dot_crlf_ends_a_message) {
    for (const std::string evil : {"\n.\r\n", "\n.\n", "\r\n.\n", "\r.\r\n", "\r\n.\r", "\r\n. \r\n"}) {
        const std::string out = in_all_pieces(ReplyMode::body, "a" + evil + "b\r\n.\r\n");
        EXPECT_EQ(out.find("END"), out.size() - 4) << out;
        EXPECT_TRUE(out.ends_with("b\r\nEND}")) << out;
    }
}

TEST(reply_decoder, gives_back_what_our_own_server_sends) {
    for (const std::string message :
         {"", ".", "..", "\n.", "\n..\n.\n", "a\n.b\r\n.c\n", "\r\n.\r\n", "\n.\r\n.\r\n", "\r.\r\n\n\n.", "x\r"}) {
        Stuffer stuffer;
        std::string stuffed;
        stuffer.append(message, stuffed);
        stuffer.finish(stuffed);
        const bool ended = message.empty() || message.ends_with("\r\n");
        EXPECT_EQ(in_all_pieces(ReplyMode::body, stuffed), "{" + message + (ended ? "" : "\r\n") + "END}");
    }
}

TEST(response_code, is_read_at_its_most_general) {
    EXPECT_EQ(response_code("[IN-USE] x"), ResponseCode::in_use);
    EXPECT_EQ(response_code("[in-use]"), ResponseCode::in_use);
    EXPECT_EQ(response_code("[SYS/TEMP/DISK/FULL] x"), ResponseCode::sys_temp);
    EXPECT_EQ(response_code("[SYS/PERM] x"), ResponseCode::sys_perm);
    EXPECT_EQ(response_code("[AUTH] x"), ResponseCode::auth);
    EXPECT_EQ(response_code("[LOGIN-DELAY] x"), ResponseCode::login_delay);
    EXPECT_EQ(response_code("[UTF8] x"), ResponseCode::utf8);
    for (const char* none : {"", "[", "[]", "x [AUTH]", "[AUTH", "[AUTHOR] x", "[SYS] x", "[SYS/TEMPORARY] x", "AUTH"})
        EXPECT_EQ(response_code(none), ResponseCode::none) << none;
}

}  // namespace
}  // namespace packetboat::pop3::wire
