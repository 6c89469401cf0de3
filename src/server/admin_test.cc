#include "server/admin.h"

#include <gtest/gtest.h>

namespace packetboat::server {
namespace {

TEST(admin_wire, a_request_goes_both_ways) {
    const AdminRequest request{.command = "alias.add", .args = {{"address", {"a\"\n@x.test"}}, {"targets", {"b@x.test", "ü@x.test"}}}};
    const Result<AdminRequest> again = AdminRequest::parse(request.json());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->command, request.command);
    EXPECT_EQ(again->args, request.args);
}

TEST(admin_wire, what_is_no_request_is_refused) {
    for (const std::string_view bad :
         {"", "{", "[]", "{}", R"({"command":1,"args":{}})", R"({"command":"x"})", R"({"command":"x","args":[]})",
          R"({"command":"x","args":{"a":"b"}})", R"({"command":"x","args":{"a":[1]}})"})
        EXPECT_FALSE(AdminRequest::parse(bad)) << bad;
}

TEST(admin_wire, an_answer_goes_both_ways) {
    const Result<AdminResponse> again =
        AdminResponse::parse(AdminResponse{.exit = Exit::conflict, .error = "it is there", .result = R"({"a":[1,2]})"}.json());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->exit, Exit::conflict);
    EXPECT_EQ(again->error, "it is there");
    EXPECT_EQ(again->result, R"({"a":[1,2]})");
    EXPECT_FALSE(AdminResponse::parse("{}"));
}

TEST(admin, every_error_has_an_exit_status) {
    EXPECT_EQ(exit_status(ErrorCode::not_found), Exit::not_found);
    EXPECT_EQ(exit_status(ErrorCode::exists), Exit::conflict);
    EXPECT_EQ(exit_status(ErrorCode::over_quota), Exit::over_limit);
    EXPECT_EQ(exit_status(ErrorCode::invalid), Exit::usage);
    EXPECT_EQ(exit_status(ErrorCode::internal), Exit::failed);
}

}  // namespace
}  // namespace packetboat::server
