#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "base/cursor.h"
#include "base/executor.h"
#include "base/id.h"
#include "base/ip.h"
#include "base/json.h"
#include "base/log.h"
#include "base/record.h"
#include "base/task.h"
#include "base/testing/transcript.h"
#include "base/text.h"
#include "base/time.h"
#include "base/worker_pool.h"

namespace packetboat {
namespace {

Task<int> number(int n) { co_return n; }

Task<long> sum_to(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await number(i);
    co_return sum;
}

TEST(task, awaits_in_a_long_loop_without_growing_the_stack) { EXPECT_EQ(run_to_end(sum_to(200'000)), 19'999'900'000L); }

Task<int> thrower() {
    throw std::runtime_error("no");
    co_return 0;
}

TEST(task, passes_an_exception_to_the_awaiter) { EXPECT_THROW(run_to_end(thrower()), std::runtime_error); }

TEST(task, when_all_keeps_the_order) {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(number(i));
    EXPECT_EQ(run_to_end(when_all(std::move(tasks))), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(worker_pool, answers_to_the_awaiting_executor) {
    WorkerPool pool({});
    const std::thread::id here = std::this_thread::get_id();
    const auto ask = [&]() -> Task<bool> {
        const Result<std::thread::id> there = co_await pool.run([] { return std::this_thread::get_id(); });
        co_return there && *there != here&& std::this_thread::get_id() == here;
    };
    EXPECT_TRUE(run_to_end(ask()));
}

TEST(worker_pool, refuses_when_its_queue_is_full) {
    WorkerPool pool({.threads = 1, .queue_max = 0});
    const auto ask = [&]() -> Task<Result<int>> { co_return co_await pool.run([] { return 1; }); };
    const Result<int> answer = run_to_end(ask());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

TEST(cursor, remembers_the_first_mistake) {
    Cursor in("SIZE=12x");
    EXPECT_TRUE(in.take_word("size="));
    EXPECT_EQ(in.number(), 12U);
    in.expect('y');
    EXPECT_TRUE(in.failed());
    EXPECT_FALSE(in.take('x'));
    EXPECT_EQ(in.offset(), 7U);
}

TEST(cursor, refuses_a_number_that_does_not_fit) {
    Cursor in("18446744073709551616");
    EXPECT_EQ(in.number(), 0U);
    EXPECT_TRUE(in.failed());
}

TEST(record, reads_what_was_written) {
    const std::string record = Writer().u8(1).be32(7).be64(1ULL << 40).varint(300).text("abc").take();
    RecordReader in(record);
    EXPECT_EQ(in.u8(), 1);
    EXPECT_EQ(in.be32(), 7U);
    EXPECT_EQ(in.be64(), 1ULL << 40);
    EXPECT_EQ(in.varint(), 300U);
    EXPECT_EQ(in.text(), "abc");
    EXPECT_TRUE(in.ok_and_done());
    EXPECT_EQ(in.u8(), 0);
    EXPECT_TRUE(in.failed());
}

TEST(record, an_endless_varint_is_a_mistake) {
    const std::string record(11, '\xff');
    RecordReader in(record);
    in.varint();
    EXPECT_TRUE(in.failed());
}

TEST(text, base64_goes_both_ways_and_is_strict) {
    for (const std::string_view bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
        EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    for (const std::string_view bad : {"Zg=", "Zg", "Zh==", "Z===", "====", "Zg==Zg==", "Z g=", "Zm9v\n"})
        EXPECT_FALSE(base64_decode(bad)) << bad;
}

TEST(text, utf8_is_checked_by_rfc_3629) {
    EXPECT_TRUE(is_utf8("Grüße 漢字 🚢"));
    for (const std::string_view bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe2\x82", "\xff"})
        EXPECT_FALSE(is_utf8(bad));
}

TEST(text, code_points_are_taken_one_by_one) {
    std::string_view text = "aü€😀";
    for (const std::uint32_t point : {0x61U, 0xfcU, 0x20acU, 0x1f600U}) EXPECT_EQ(take_code_point(text), point);
    EXPECT_TRUE(text.empty());
}

TEST(text, control_bytes_are_escaped) { EXPECT_EQ(escape_control("a\r\nb\\\x80ü"), "a\\x0d\\x0ab\\x5c\\x80ü"); }

TEST(ip, both_spellings_of_an_ipv4_address_are_equal) {
    EXPECT_EQ(IpAddress::parse("192.0.2.1"), IpAddress::parse("::ffff:192.0.2.1"));
    EXPECT_EQ(IpAddress::parse("192.0.2.1")->literal(), "[192.0.2.1]");
    EXPECT_EQ(IpAddress::parse("2001:db8::1")->literal(), "[IPv6:2001:db8::1]");
    EXPECT_EQ(IpAddress::parse_literal("[192.0.2.1]"), IpAddress::parse("192.0.2.1"));
    EXPECT_EQ(IpAddress::parse_literal("[IPv6:2001:db8::1]"), IpAddress::parse("2001:db8::1"));
    for (const std::string_view none : {"", "[", "[]", "192.0.2.1", "[2001:db8::1]", "[IPv6:192.0.2.1]", "[IPv6:]", "[tag:x]"})
        EXPECT_FALSE(IpAddress::parse_literal(none)) << none;
    EXPECT_EQ(IpAddress::parse("2001:db8:0:1:2::3")->network().text(), "2001:db8:0:1::");
    EXPECT_TRUE(IpAddress::parse("127.3.4.5")->is_loopback());
    EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
    EXPECT_FALSE(IpAddress::parse("192.0.2.256"));
}

TEST(time, is_written_as_the_rfcs_have_it) {
    setenv("TZ", "UTC", 1);
    tzset();
    const Time time{1'764'000'000'123'456};
    EXPECT_EQ(time.rfc3339(), "2025-11-24T16:00:00.123456Z");
    EXPECT_EQ(time.rfc5322(), "Mon, 24 Nov 2025 16:00:00 +0000");
}

TEST(id, derived_from_the_same_parts_is_the_same) {
    EXPECT_EQ(Id128::derived({"a", "b"}), Id128::derived({"a", "b"}));
    EXPECT_NE(Id128::derived({"a", "b"}), Id128::derived({"ab", ""}));
    EXPECT_EQ(Id128::random().text().size(), 26U);
    EXPECT_EQ(new_session_id().size(), 11U);
}

TEST(log, a_line_stays_a_line) {
    EXPECT_EQ(log_line(LogFormat::logfmt, "T", LogLevel::info, "smtp.rcpt", "s1", {{"to", "a b\n\"c\""}, {"size", 5}, {"tls", true}}),
              "time=T level=info event=smtp.rcpt session=s1 to=\"a b\\x0a\\\"c\\\"\" size=5 tls=true");
    EXPECT_EQ(log_line(LogFormat::json, "T", LogLevel::info, "smtp.rcpt", "s1", {{"to", "a\n"}, {"size", 5}}),
              R"({"time":"T","level":"info","event":"smtp.rcpt","session":"s1","to":"a\n","size":5})");
}

// A folder with a log in it, opened.
class LogFile : public ::testing::Test {
protected:
    LogFile() {
        std::string name = (std::filesystem::temp_directory_path() / "packetboat-log-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        std::filesystem::create_directory(folder_ / "logs");
        EXPECT_TRUE(log_open({.file = file().string()}));
    }
    ~LogFile() override {
        log_close();
        std::filesystem::remove_all(folder_);
    }
    std::filesystem::path file() const { return folder_ / "logs" / "packetboat.log"; }
    static std::string text_of(const std::filesystem::path& path) {
        std::ifstream in(path);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }

    std::filesystem::path folder_;
};

TEST_F(LogFile, goes_on_in_a_new_file_when_the_old_one_was_rotated_away) {
    log_info("test.before", "");
    std::filesystem::rename(file(), folder_ / "rotated");
    log_reopen(LogLevel::info);
    log_info("test.after", "");
    log_close();
    EXPECT_NE(text_of(file()).find("test.after"), std::string::npos);
}

TEST_F(LogFile, that_cannot_be_opened_anew_is_an_error_in_the_old_one) {
    // Neither root nor anybody else can make a file there.
    std::filesystem::rename(folder_ / "logs", folder_ / "rotated");
    log_reopen(LogLevel::info);
    log_info("test.after", "");
    log_close();
    const std::string text = text_of(folder_ / "rotated" / "packetboat.log");
    EXPECT_NE(text.find("level=error event=log.reopen_failed file=" + file().string()), std::string::npos) << text;
    EXPECT_NE(text.find("test.after"), std::string::npos) << text;
}

TEST_F(LogFile, can_be_given_to_the_servers_user) {
    const bool root = geteuid() == 0;
    const uid_t user = root ? 12'345 : geteuid();
    EXPECT_TRUE(log_give_to(user, root ? 12'345 : getegid()));
    struct stat status{};
    ASSERT_EQ(stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, user);
}

TEST(json, commas_and_brackets_come_by_themselves) {
    JsonWriter json;
    json.object().field("a", 1).key("b").array().value("x").value(true).object().end().end().key("c").null().end();
    EXPECT_EQ(json.text(), R"({"a":1,"b":["x",true,{}],"c":null})");
}

TEST(transcript, is_parsed_into_steps) {
    const Result<testing::Transcript> transcript =
        testing::parse_transcript("t", "# c\nS: 220 x\nC: A\nC- B\\0\nS: 250-{any}\nS: 250 y\n@ timeout\nS: 421 z\n");
    ASSERT_TRUE(transcript);
    ASSERT_EQ(transcript->steps.size(), 3U);
    EXPECT_EQ(transcript->steps[1].client, std::string("A\r\nB\0", 5));
    EXPECT_EQ(testing::mismatch(transcript->steps[1], "250-anything\r\n250 y\r\n"), "");
    EXPECT_NE(testing::mismatch(transcript->steps[1], "250-anything\r\n250 y\r\n250 more\r\n"), "");
    EXPECT_FALSE(testing::parse_transcript("t", "hello\n"));
}

}  // namespace
}  // namespace packetboat
