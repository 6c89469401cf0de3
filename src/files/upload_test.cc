#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

#include "files/disk.h"
#include "files/testing/world.h"

namespace packetboat::files {
namespace {

using namespace testing;
namespace fs = std::filesystem;

std::unique_ptr<Upload> begun(Area& area, std::string_view to, const UploadOptions& options = {}) {
    Result<std::unique_ptr<Upload>> upload = area.upload(path(to), options);
    EXPECT_TRUE(upload) << (upload ? "" : upload.error().text);
    return upload ? std::move(*upload) : nullptr;
}

void keep(Area& area, std::string_view to, std::string_view bytes) {
    const auto upload = begun(area, to);
    ASSERT_TRUE(upload->write(bytes));
    upload->keep();
}

void expect_counted(World& world, const Area& area) {
    EXPECT_EQ(area.space()->used_bytes, world.counted().used_bytes);
    EXPECT_EQ(area.space()->used_files, world.counted().used_files);
}

TEST(upload, is_seen_whole_or_not_at_all) {
    World world;
    const auto area = world.area();
    auto upload = begun(*area, "/f");
    EXPECT_TRUE(upload->write("half"));
    EXPECT_EQ(upload->size_bytes(), 4U);
    EXPECT_EQ(names(*area), "");
    EXPECT_EQ(outcome(area->stat(path("/f"))), "not_found");
    EXPECT_TRUE(upload->write(" and half"));
    EXPECT_TRUE(upload->commit());
    EXPECT_EQ(*load(*area, "/f"), "half and half");
    EXPECT_EQ(outcome(upload->write("more")), "conflict");
    EXPECT_EQ(outcome(upload->commit()), "conflict");
    upload.reset();
    EXPECT_EQ(*load(*area, "/f"), "half and half");
    begun(*area, "/f")->write("other").value();
    EXPECT_EQ(*load(*area, "/f"), "half and half");
    EXPECT_EQ(hidden_count(world.root()), 0U);
    expect_counted(world, *area);
}

TEST(upload, has_one_writer) {
    World world;
    const auto area = world.area();
    const auto other = world.area();
    ASSERT_TRUE(store(*area, "/f", "old") && area->make_directory(path("/d")));
    auto upload = begun(*area, "/f");
    for (const Begin begin : {Begin::replace, Begin::create, Begin::append, Begin::resume})
        EXPECT_EQ(outcome(other->upload(path("/f"), {.begin = begin})), "conflict");
    EXPECT_EQ(outcome(other->remove_file(path("/f"))), "conflict");
    EXPECT_EQ(outcome(other->rename(path("/f"), path("/g"))), "conflict");
    EXPECT_EQ(outcome(other->rename(path("/d"), path("/f"))), "conflict");
    EXPECT_EQ(outcome(other->make_directory(path("/f"))), "conflict");
    EXPECT_EQ(outcome(other->combine(path("/f"), {path("/g")})), "conflict");
    EXPECT_EQ(outcome(other->combine(path("/g"), {path("/f")})), "conflict");
    EXPECT_EQ(outcome(other->unfinished(path("/f"))), "conflict");
    EXPECT_EQ(*load(*other, "/f"), "old");
    EXPECT_TRUE(other->rename(path("/d"), path("/e")));
    upload.reset();
    EXPECT_TRUE(other->remove_file(path("/f")));
    auto inside = begun(*area, "/e/f");
    EXPECT_EQ(outcome(other->remove_directory(path("/e"))), "conflict");
    inside.reset();
    EXPECT_TRUE(other->remove_directory(path("/e")));
    expect_counted(world, *area);
}

TEST(upload, ends_where_its_directory_has_been_moved) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(area->make_directory(path("/d")) && area->make_directory(path("/other")));
    const auto upload = begun(*area, "/d/f");
    ASSERT_TRUE(upload->write("x") && area->rename(path("/d"), path("/other/moved")) && area->make_directory(path("/d")));
    EXPECT_TRUE(upload->commit());
    EXPECT_EQ(got(world.inside("other/moved/f")), "x");
    EXPECT_EQ(names(*area, "/d"), "");
    expect_counted(world, *area);
}

TEST(upload, appends_and_resumes_without_touching_the_file) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(store(*area, "/f", "0123456789"));
    auto upload = begun(*area, "/f", {.begin = Begin::append});
    EXPECT_EQ(upload->size_bytes(), 10U);
    ASSERT_TRUE(upload->write("abc"));
    EXPECT_EQ(*load(*area, "/f"), "0123456789");
    ASSERT_TRUE(upload->commit());
    EXPECT_EQ(*load(*area, "/f"), "0123456789abc");
    EXPECT_TRUE(store(*area, "/f", "XY", {.begin = Begin::resume, .offset = 4}));
    EXPECT_EQ(*load(*area, "/f"), "0123XY");
    EXPECT_EQ(outcome(area->upload(path("/f"), {.begin = Begin::resume, .offset = 7})), "invalid");
    EXPECT_EQ(outcome(area->upload(path("/none"), {.begin = Begin::resume, .offset = 1})), "invalid");
    EXPECT_TRUE(store(*area, "/none", "new", {.begin = Begin::resume}));
    EXPECT_TRUE(store(*area, "/none2", "new", {.begin = Begin::append}));
    EXPECT_EQ(names(*area), "f none none2");
    EXPECT_EQ(outcome(area->upload(path("/f"), {.begin = Begin::create})), "exists");
    EXPECT_TRUE(store(*area, "/large", std::string(3'000'000, 'l')));
    EXPECT_TRUE(store(*area, "/large", "end", {.begin = Begin::append}));
    EXPECT_EQ(*load(*area, "/large"), std::string(3'000'000, 'l') + "end");
    expect_counted(world, *area);
}

