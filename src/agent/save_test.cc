#include "agent/save.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace packetboat::agent {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using Existing = SaveFolder::Existing;

std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Save : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/packetboat-save-XXXXXX";
        root_ = mkdtemp(name);
        fs::create_directory(root_ / "in");
    }
    void TearDown() override { fs::remove_all(root_); }
    SaveFolder folder() { return *SaveFolder::open(root_ / "in"); }
    // How many files there are in all: whatever was saved is in the folder itself.
    std::size_t files_outside() {
        std::size_t count = 0;
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root_))
            count += entry.is_directory() || entry.path().parent_path() == root_ / "in" ? 0 : 1;
        return count;
    }

    fs::path root_;
};

TEST_F(Save, whatever_the_name_says_the_file_is_in_the_folder) {
    fs::create_directory(root_ / "in/sub");
    const std::string names[] = {"/etc/passwd",
                                 "../../x",
                                 "..",
                                 ".",
                                 "",
                                 "a/../../b",
                                 "..\\..\\c",
                                 "C:\\d",
                                 "CON",
                                 "nul.txt",
                                 "sub/e",
                                 "f\0/../g"s,
                                 "\n\x1b[1mh",
                                 ".bashrc",
                                 "sub",
                                 std::string(5'000, 'x'),
                                 std::string(3'000, '\xe4'),
                                 "\u202Eexe.pdf",
                                 "~/i",
                                 "-rf",
                                 " "};
    for (const std::string& name : names) {
        const Result<std::string> saved = folder().save(name, name, Existing::keep);
        ASSERT_TRUE(saved.has_value()) << name << saved.error().text;
        EXPECT_EQ(content(root_ / "in" / *saved), name);
        EXPECT_EQ(saved->find('/'), std::string::npos);
        EXPECT_NE(saved->front(), '.');
    }
    EXPECT_EQ(files_outside(), 0U);
}

TEST_F(Save, a_name_that_is_taken_gets_a_number) {
    EXPECT_EQ(*folder().save("a.txt", "1", Existing::keep), "a.txt");
    EXPECT_EQ(*folder().save("a.txt", "2", Existing::keep), "a (2).txt");
    EXPECT_EQ(*folder().save("a.txt", "3", Existing::keep), "a (3).txt");
    EXPECT_EQ(*folder().save("b", "4", Existing::keep), "b");
    EXPECT_EQ(*folder().save("b", "5", Existing::keep), "b (2)");
    EXPECT_EQ(content(root_ / "in/a.txt"), "1");
    EXPECT_EQ(*folder().save("a.txt", "6", Existing::replace), "a.txt");
    EXPECT_EQ(content(root_ / "in/a.txt"), "6");
}

TEST_F(Save, links_are_not_followed) {
    std::ofstream(root_ / "precious") << "mine";
    fs::create_symlink(root_ / "precious", root_ / "in/a.txt");
    fs::create_symlink(root_ / "not-there", root_ / "in/b.txt");
    fs::create_symlink(root_, root_ / "in/c");
    EXPECT_EQ(*folder().save("a.txt", "x", Existing::keep), "a (2).txt");
    EXPECT_EQ(*folder().save("b.txt", "x", Existing::keep), "b (2).txt");
    EXPECT_EQ(*folder().save("c/d", "x", Existing::keep), "d");
    EXPECT_EQ(*folder().save("a.txt", "x", Existing::replace), "a.txt");
    EXPECT_EQ(*folder().save("b.txt", "x", Existing::replace), "b.txt");
    EXPECT_EQ(content(root_ / "precious"), "mine");
    EXPECT_FALSE(fs::exists(root_ / "not-there"));
    EXPECT_FALSE(fs::is_symlink(root_ / "in/a.txt"));
}

TEST_F(Save, a_folder_and_a_pipe_in_the_way) {
    fs::create_directory(root_ / "in/dir");
    ASSERT_EQ(mkfifo((root_ / "in/pipe").c_str(), 0600), 0);
    EXPECT_EQ(*folder().save("dir", "x", Existing::keep), "dir (2)");
    EXPECT_EQ(folder().save("dir", "x", Existing::replace).error().code, ErrorCode::exists);
    EXPECT_EQ(*folder().save("pipe", "x", Existing::keep), "pipe (2)");
    for (const fs::directory_entry& entry : fs::directory_iterator(root_ / "in"))
        EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
}

TEST_F(Save, the_folder_stays_the_one_that_was_opened) {
    const SaveFolder opened = folder();
    fs::rename(root_ / "in", root_ / "moved");
    fs::create_symlink("/tmp", root_ / "in");
    ASSERT_TRUE(opened.save("a.txt", "x", Existing::keep).has_value());
    EXPECT_TRUE(fs::exists(root_ / "moved/a.txt"));
}

TEST_F(Save, no_such_folder) {
    EXPECT_EQ(SaveFolder::open(root_ / "none").error().code, ErrorCode::not_found);
    std::ofstream(root_ / "file") << "x";
    EXPECT_EQ(SaveFolder::open(root_ / "file").error().code, ErrorCode::not_found);
}

TEST_F(Save, a_full_disk_leaves_nothing) {
    // A limit of file sizes is the full disk that a test can have.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit small{.rlim_cur = 1'000, .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const Result<std::string> kept = folder().save("a", std::string(2'000, 'x'), Existing::keep);
    const Result<std::string> replaced = folder().save("a", std::string(2'000, 'x'), Existing::replace);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(kept.error().code, ErrorCode::unavailable);
    EXPECT_EQ(replaced.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(fs::is_empty(root_ / "in"));
}

TEST_F(Save, a_file_that_the_user_names) {
    EXPECT_TRUE(save_file(root_ / "in/page.html", "x", Existing::keep).has_value());
    EXPECT_EQ(save_file(root_ / "in/page.html", "y", Existing::keep).error().code, ErrorCode::exists);
    EXPECT_TRUE(save_file(root_ / "in/page.html", "y", Existing::replace).has_value());
    EXPECT_EQ(content(root_ / "in/page.html"), "y");
    EXPECT_EQ(save_file(root_ / "none/page.html", "y", Existing::keep).error().code, ErrorCode::not_found);
    EXPECT_EQ(save_file(root_ / "in/..", "y", Existing::keep).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace packetboat::agent
