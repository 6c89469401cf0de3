#include "pop3/wire/reply.h"

#include <gtest/gtest.h>

namespace packetboat::pop3::wire {
namespace {

TEST(pop3_reply, is_one_line) {
    EXPECT_EQ(ok("2 320"), "+OK 2 320\r\n");
    EXPECT_EQ(err("no such message"), "-ERR no such message\r\n");
    EXPECT_EQ(err(ResponseCode::in_use, "x"), "-ERR [IN-USE] x\r\n");
    EXPECT_EQ(err(ResponseCode::auth, "x"), "-ERR [AUTH] x\r\n");
    EXPECT_EQ(err(ResponseCode::sys_temp, "x"), "-ERR [SYS/TEMP] x\r\n");
    EXPECT_EQ(err(ResponseCode::sys_perm, "x"), "-ERR [SYS/PERM] x\r\n");
    EXPECT_EQ(challenge(""), "+ \r\n");
    EXPECT_EQ(challenge("User Name"), "+ VXNlciBOYW1l\r\n");
}

TEST(pop3_reply, cannot_be_forged_or_grow) {
    EXPECT_EQ(ok("a\r\n-ERR b\x7f"),
              "+OK a?"
              "?-ERR b?\r\n");
    const std::string line = err(ResponseCode::sys_temp, std::string(10'000, 'x'));
    EXPECT_EQ(line.size(), response_line_max_bytes);
    EXPECT_TRUE(line.ends_with("x\r\n"));
}

}  // namespace
}  // namespace packetboat::pop3::wire