// A file system that can neither copy by itself nor rename with conditions, as those of other machines are.
class PoorDisk final : public Disk {
public:
    ssize_t copy(int, off_t, int, off_t, std::size_t) override {
        errno = EOPNOTSUPP;
        return -1;
    }
    int rename(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) override {
        if (flags == 0) return Disk::rename(from_directory, from, to_directory, to, flags);
        errno = EINVAL;
        return -1;
    }
};

TEST(upload, does_with_a_file_system_that_can_little) {
    World world({}, std::make_shared<PoorDisk>());
    const auto area = world.area();
    const std::string large(700'001, 'l');
    ASSERT_TRUE(store(*area, "/f", large) && store(*area, "/f", large));
    EXPECT_TRUE(store(*area, "/f", "end", {.begin = Begin::append}));
    EXPECT_TRUE(*load(*area, "/f") == large + "end");
    EXPECT_TRUE(store(*area, "/f", "!", {.begin = Begin::resume, .offset = 300'000}));
    EXPECT_TRUE(*load(*area, "/f") == large.substr(0, 300'000) + "!");
    EXPECT_TRUE(area->rename(path("/f"), path("/g")));
    EXPECT_EQ(names(*area), "g");
    expect_counted(world, *area);
}

TEST(upload, that_was_kept_can_be_resumed) {
    World world;
    const auto area = world.area();
    keep(*area, "/f", "0123456789");
    EXPECT_EQ(names(*area), "");
    EXPECT_EQ(*area->unfinished(path("/f")), 10U);
    EXPECT_EQ(outcome(area->unfinished(path("/g"))), "not_found");
    expect_counted(world, *area);
    world.reopen();
    const auto later = world.area();
    EXPECT_EQ(*later->unfinished(path("/f")), 10U);
    EXPECT_EQ(outcome(later->upload(path("/f"), {.begin = Begin::resume, .offset = 11})), "invalid");
    EXPECT_EQ(*later->unfinished(path("/f")), 10U);
    EXPECT_TRUE(store(*later, "/f", "x", {.begin = Begin::resume, .offset = 8}));
    EXPECT_EQ(*load(*later, "/f"), "01234567x");
    EXPECT_EQ(outcome(later->unfinished(path("/f"))), "not_found");
    keep(*later, "/g", "abc");
    EXPECT_TRUE(store(*later, "/g", "def", {.begin = Begin::append}));
    EXPECT_EQ(*load(*later, "/g"), "abcdef");
    // Another upload to the same name does not go on with it, and a name that waits is not free.
    keep(*later, "/h", "abc");
    const auto unique = begun(*later, "/h", {.begin = Begin::unique});
    EXPECT_EQ(unique->path().text(), "/h.1");
    EXPECT_TRUE(store(*later, "/h", "new"));
    EXPECT_EQ(*load(*later, "/h"), "new");
    // Where there is a file, it would be taken for what is there; nothing is kept then, nor when there is nothing to keep.
    keep(*later, "/h", "other");
    keep(*later, "/i", "");
    EXPECT_EQ(outcome(later->unfinished(path("/i"))), "not_found");
    expect_counted(world, *later);
    EXPECT_TRUE(unique->commit());
    EXPECT_EQ(hidden_count(world.root()), 0U);
}

TEST(upload, leftovers_go_with_what_they_belong_to) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(area->make_directory(path("/d")));
    keep(*area, "/d/a", "12345");
    keep(*area, "/d/b", "12345");
    EXPECT_TRUE(area->remove_directory(path("/d")));
    EXPECT_EQ(area->space()->used_files, 0U);
    EXPECT_EQ(area->space()->used_bytes, 0U);
    // As an older start of the server may have left it.
    ASSERT_TRUE(store(*area, "/f", "x"));
    put(world.inside(unfinished_name("f")), "left");
    put(world.inside(unfinished_name("g")), "left");
    world.reopen();
    const auto later = world.area();
    EXPECT_EQ(later->space()->used_bytes, 9U);
    EXPECT_TRUE(later->rename(path("/f"), path("/g")));
    EXPECT_EQ(later->space()->used_bytes, 1U);
    EXPECT_EQ(hidden_count(world.root()), 0U);
    expect_counted(world, *later);
}

TEST(upload, finds_a_unique_name) {
    World world;
    const auto area = world.area();
    const auto first = begun(*area, "/f", {.begin = Begin::unique});
    const auto second = begun(*area, "/f", {.begin = Begin::unique});
    EXPECT_EQ(first->path().text(), "/f");
    EXPECT_EQ(second->path().text(), "/f.1");
    ASSERT_TRUE(second->commit() && first->commit() && area->make_directory(path("/f.2")));
    EXPECT_EQ(begun(*area, "/f", {.begin = Begin::unique})->path().text(), "/f.3");
    const std::string longest(name_max_bytes, 'x');
    ASSERT_TRUE(store(*area, longest, ""));
    EXPECT_EQ(outcome(area->upload(path(longest), {.begin = Begin::unique})), "too_large");
}

TEST(upload, counts_before_it_writes) {
    World world;
    const auto area = world.area({.bytes = 10, .files = 3});
    auto upload = begun(*area, "/f");
    EXPECT_TRUE(upload->write("12345678"));
    EXPECT_EQ(outcome(upload->write("123")), "over_quota");
    EXPECT_EQ(upload->size_bytes(), 8U);
    EXPECT_EQ(area->space()->available_bytes, 2U);
    EXPECT_TRUE(upload->write("90"));
    EXPECT_EQ(outcome(store(*area, "/g", "1")), "over_quota");
    EXPECT_EQ(outcome(area->upload(path("/g"), {.size_bytes = 1})), "over_quota");
    EXPECT_TRUE(upload->commit());
    EXPECT_EQ(got(world.inside("f")), "1234567890");
    // The old one makes room for the new one, and for nothing else.
    EXPECT_TRUE(store(*area, "/f", "abcdefghij"));
    EXPECT_EQ(outcome(store(*area, "/f", "abcdefghijk")), "over_quota");
    EXPECT_EQ(outcome(store(*area, "/f", "x", {.begin = Begin::append})), "over_quota");
    EXPECT_EQ(got(world.inside("f")), "abcdefghij");
    EXPECT_TRUE(store(*area, "/f", "12345"));
    keep(*area, "/g", "12345");
    EXPECT_EQ(outcome(store(*area, "/h", "1")), "over_quota");
    EXPECT_TRUE(store(*area, "/h", ""));
    EXPECT_EQ(outcome(store(*area, "/i", "")), "over_quota");
    EXPECT_EQ(outcome(area->make_directory(path("/i"))), "over_quota");
    EXPECT_TRUE(store(*area, "/h", ""));
    EXPECT_TRUE(store(*area, "/g", "", {.begin = Begin::resume, .offset = 5}));
    expect_counted(world, *area);
    EXPECT_TRUE(area->remove_file(path("/f")) && area->remove_file(path("/g")) && area->remove_file(path("/h")));
    EXPECT_EQ(area->space()->used_files, 0U);
    EXPECT_EQ(area->space()->available_bytes, 10U);
}

TEST(upload, is_refused_before_the_disk_is_full) {
    Limits limits;
    limits.min_free_bytes = 1ULL << 62;
    World world(limits);
    const auto area = world.area();
    EXPECT_EQ(outcome(store(*area, "/f", "x")), "unavailable");
    EXPECT_EQ(outcome(area->upload(path("/f"), {.size_bytes = 1})), "unavailable");
    EXPECT_EQ(outcome(area->make_directory(path("/d"))), "unavailable");
    EXPECT_EQ(area->space()->available_bytes, 0U);
    EXPECT_EQ(area->space()->used_files, 0U);
    EXPECT_EQ(hidden_count(world.root()), 0U);
}

TEST(upload, quota_is_exact_between_threads) {
    Limits limits;
    limits.durable = false;
    World world(limits);
    const auto area = world.area({.bytes = 5'000, .files = 20});
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int n = 0; n < 200; ++n) {
                const std::string name = "/f" + std::to_string((n * 7 + thread) % 9);
                switch ((n + thread) % 5) {
                    case 0: (void)area->remove_file(path(name)); break;
                    case 1: (void)area->rename(path(name), path("/f" + std::to_string(n % 9))); break;
                    case 2: {
                        const auto upload = area->upload(path(name), {.begin = Begin::append});
                        if (upload && (*upload)->write(std::string(100, 'x'))) (*upload)->keep();
                        break;
                    }
                    default:
                        (void)store(*area, name, std::string(static_cast<std::size_t>(n * 13 % 1500), 'x'),
                                    {.begin = n % 2 == 0 ? Begin::replace : Begin::append});
                }
                EXPECT_LE(area->space()->used_bytes, 10'000U);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(area->space()->used_bytes, 5'000U);
    expect_counted(world, *area);
}

TEST(upload, parts_become_one_file) {
    World world;
    const auto area = world.area({.bytes = 12, .files = 4});
    ASSERT_TRUE(store(*area, "/1", "aaa") && store(*area, "/2", "bbb") && store(*area, "/3", "ccc"));
    EXPECT_EQ(outcome(area->combine(path("/f"), {})), "invalid");
    EXPECT_EQ(outcome(area->combine(path("/f"), {path("/1"), path("/1")})), "invalid");
    EXPECT_EQ(outcome(area->combine(path("/1"), {path("/1")})), "invalid");
    EXPECT_EQ(outcome(area->combine(path("/f"), {path("/1"), path("/none")})), "not_found");
    EXPECT_EQ(outcome(area->combine(path("/f"), std::vector<Path>(1'000, path("/1")))), "too_many");
    EXPECT_EQ(names(*area), "1 2 3");
    EXPECT_TRUE(area->combine(path("/f"), {path("/2"), path("/1")}));
    EXPECT_EQ(*load(*area, "/f"), "bbbaaa");
    EXPECT_TRUE(area->combine(path("/f"), {path("/3")}));
    EXPECT_EQ(*load(*area, "/f"), "bbbaaaccc");
    EXPECT_EQ(names(*area), "f");
    EXPECT_EQ(area->space()->available_bytes, 3U);
    expect_counted(world, *area);
}

TEST(upload, what_nobody_resumes_is_swept) {
    World world;
    const auto area = world.area();
    ASSERT_TRUE(area->make_directory(path("/d")) && store(*area, "/f", "file"));
    keep(*area, "/d/old", "old");
    keep(*area, "/d/other", "other");
    const auto written = begun(*area, "/d/written");
    ASSERT_TRUE(written->write("x"));
    ASSERT_TRUE(world.files().area("bob", {}, {}));
    put(world.root() / "bob" / unfinished_name("x"), "left");
    EXPECT_EQ(*world.files().sweep(Time::now()), 0U);
    const Time later = Time::now() + std::chrono::hours(73);
    EXPECT_EQ(*world.files().sweep(later), 3U);
    EXPECT_EQ(outcome(area->unfinished(path("/d/old"))), "not_found");
    EXPECT_TRUE(written->commit());
    EXPECT_EQ(names(*area, "/d"), "written");
    expect_counted(world, *area);
    world.reopen();
    put(world.inside(unfinished_name("x")), "left");
    EXPECT_EQ(*world.files().sweep(later), 1U);
    EXPECT_EQ(world.area()->space()->used_bytes, 5U);
}

}  // namespace
}  // namespace packetboat::files
