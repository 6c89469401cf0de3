#include "files/files.h"

#include <gtest/gtest.h>

#include "files/testing/world.h"

namespace packetboat::files {
namespace {

using namespace testing;
namespace fs = std::filesystem;

TEST(files, are_stored_loaded_listed_and_removed) {
    World world;
    const auto area = world.area();
    EXPECT_EQ(names(*area), "");
    EXPECT_TRUE(area->make_directory(path("/d")));
    EXPECT_TRUE(store(*area, "/d/b", "hello"));
    EXPECT_TRUE(store(*area, "/d/a", ""));
    EXPECT_EQ(names(*area, "/d"), "a b");
    EXPECT_EQ(*load(*area, "/d/b"), "hello");
    const Entry entry = *area->stat(path("/d/b"));
    EXPECT_EQ(entry.name, "b");
    EXPECT_EQ(entry.kind, Kind::file);
    EXPECT_EQ(entry.size_bytes, 5U);
    EXPECT_EQ(entry.mode, 0640U);
    EXPECT_EQ(entry.links, 1U);
    EXPECT_EQ(area->stat(path("/d"))->mode, 0750U);
    EXPECT_EQ(area->stat(Path())->kind, Kind::directory);
    EXPECT_EQ(outcome(area->make_directory(path("/d"))), "exists");
    EXPECT_EQ(outcome(area->make_directory(path("/x/y"))), "not_found");
    EXPECT_EQ(outcome(area->make_directory(Path())), "exists");
    EXPECT_EQ(outcome(area->remove_directory(path("/d"))), "conflict");
    EXPECT_EQ(outcome(area->remove_file(path("/d"))), "invalid");
    EXPECT_EQ(outcome(area->remove_directory(path("/d/a"))), "invalid");
    EXPECT_EQ(outcome(area->remove_directory(Path())), "invalid");
    EXPECT_EQ(outcome(area->remove_file(path("/none"))), "not_found");
    EXPECT_EQ(outcome(area->upload(path("/d"), {})), "invalid");
    EXPECT_EQ(outcome(area->upload(Path(), {})), "invalid");
    EXPECT_EQ(outcome(area->upload(path("/d/b/c"), {})), "not_found");
    EXPECT_TRUE(area->remove_file(path("/d/a")));
    EXPECT_TRUE(area->remove_file(path("/d/b")));
    EXPECT_TRUE(area->remove_directory(path("/d")));
    EXPECT_EQ(area->space()->used_files, 0U);
    EXPECT_EQ(area->space()->used_bytes, 0U);
}

TEST(files, are_renamed) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(area->make_directory(path("/d")) && area->make_directory(path("/e")) && store(*area, "/a", "aaa") &&
                store(*area, "/b", "bb"));
    EXPECT_TRUE(area->rename(path("/a"), path("/d/a")));
    EXPECT_TRUE(area->rename(path("/b"), path("/d/a")));
    EXPECT_EQ(*load(*area, "/d/a"), "bb");
    EXPECT_EQ(area->space()->used_bytes, 2U);
    EXPECT_EQ(area->space()->used_files, 3U);
    EXPECT_TRUE(area->rename(path("/d/a"), path("/d/a")));
    EXPECT_EQ(outcome(area->rename(path("/none"), path("/none"))), "not_found");
    EXPECT_EQ(outcome(area->rename(path("/none"), path("/x"))), "not_found");
    EXPECT_EQ(outcome(area->rename(path("/d/a"), path("/e"))), "exists");
    EXPECT_EQ(outcome(area->rename(path("/e"), path("/d"))), "exists");
    EXPECT_EQ(outcome(area->rename(path("/e"), path("/d/a"))), "exists");
    EXPECT_EQ(outcome(area->rename(path("/d"), path("/d/x"))), "invalid");
    EXPECT_EQ(outcome(area->rename(Path(), path("/x"))), "invalid");
    EXPECT_EQ(outcome(area->rename(path("/d"), Path())), "invalid");
    EXPECT_TRUE(area->rename(path("/d"), path("/e/d")));
    EXPECT_EQ(*load(*area, "/e/d/a"), "bb");
    // Two names of one file, which only other programs make.
    fs::create_hard_link(world.inside("e/d/a"), world.inside("two"));
    world.reopen();
    const auto again = world.area();
    EXPECT_EQ(again->space()->used_bytes, 4U);
    EXPECT_TRUE(again->rename(path("/two"), path("/e/d/a")));
    EXPECT_EQ(names(*again), "e");
    EXPECT_EQ(again->space()->used_bytes, 2U);
}

TEST(files, have_times_and_modes) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(store(*area, "/f", "x") && area->make_directory(path("/d")));
    EXPECT_TRUE(area->set_modified(path("/f"), 1'500'000'000'123'456'789));
    EXPECT_EQ(area->stat(path("/f"))->modified_ns, 1'500'000'000'123'456'789);
    EXPECT_TRUE(area->set_modified(path("/d"), -1'500'000'000));
    EXPECT_EQ(area->stat(path("/d"))->modified_ns, -1'500'000'000);
    EXPECT_TRUE(area->set_mode(path("/f"), 07777));
    EXPECT_EQ(area->stat(path("/f"))->mode, 0740U);
    EXPECT_TRUE(area->set_mode(path("/f"), 0));
    EXPECT_EQ(area->stat(path("/f"))->mode, 0600U);
    EXPECT_TRUE(area->set_mode(path("/d"), 0));
    EXPECT_EQ(area->stat(path("/d"))->mode, 0700U);
    EXPECT_EQ(outcome(area->set_mode(Path(), 0)), "invalid");
    EXPECT_EQ(outcome(area->set_modified(path("/none"), 0)), "not_found");
    // What replaces a file has its mode, and the time that was asked for.
    const auto upload = area->upload(path("/f"), {});
    ASSERT_TRUE(upload && (*upload)->commit(1'000'000'000));
    EXPECT_EQ(area->stat(path("/f"))->mode, 0600U);
    EXPECT_EQ(area->stat(path("/f"))->modified_ns, 1'000'000'000);
}

TEST(files, are_listed_sorted_up_to_a_limit_and_never_cut) {
    Limits limits;
    limits.durable = false;
    limits.sorted_listing_max = 10;
    World world(limits);
    const auto area = world.area();
    for (int i = 9; i >= 0; --i) put(world.inside("f" + std::to_string(i)), "x");
    EXPECT_EQ(names(*area), "f0 f1 f2 f3 f4 f5 f6 f7 f8 f9");
    for (int i = 10; i < 100; ++i) put(world.inside("f" + std::to_string(i)), "x");
    const auto listing = area->list(Path());
    std::set<std::string> seen;
    for (;;) {
        const auto some = (*listing)->next(13);
        ASSERT_TRUE(some && some->size() <= 13);
        if (some->empty()) break;
        for (const Entry& entry : *some) EXPECT_TRUE(seen.insert(entry.name).second);
    }
    EXPECT_EQ(seen.size(), 100U);
    const auto vanishing = area->list(Path());
    for (int i = 0; i < 100; ++i) fs::remove(world.inside("f" + std::to_string(i)));
    EXPECT_TRUE((*vanishing)->next(1000)->empty());
}

std::string globbed(const Area& area, std::string_view pattern, std::string_view from = "/") {
    const Result<std::vector<Path>> found = area.glob(path(from), pattern);
    if (!found) return std::string(to_string(found.error().code));
    std::string out;
    for (const Path& one : *found) out += (out.empty() ? "" : " ") + one.text();
    return out;
}

TEST(files, match_patterns) {
    Limits limits;
    limits.durable = false;
    limits.glob_matches_max = 6;
    limits.glob_entries_max = 60;
    World world(limits);
    const auto area = world.area();
    for (const char* directory : {"b", "a", "a/x", "b/x"}) fs::create_directory(world.inside(directory));
    for (const char* file : {"a/1.txt", "a/2.txt", "b/1.txt", "b/1.bin", "a/x/deep", "top.txt", ".dot"}) put(world.inside(file), "x");
    fs::create_symlink("b", world.inside("c"));
    fs::create_symlink("/etc", world.inside("etc"));
    EXPECT_EQ(globbed(*area, "*"), "/a /b /c /top.txt");
    EXPECT_EQ(globbed(*area, ".*"), "/.dot");
    EXPECT_EQ(globbed(*area, "*/1.txt"), "/a/1.txt /b/1.txt /c/1.txt");
    EXPECT_EQ(globbed(*area, "[ab]/*.txt"), "/a/1.txt /a/2.txt /b/1.txt");
    EXPECT_EQ(globbed(*area, "*/x/d*"), "/a/x/deep");
    EXPECT_EQ(globbed(*area, "*/x/deep/*"), "");
    EXPECT_EQ(globbed(*area, "*.txt", "/a"), "/a/1.txt /a/2.txt");
    EXPECT_EQ(globbed(*area, "/b/*.bin", "/a"), "/b/1.bin");
    EXPECT_EQ(globbed(*area, "../b/*.bin", "/a"), "/b/1.bin");
    EXPECT_EQ(globbed(*area, "a/1.txt"), "/a/1.txt");
    EXPECT_EQ(globbed(*area, ""), "/");
    EXPECT_EQ(globbed(*area, "a/none"), "");
    EXPECT_EQ(globbed(*area, "none/*"), "");
    EXPECT_EQ(globbed(*area, "top.txt/*"), "");
    EXPECT_EQ(globbed(*area, "etc/*"), "");
    EXPECT_EQ(globbed(*area, "*/../a"), "invalid");
    EXPECT_EQ(globbed(*area, "a\r*"), "invalid");
    EXPECT_EQ(globbed(*area, "*/.packetboat-x"), "invalid");
    EXPECT_EQ(globbed(*area, std::string(path_max_bytes + 1, '*')), "too_large");
    EXPECT_EQ(globbed(*area, std::string(256, '*')), "too_large");
    EXPECT_EQ(globbed(*area, "*/*"), "too_many");  // nine
    for (int i = 0; i < 60; ++i) put(world.inside("many" + std::to_string(i)), "x");
    EXPECT_EQ(globbed(*area, "z*"), "too_many");
}

TEST(files, are_hashed_in_ranges) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(store(*area, "/abc", "abc") && store(*area, "/empty", "") && store(*area, "/nine", "123456789"));
    const auto hash = [&](std::string_view at, HashAlgorithm algorithm, std::uint64_t first = 0, std::optional<std::uint64_t> last = {}) {
        const auto hashing = area->hash(path(at), algorithm, first, last);
        if (!hashing) return std::string(to_string(hashing.error().code));
        for (int steps = 0; steps < 20; ++steps) {
            const Result<bool> done = (*hashing)->step(1);
            EXPECT_TRUE(done);
            if (*done) return (*hashing)->hex();
        }
        return std::string("never done");
    };
    // RFC 1321 §A.5, FIPS 180-2 appendices A to C, the check value of CRC-32.
    EXPECT_EQ(hash("/nine", HashAlgorithm::crc32), "cbf43926");
    EXPECT_EQ(hash("/abc", HashAlgorithm::md5), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hash("/abc", HashAlgorithm::sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hash("/abc", HashAlgorithm::sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash("/abc", HashAlgorithm::sha512),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    EXPECT_EQ(hash("/empty", HashAlgorithm::md5), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hash("/empty", HashAlgorithm::crc32), "00000000");
    EXPECT_EQ(hash("/abc", HashAlgorithm::md5, 3), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hash("/abc", HashAlgorithm::md5, 0, 1), "0cc175b9c0f1b6a831c399e269772661");  // "a"
    EXPECT_EQ(hash("/abc", HashAlgorithm::md5, 0, 99), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hash("/abc", HashAlgorithm::md5, 4), "invalid");
    EXPECT_EQ(hash("/abc", HashAlgorithm::md5, 2, 1), "invalid");
    EXPECT_EQ(hash("/none", HashAlgorithm::md5), "not_found");
    const auto shrinking = area->hash(path("/abc"), HashAlgorithm::md5, 1, 99);
    EXPECT_EQ((*shrinking)->first(), 1U);
    EXPECT_EQ((*shrinking)->last(), 3U);
    fs::resize_file(world.inside("abc"), 1);
    EXPECT_EQ(outcome((*shrinking)->step(10)), "conflict");
}

TEST(files, a_download_goes_on_showing_what_it_was) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(store(*area, "/f", "old"));
    const Result<Download> file = area->open(path("/f"));
    ASSERT_TRUE(store(*area, "/f", "newer"));
    ASSERT_TRUE(area->remove_file(path("/f")));
    char bytes[10];
    EXPECT_EQ(*file->read(0, bytes, 10), 3U);
    EXPECT_EQ(std::string_view(bytes, 3), "old");
    EXPECT_EQ(*file->read(3, bytes, 10), 0U);
    EXPECT_EQ(*file->read(1, bytes, 1), 1U);
    EXPECT_EQ(bytes[0], 'l');
}

TEST(files, areas_have_names_and_come_and_go) {
    World world;
    for (const std::string& bad : {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string(".packetboat-x"),
                                   std::string("a\0b", 3), std::string("a\nb"), std::string(256, 'x')}) {
        EXPECT_EQ(outcome(world.files().area(bad, {}, {})), "invalid") << bad;
        EXPECT_EQ(outcome(world.files().remove_area(bad)), "invalid") << bad;
    }
    fs::create_symlink("/etc", world.root() / "link");
    EXPECT_NE(outcome(world.files().area("link", {}, {})), "ok");
    put(world.root() / "file", "x");
    EXPECT_NE(outcome(world.files().area("file", {}, {})), "ok");

    const auto area = world.area();
    ASSERT_TRUE(store(*area, "/f", "x") && area->make_directory(path("/d")));
    const auto upload = area->upload(path("/d/unfinished"), {});
    ASSERT_TRUE(upload && (*upload)->write("x"));
    EXPECT_TRUE(world.files().remove_area("alice"));
    EXPECT_FALSE(fs::exists(world.inside()));
    EXPECT_EQ(hidden_count(world.root()), 0U);
    EXPECT_EQ(outcome(area->stat(path("/f"))), "not_found");
    EXPECT_EQ(outcome(area->list(Path())), "not_found");
    EXPECT_EQ(outcome(area->upload(path("/g"), {})), "not_found");
    EXPECT_EQ(outcome((*upload)->commit()), "not_found");
    EXPECT_TRUE(world.files().remove_area("alice"));
    EXPECT_TRUE(world.files().remove_area("nobody"));
    const auto again = world.area();
    EXPECT_EQ(names(*again), "");
    EXPECT_EQ(again->space()->used_files, 0U);
}

TEST(files, a_removal_goes_on_where_it_was_interrupted_however_deep) {
    World world;
    (void)world.area();
    // Deeper than a path can be, and than there may be descriptors.
    int directory = ::open(world.inside().c_str(), O_RDONLY | O_DIRECTORY);
    for (int depth = 0; depth < 5'000; ++depth) {
        ASSERT_EQ(::mkdirat(directory, "a-directory", 0700), 0);
        ASSERT_EQ(::mkdirat(directory, "beside", 0700), 0);
        const int below = ::openat(directory, "a-directory", O_RDONLY | O_DIRECTORY);
        ::close(directory);
        directory = below;
    }
    ::close(directory);
    EXPECT_EQ(world.counted().used_files, 10'000U);
    fs::rename(world.inside(), world.root() / (removed_prefix("alice") + "0"));
    (void)world.area();
    fs::create_directory(world.root() / (removed_prefix("bob") + "7"));
    EXPECT_TRUE(world.files().remove_area("alice"));
    EXPECT_EQ(hidden_count(world.root()), 1U);
    EXPECT_EQ(*world.files().sweep(Time::now()), 0U);
    EXPECT_EQ(hidden_count(world.root()), 0U);
}

struct GrantCase {
    std::string_view operation;
    bool list, read, write, remove;  // the fewest that it needs
};

TEST(files, every_operation_asks_the_grant) {
    const GrantCase cases[] = {
        {"stat", true, false, false, false},       {"stat", false, true, false, false},       {"list", true, false, false, false},
        {"glob", true, false, false, false},       {"open", false, true, false, false},       {"hash", false, true, false, false},
        {"store", false, false, true, false},      {"create", false, false, true, false},     {"unique", false, false, true, false},
        {"replace", false, false, true, true},     {"append", false, true, true, false},      {"append", false, false, true, true},
        {"append new", false, false, true, false}, {"resume", false, true, true, false},      {"resume", false, false, true, true},
        {"cut", false, false, true, true},         {"unfinished", false, false, true, false}, {"mkdir", false, false, true, false},
        {"delete", false, false, false, true},     {"rmdir", false, false, false, true},      {"rename", false, false, true, true},
        {"modified", false, true, true, false},    {"modified", false, false, true, true},    {"mode", false, true, true, false},
        {"mode", false, false, true, true},        {"combine", false, false, true, true},
    };
    std::set<std::string_view> operations;
    for (const GrantCase& c : cases) operations.insert(c.operation);
    for (const std::string_view operation : operations) {
        for (unsigned bits = 0; bits < 16; ++bits) {
            const Grant grant{.list = (bits & 1) != 0, .read = (bits & 2) != 0, .write = (bits & 4) != 0, .remove = (bits & 8) != 0};
            bool allowed = false;
            for (const GrantCase& c : cases) {
                if (c.operation == operation)
                    allowed |=
                        (!c.list || grant.list) && (!c.read || grant.read) && (!c.write || grant.write) && (!c.remove || grant.remove);
            }
            World world;
            const auto all = world.area();
            ASSERT_TRUE(store(*all, "/f", "file") && store(*all, "/part", "part") && all->make_directory(path("/d")));
            const auto kept = all->upload(path("/kept"), {});
            ASSERT_TRUE((*kept)->write("kept"));
            (*kept)->keep();
            const auto area = world.area({}, grant);
            EXPECT_EQ(area->grant(), grant);
            const Path f = path("/f");
            const auto outcome_of = [&]() -> std::string {
                if (operation == "stat") return outcome(area->stat(f));
                if (operation == "list") return outcome(area->list(Path()));
                if (operation == "glob") return outcome(area->glob(Path(), "*"));
                if (operation == "open") return outcome(area->open(f));
                if (operation == "hash") return outcome(area->hash(f, HashAlgorithm::md5, 0, {}));
                if (operation == "store") return outcome(area->upload(path("/new"), {}));
                if (operation == "create") return outcome(area->upload(path("/new"), {.begin = Begin::create}));
                if (operation == "unique") return outcome(area->upload(f, {.begin = Begin::unique}));
                if (operation == "replace") return outcome(area->upload(f, {}));
                if (operation == "append") return outcome(area->upload(f, {.begin = Begin::append}));
                if (operation == "append new") return outcome(area->upload(path("/kept"), {.begin = Begin::append}));
                if (operation == "resume") return outcome(area->upload(f, {.begin = Begin::resume, .offset = 4}));
                if (operation == "cut") return outcome(area->upload(f, {.begin = Begin::resume, .offset = 3}));
                if (operation == "unfinished") return outcome(area->unfinished(path("/kept")));
                if (operation == "mkdir") return outcome(area->make_directory(path("/new")));
                if (operation == "delete") return outcome(area->remove_file(f));
                if (operation == "rmdir") return outcome(area->remove_directory(path("/d")));
                if (operation == "rename") return outcome(area->rename(f, path("/new")));
                if (operation == "modified") return outcome(area->set_modified(f, 0));
                if (operation == "mode") return outcome(area->set_mode(f, 0600));
                return outcome(area->combine(f, {path("/part")}));
            };
            EXPECT_EQ(outcome_of(), allowed ? "ok" : "denied") << operation << " " << bits;
        }
    }
}

TEST(files, a_drop_box_takes_and_shows_nothing) {
    World world;
    ASSERT_TRUE(world.area()->make_directory(path("/in")) && store(*world.area(), "/in/there", "secret"));
    const auto box = world.area({}, {.list = false, .read = false, .write = true, .remove = false});
    EXPECT_TRUE(store(*box, "/in/mine", "mine"));
    EXPECT_EQ(got(world.inside("in/mine")), "mine");
    EXPECT_EQ(outcome(box->stat(Path())), "ok");
    EXPECT_EQ(outcome(box->stat(path("/in"))), "ok");
    // Whether there is one is not said.
    EXPECT_EQ(outcome(box->stat(path("/in/there"))), "denied");
    EXPECT_EQ(outcome(box->stat(path("/in/none"))), "denied");
    EXPECT_EQ(outcome(box->open(path("/in/mine"))), "denied");
    EXPECT_EQ(outcome(store(*box, "/in/mine", "again")), "denied");
    EXPECT_EQ(outcome(store(*box, "/in/there", "more", {.begin = Begin::append})), "denied");
    const auto again = box->upload(path("/in/there"), {.begin = Begin::unique});
    ASSERT_TRUE(again && (*again)->write("second") && (*again)->commit());
    EXPECT_EQ((*again)->path().text(), "/in/there.1");
    EXPECT_EQ(got(world.inside("in/there")), "secret");
}

}  // namespace
}  // namespace packetboat::files
