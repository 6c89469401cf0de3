// What would lead out of an area, from the history of file servers: none of it does.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <atomic>
#include <thread>

#include "files/testing/world.h"

namespace packetboat::files {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class Escape : public ::testing::Test {
protected:
    void SetUp() override {
        (void)world.area();
        put(world.base() / "secret", "the secret");
        fs::create_directory(world.base() / "elsewhere");
        put(world.base() / "elsewhere/secret", "the secret");
        fs::create_directory(world.inside("dir"));
        put(world.inside("dir/file"), "ours");
        open_anew();
    }
    // What was put there behind its back is counted then.
    void open_anew() {
        world.reopen();
        area = world.area();
    }
    void TearDown() override {
        EXPECT_EQ(got(world.base() / "secret"), "the secret");
        EXPECT_EQ(got(world.base() / "elsewhere/secret"), "the secret");
        EXPECT_EQ(std::distance(fs::directory_iterator(world.base() / "elsewhere"), {}), 1);
    }

    // Everything that can be done with a path answers one of these.
    void refuse_everything(const std::string& at) {
        const Path there = path(at);
        const auto refused = [&](const auto& result, const char* what) {
            ASSERT_FALSE(result) << what << " " << at;
            EXPECT_TRUE(result.error().code == ErrorCode::not_found || result.error().code == ErrorCode::denied)
                << what << " " << at << ": " << to_string(result.error().code);
            EXPECT_EQ(result.error().text.find(world.base().string()), std::string::npos);
        };
        refused(area->stat(there), "stat");
        refused(area->open(there), "open");
        refused(area->list(there), "list");
        refused(area->hash(there, HashAlgorithm::md5, 0, {}), "hash");
        refused(area->set_mode(there, 0777), "set_mode");
        refused(area->set_modified(there, 0), "set_modified");
        refused(area->upload(there, {.begin = Begin::append}), "append");
        EXPECT_EQ(area->glob(Path(), at)->size(), 0U) << at;
    }

