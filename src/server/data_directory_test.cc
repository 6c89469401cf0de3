#include "server/data_directory.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "server/services.h"
#include "store/testing/test_directory.h"

namespace packetboat::server {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
}

class Mask {
public:
    explicit Mask(mode_t mask) : before_(::umask(mask)) {}
    ~Mask() { ::umask(before_); }
    Mask(const Mask&) = delete;
    Mask& operator=(const Mask&) = delete;

private:
    mode_t before_;
};

struct DataDirectory : testing::Test {
    store::TestDirectory folder{store::TestDirectory::Where::memory};
    Configuration configuration = Configuration::defaults();

    DataDirectory() { configuration.data = folder.path() / "data"; }
    const fs::path& data() const { return configuration.data; }
    void write(const fs::path& file) const { std::ofstream(file) << "x"; }
    ErrorCode refusal() const {
        const Result<> checked = check_data_directory(configuration);
        const Result<> prepared = prepare_data_directory(configuration);
        EXPECT_EQ(checked.has_value(), prepared.has_value());
        return prepared ? ErrorCode::internal : prepared.error().code;
    }
};

TEST_F(DataDirectory, a_missing_one_is_made_for_its_owner_only) {
    configuration.data = folder.path() / "a" / "b" / "data";
    const Mask mask(0077);
    ASSERT_TRUE(check_data_directory(configuration));
    EXPECT_FALSE(fs::exists(folder.path() / "a"));
    ASSERT_TRUE(prepare_data_directory(configuration));
    EXPECT_EQ(mode_of(data()), 0700U);
    // The server's user has to get through.
    EXPECT_EQ(mode_of(folder.path() / "a"), 0755U);
    EXPECT_EQ(mode_of(folder.path() / "a" / "b"), 0755U);
}

TEST_F(DataDirectory, a_slash_at_the_end_changes_nothing) {
    const Mask mask(0022);
    configuration.data = folder.path().string() + "/data/";
    ASSERT_TRUE(prepare_data_directory(configuration));
    EXPECT_EQ(mode_of(folder.path() / "data"), 0700U);
}

TEST_F(DataDirectory, somebody_elses_folder_is_refused_and_left_as_it_is) {
    fs::create_directory(data());
    ASSERT_EQ(::chmod(data().c_str(), 0755), 0);
    write(data() / "thesis.tex");
    EXPECT_EQ(refusal(), ErrorCode::conflict);
    EXPECT_EQ(mode_of(data()), 0755U);
    EXPECT_EQ(std::distance(fs::directory_iterator(data()), {}), 1);
    EXPECT_NE(prepare_data_directory(configuration).error().text.find("thesis.tex"), std::string::npos);
}

TEST_F(DataDirectory, a_file_is_refused) {
    write(data());
    EXPECT_EQ(refusal(), ErrorCode::conflict);
    EXPECT_EQ(holds_store(data()), false);
}

TEST_F(DataDirectory, what_a_start_cut_short_left_behind_is_ours) {
    fs::create_directories(data() / "records");
    fs::create_directories(data() / "lost+found");
    for (const char* name : {"lock", "dev-key.pem.AbCdEf", "packetboat.log", "cert.pem"}) write(data() / name);
    EXPECT_EQ(refusal(), ErrorCode::conflict);
    configuration.log.file = data() / "packetboat.log";
    configuration.tls_certificate = data() / "cert.pem";
    EXPECT_TRUE(prepare_data_directory(configuration));
    EXPECT_EQ(holds_store(data()), false);
}

TEST_F(DataDirectory, with_a_store_in_it_other_files_do_not_matter) {
    ASSERT_TRUE(prepare_data_directory(configuration));
    ASSERT_TRUE(Services::open(configuration));
    EXPECT_EQ(holds_store(data()), true);
    write(data() / "notes.txt");
    EXPECT_TRUE(prepare_data_directory(configuration));
}

TEST_F(DataDirectory, others_are_shut_out_and_the_group_is_the_operators_choice) {
    fs::create_directory(data());
    ASSERT_EQ(::chmod(data().c_str(), 0751), 0);
    ASSERT_TRUE(shut_out_others(data()));
    EXPECT_EQ(mode_of(data()), 0700U);
    ASSERT_EQ(::chmod(data().c_str(), 0750), 0);
    ASSERT_TRUE(shut_out_others(data()));
    EXPECT_EQ(mode_of(data()), 0750U);
}

TEST_F(DataDirectory, root_gives_a_new_or_empty_one_to_the_servers_user) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    const passwd* nobody = ::getpwnam("nobody");
    if (!nobody) GTEST_SKIP() << "there is no user nobody";
    const uid_t uid = nobody->pw_uid;
    configuration.user = "nobody";
    struct stat status{};
    for (const bool there : {false, true}) {
        if (there) fs::create_directory(data());
        ASSERT_TRUE(prepare_data_directory(configuration));
        ASSERT_EQ(::stat(data().c_str(), &status), 0);
        EXPECT_EQ(status.st_uid, uid);
        fs::remove_all(data());
    }
    configuration.user = "no_such_user";
    EXPECT_EQ(prepare_data_directory(configuration).error().code, ErrorCode::not_found);
    EXPECT_FALSE(fs::exists(data()));
}

}  // namespace
}  // namespace packetboat::server
