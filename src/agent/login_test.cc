#include "agent/login.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace packetboat::agent {

namespace {

class SavedLogins : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "login-test-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        file = folder / "deep/er/login.toml";
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    void put(std::string_view text, mode_t mode = 0600) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        ::chmod(file.c_str(), mode);
    }

    std::filesystem::path folder;
    std::filesystem::path file;
};

Login work() {
    return {.name = "work",
            .server = {"mail.example.test", 587},
            .pop3 = HostPort{"::1", 995},
            .user = "alice@example.test",
            .from = "\"Alice \\\"A\\\"\" <alice@example.test>",
            .tls = TlsMode::starttls,
            .insecure = true,
            .password = "pass\\word \"quoted\" ü",
            .password_command = ""};
}

TEST_F(SavedLogins, what_is_written_is_read) {
    Logins logins;
    ASSERT_TRUE(logins.put(work()));
    ASSERT_TRUE(logins.put({.name = "b.home", .server = {"h", 0}, .user = "bob", .password_command = "pass 'show' \"x\" | head -1"}));
    ASSERT_TRUE(logins.set_usual("b.home"));
    ASSERT_TRUE(logins.write(file));
    const Result<Logins> read = Logins::read(file);
    ASSERT_TRUE(read) << read.error().text;
    ASSERT_EQ(read->all().size(), 2U);
    EXPECT_EQ(*read->find("work"), work());
    EXPECT_EQ(*read->find("b.home"), *logins.find("b.home"));
    EXPECT_EQ(read->usual()->name, "b.home");
    EXPECT_EQ(read->find_user("ALICE@example.test")->name, "work");
}

TEST_F(SavedLogins, the_file_is_the_users_alone_and_so_is_a_file_that_is_replaced) {
    Logins logins;
    ASSERT_TRUE(logins.put(work()));
    put("", 0644);
    ASSERT_TRUE(logins.write(file));
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}), 1) << "nothing is left lying about";
}

TEST_F(SavedLogins, a_symbolic_link_stays_one) {
    std::filesystem::create_directories(file.parent_path());
    put("");
    std::filesystem::create_symlink(file, folder / "link.toml");
    Logins logins;
    ASSERT_TRUE(logins.put(work()));
    ASSERT_TRUE(logins.write(folder / "link.toml"));
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.toml"));
    EXPECT_EQ(Logins::read(file)->all().size(), 1U);
}

TEST_F(SavedLogins, a_file_that_others_can_read_or_write_is_not_used) {
    for (const mode_t mode : std::initializer_list<mode_t>{0640, 0604, 0620, 0602, 0777}) {
        put("", mode);
        const Result<Logins> read = Logins::read(file);
        ASSERT_FALSE(read) << std::oct << mode;
        EXPECT_EQ(read.error().code, ErrorCode::denied);
    }
    for (const mode_t mode : std::initializer_list<mode_t>{0600, 0400, 0700}) {
        put("", mode);
        EXPECT_TRUE(Logins::read(file)) << std::oct << mode;
    }
}

TEST_F(SavedLogins, no_file_is_no_logins_and_a_pipe_is_none_and_does_not_block) {
    EXPECT_TRUE(Logins::read(file)->all().empty());
    std::filesystem::create_directories(file.parent_path());
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    EXPECT_EQ(Logins::read(file).error().code, ErrorCode::denied);
}

TEST_F(SavedLogins, mistakes_name_the_line) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"usual = 1\n", "line 1"},
        {"[login.a]\nserver = \"h\"\nuser = \"u\"\npasword = \"x\"\n", "line 4: there is no key \"pasword\""},
        {"[login.a]\nserver = \"h:0\"\nuser = \"u\"\n", "line 2: server"},
        {"[login.a]\nserver = 7\nuser = \"u\"\n", "line 2: server"},
        {"[login.a]\nserver = \"h\"\nuser = \"u\"\ntls = \"yes\"\n", "line 4: tls"},
        {"[login.a]\nserver = \"h\"\nuser = \"u\"\ninsecure = \"no\"\n", "line 4: insecure"},
        {"[login.a]\nuser = \"u\"\n", "a login has a server"},
        {"[login.a]\nserver = \"h\"\n", "a login has a user"},
        {"usual = \"b\"\n[login.a]\nserver = \"h\"\nuser = \"u\"\n", "is not there"},
        {"[login.\"a b\"]\nserver = \"h\"\nuser = \"u\"\n", "a login's name"},
        {"[login.a\n", "line 1"},
        {"login = 3\n", "line 1"},
        {"[login]\na = 3\n", "line 2"},
    };
    for (const auto& [text, expected] : cases) {
        put(text);
        const Result<Logins> read = Logins::read(file);
        ASSERT_FALSE(read) << text;
        EXPECT_NE(read.error().text.find(expected), std::string::npos) << read.error().text;
    }
    put(std::string(Logins::file_max_bytes + 1, '#'));
    EXPECT_EQ(Logins::read(file).error().code, ErrorCode::too_large);
}

TEST(Login, what_cannot_be_saved_is_refused) {
    Logins logins;
    EXPECT_FALSE(logins.put({.name = "", .server = {"h", 1}, .user = "u"}));
    EXPECT_FALSE(logins.put({.name = "a/b", .server = {"h", 1}, .user = "u"}));
    EXPECT_FALSE(logins.put({.name = "a", .server = {"h", 1}, .user = "u\nv"}));
    EXPECT_FALSE(logins.put({.name = "a", .server = {"h", 1}, .user = "u", .password = "\xff"}));
    for (std::size_t i = 0; i < Logins::logins_max; ++i)
        ASSERT_TRUE(logins.put({.name = "n" + std::to_string(i), .server = {"h", 1}, .user = "u"}));
    EXPECT_EQ(logins.put({.name = "more", .server = {"h", 1}, .user = "u"}).error().code, ErrorCode::too_many);
    EXPECT_TRUE(logins.put({.name = "n7", .server = {"other", 1}, .user = "u"})) << "it takes the other's place";
    EXPECT_EQ(logins.find("n7")->server.host, "other");
    EXPECT_EQ(logins.erase("more").error().code, ErrorCode::not_found);
    ASSERT_TRUE(logins.set_usual("n7"));
    ASSERT_TRUE(logins.erase("n7"));
    EXPECT_EQ(logins.usual()->name, "n0");
}

TEST(HostAndPort, each_form) {
    const std::pair<std::string_view, HostPort> good[] = {{"mail.example.test", {"mail.example.test", 0}},
                                                          {"mail.example.test:587", {"mail.example.test", 587}},
                                                          {"127.0.0.1:1", {"127.0.0.1", 1}},
                                                          {"::1", {"::1", 0}},
                                                          {"[::1]", {"::1", 0}},
                                                          {"[2001:db8::1]:65535", {"2001:db8::1", 65535}}};
    for (const auto& [text, expected] : good) {
        const Result<HostPort> parsed = parse_host_port(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, expected);
        EXPECT_EQ(*parse_host_port(parsed->text()), expected);
    }
    for (const std::string_view text :
         {"", ":25", "h:", "h:0", "h:65536", "h:x", "h:-1", "[::1", "[::1]25", "[]:25", "a b", "h\n:25", "h/x", "ü:25"})
        EXPECT_FALSE(parse_host_port(text)) << text;
}

}  // namespace

}  // namespace packetboat::agent