    World world;
    std::unique_ptr<Area> area;
};

TEST_F(Escape, links_that_lead_out_are_as_if_they_were_not_there) {
    const std::pair<std::string, std::string> links[] = {
        {"absolute", world.base() / "secret"},
        {"absolute-directory", world.base() / "elsewhere"},
        {"absolute-inside", world.inside("dir")},
        {"relative", "../../secret"},
        {"relative-directory", "../../elsewhere"},
        {"up", ".."},
        {"out-and-in", "../alice/dir"},
        {"in-and-out", "dir/../../../secret"},
        {"root", "/"},
        {"passwd", "/etc/passwd"},
        {"proc-root", "/proc/self/root"},
        {"proc-cwd", "/proc/self/cwd"},
        {"loop", "loop"},
        {"loop-a", "loop-b"},
        {"loop-b", "loop-a"},
        {"nowhere", "nothing"},
    };
    for (const auto& [name, target] : links) fs::create_symlink(target, world.inside(name));
    for (const auto& [name, target] : links) refuse_everything("/" + name);
    for (const auto* below : {"absolute-directory", "relative-directory", "up", "root", "proc-root"}) {
        const std::string at = std::string("/") + below + "/secret";
        refuse_everything(at);
        for (const Begin begin : {Begin::replace, Begin::create, Begin::unique, Begin::resume})
            EXPECT_EQ(outcome(area->upload(path(at), {.begin = begin})), "not_found") << at;
        EXPECT_EQ(outcome(area->make_directory(path(at))), "not_found");
        EXPECT_EQ(outcome(area->remove_file(path(at))), "not_found");
        EXPECT_EQ(outcome(area->remove_directory(path(at))), "not_found");
        EXPECT_EQ(outcome(area->rename(path("/dir/file"), path(at))), "not_found");
        EXPECT_EQ(outcome(area->rename(path(at), path("/dir/new"))), "not_found");
        EXPECT_EQ(outcome(area->combine(path("/dir/file"), {path(at)})), "not_found");
        EXPECT_EQ(outcome(area->unfinished(path(at))), "not_found");
    }
    EXPECT_EQ(names(*area), "dir");
    EXPECT_EQ(got(world.inside("dir/file")), "ours");
}

TEST_F(Escape, links_that_stay_beneath_are_followed) {
    fs::create_symlink("dir/file", world.inside("link"));
    fs::create_symlink("../alice-not/../dir", world.inside("dir/wrong"));
    fs::create_symlink("dir", world.inside("link-directory"));
    fs::create_symlink("../link", world.inside("dir/up"));
    EXPECT_EQ(*load(*area, "/link"), "ours");
    EXPECT_EQ(*load(*area, "/link-directory/up"), "ours");
    EXPECT_EQ(area->stat(path("/link"))->size_bytes, 4U);
    EXPECT_EQ(names(*area), "dir link link-directory");
    EXPECT_EQ(names(*area, "/link-directory"), "file up");
    EXPECT_EQ(area->list(path("/"))->get()->next(9)->at(2).kind, Kind::directory);
    EXPECT_TRUE(store(*area, "/link-directory/new", "x"));
    EXPECT_EQ(got(world.inside("dir/new")), "x");
}

TEST_F(Escape, a_link_as_the_last_name_is_replaced_or_removed_itself) {
    fs::create_symlink(world.base() / "secret", world.inside("out"));
    fs::create_symlink("dir/file", world.inside("in"));
    fs::create_symlink(world.base() / "secret", world.inside("goes"));
    fs::create_symlink(world.base() / "elsewhere", world.inside("goes-too"));
    open_anew();
    EXPECT_EQ(outcome(area->upload(path("/out"), {.begin = Begin::create})), "exists");
    EXPECT_TRUE(store(*area, "/out", "new"));
    EXPECT_FALSE(fs::is_symlink(world.inside("out")));
    EXPECT_EQ(got(world.inside("out")), "new");
    EXPECT_TRUE(store(*area, "/in", " and more", {.begin = Begin::append}));
    EXPECT_FALSE(fs::is_symlink(world.inside("in")));
    EXPECT_EQ(got(world.inside("in")), "ours and more");
    EXPECT_EQ(got(world.inside("dir/file")), "ours");
    EXPECT_EQ(outcome(area->remove_directory(path("/goes-too"))), "invalid");
    EXPECT_EQ(outcome(area->remove_file(path("/goes"))), "ok");
    EXPECT_EQ(outcome(area->rename(path("/goes-too"), path("/moved"))), "ok");
    EXPECT_TRUE(fs::is_symlink(world.inside("moved")));
    EXPECT_EQ(outcome(area->rename(path("/dir/file"), path("/moved"))), "ok");
    EXPECT_EQ(got(world.inside("moved")), "ours");
    EXPECT_EQ(area->space()->used_bytes, world.counted().used_bytes);
    EXPECT_EQ(area->space()->used_files, world.counted().used_files);
}

TEST_F(Escape, only_files_are_opened) {
    ASSERT_EQ(::mkfifo(world.inside("fifo").c_str(), 0666), 0);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string at = world.inside("socket");
    ASSERT_LT(at.size(), sizeof address.sun_path);
    at.copy(address.sun_path, at.size());
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    std::vector<std::string> nodes = {"/fifo", "/socket"};
    if (::mknod(world.inside("device").c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0) nodes.emplace_back("/device");
    for (const std::string& node : nodes) {
        EXPECT_EQ(area->stat(path(node))->kind, Kind::other);
        for (const std::string& result :
             {outcome(area->open(path(node))), outcome(area->hash(path(node), HashAlgorithm::crc32, 0, {})),
              outcome(area->upload(path(node), {})), outcome(area->upload(path(node), {.begin = Begin::append})),
              outcome(area->combine(path("/dir/file"), {path(node)})), outcome(area->list(path(node)))})
            EXPECT_TRUE(result == "invalid" || result == "denied" || result == "unavailable") << node << " " << result;
        EXPECT_NE(outcome(area->set_mode(path(node), 0600)), "ok");
        EXPECT_TRUE(area->remove_file(path(node)));
    }
    ::close(socket);
    EXPECT_EQ(outcome(area->open(path("/dir"))), "invalid");
    EXPECT_EQ(outcome(area->open(Path())), "invalid");
    EXPECT_EQ(outcome(area->list(path("/dir/file"))), "invalid");
}

TEST_F(Escape, names_that_listings_cannot_show_are_left_out) {
    put(world.inside("a\r\n226 done"), "x");
    put(world.inside("a\nb"), "x");
    put(world.inside(std::string(hidden_prefix) + "x"), "x");
    put(world.inside("\x1b[31m"), "x");
    EXPECT_EQ(names(*area), "\x1b[31m dir");
    EXPECT_EQ(area->glob(Path(), "*")->size(), 2U);
    EXPECT_EQ(area->glob(Path(), ".*")->size(), 0U);
    EXPECT_EQ(outcome(area->glob(Path(), ".packetboat-*")), "invalid");
    EXPECT_EQ(outcome(area->remove_directory(path("/dir"))), "conflict");
}

// A directory and a link to another place are exchanged as fast as can be while everything is done below that name. What the kernel opens
// is one or the other, and the other is never used.
TEST_F(Escape, exchanging_a_directory_against_a_link_loses) {
    fs::create_symlink(world.base() / "elsewhere", world.inside("link"));
    open_anew();
    std::atomic<bool> stop = false;
    std::atomic<int> exchanges = 0;
    std::thread other([&] {
        while (!stop) {
            ::renameat2(AT_FDCWD, world.inside("dir").c_str(), AT_FDCWD, world.inside("link").c_str(), RENAME_EXCHANGE);
            ++exchanges;
        }
    });
    int stored = 0;
    int loaded = 0;
    for (int round = 0; round < 20'000 && (round < 300 || stored < 30 || loaded < 30 || exchanges < 500); ++round) {
        const std::string number = std::to_string(round % 3);
        if (store(*area, "/dir/new" + number, "new")) ++stored;
        const Result<std::string> read = load(*area, "/dir/file");
        if (read) {
            EXPECT_EQ(*read, "ours");
            ++loaded;
        }
        EXPECT_FALSE(load(*area, "/dir/secret"));
        EXPECT_FALSE(area->stat(path("/dir/secret")));
        EXPECT_FALSE(area->remove_file(path("/dir/secret")));
        EXPECT_FALSE(area->rename(path("/dir/secret"), path("/taken")));
        (void)area->make_directory(path("/dir/sub" + number));
        (void)area->rename(path("/dir/new" + number), path("/dir/renamed" + number));
        (void)area->remove_file(path("/dir/renamed" + number));
        (void)area->remove_directory(path("/dir/sub" + number));
    }
    stop = true;
    other.join();
    EXPECT_GE(stored, 30);
    EXPECT_GE(loaded, 30);
    EXPECT_EQ(area->space()->used_bytes, world.counted().used_bytes);
    EXPECT_EQ(area->space()->used_files, world.counted().used_files);
}

}  // namespace
}  // namespace packetboat::files
