// Makes every single change that an operation makes to the disk fail in turn, and looks at what is there then.
#include <gtest/gtest.h>

#include <functional>

#include "files/testing/faulty_disk.h"
#include "files/testing/world.h"

namespace packetboat::files {
namespace {

using namespace testing;

struct Operation {
    std::string_view name;
    std::function<Result<>(Area&)> run;
};

const std::string old_bytes(5'000, 'o');
const std::string new_bytes(9'000, 'n');

Result<> upload(Area& area, const UploadOptions& options, std::string_view to = "/f") {
    const Result<std::unique_ptr<Upload>> upload = area.upload(path(to), options);
    if (!upload) return fail(upload.error());
    for (const std::size_t at : {0U, 4'000U}) {
        const std::uint64_t before = (*upload)->size_bytes();
        const std::string_view piece = std::string_view(new_bytes).substr(at, at == 0 ? 4'000 : std::string::npos);
        Result<> written = (*upload)->write(piece);
        EXPECT_EQ((*upload)->size_bytes(), written ? before + piece.size() : before);
        if (!written) return written;
    }
    return (*upload)->commit(1'000'000'000);
}

const Operation operations[] = {
    {"replace", [](Area& area) { return upload(area, {}); }},
    {"new", [](Area& area) { return upload(area, {}, "/new"); }},
    {"create", [](Area& area) { return upload(area, {.begin = Begin::create}, "/new"); }},
    {"append", [](Area& area) { return upload(area, {.begin = Begin::append}); }},
    {"resume", [](Area& area) { return upload(area, {.begin = Begin::resume, .offset = 100}); }},
    {"resume unfinished", [](Area& area) { return upload(area, {.begin = Begin::resume, .offset = 2}, "/kept"); }},
    {"instead of unfinished", [](Area& area) { return upload(area, {}, "/kept"); }},
    {"combine", [](Area& area) { return area.combine(path("/f"), {path("/p1"), path("/d/p2")}); }},
    {"combine new", [](Area& area) { return area.combine(path("/new"), {path("/p1"), path("/d/p2")}); }},
    {"mkdir", [](Area& area) { return area.make_directory(path("/new")); }},
    {"rmdir", [](Area& area) { return area.remove_directory(path("/empty")); }},
    {"delete", [](Area& area) { return area.remove_file(path("/f")); }},
    {"rename", [](Area& area) { return area.rename(path("/f"), path("/d/new")); }},
    {"rename over", [](Area& area) { return area.rename(path("/p1"), path("/f")); }},
    {"modified", [](Area& area) { return area.set_modified(path("/f"), 5); }},
    {"mode", [](Area& area) { return area.set_mode(path("/f"), 0600); }},
};

void fill(World& world) {
    const auto area = world.area();
    ASSERT_TRUE(store(*area, "/f", old_bytes) && store(*area, "/p1", "p1") && area->make_directory(path("/d")) &&
                area->make_directory(path("/empty")) && store(*area, "/d/p2", "p2"));
    for (const char* name : {"/kept", "/empty/kept"}) {
        const auto kept = area->upload(path(name), {});
        ASSERT_TRUE((*kept)->write("kept"));
        (*kept)->keep();
    }
}

// Every file that is seen is one that was meant: whole, old or new.
void expect_whole(const Area& area) {
    const std::set<std::string> meant = {
        old_bytes, new_bytes, old_bytes + new_bytes, old_bytes.substr(0, 100) + new_bytes, "ke" + new_bytes, old_bytes + "p1p2", "p1p2",
        "p1",      "p2"};
    for (const char* directory : {"/", "/d"}) {
        const auto listing = area.list(path(directory));
        ASSERT_TRUE(listing);
        const auto entries = (*listing)->next(100);
        for (const Entry& entry : *entries) {
            if (entry.kind != Kind::file) continue;
            const Result<std::string> bytes = load(area, std::string(directory) + "/" + entry.name);
            ASSERT_TRUE(bytes);
            EXPECT_TRUE(meant.contains(*bytes)) << entry.name << ": " << bytes->size() << " bytes";
        }
    }
}

int fail_every_change(const Operation& operation, int number, bool lasting) {
    for (int nth = 1; nth < 100; ++nth) {
        SCOPED_TRACE(std::string(operation.name) + ", change " + std::to_string(nth) + (lasting ? " and all after it" : ""));
        const auto disk = std::make_shared<FaultyDisk>();
        World world({}, disk);
        fill(world);
        const auto area = world.area();
        disk->fail_at(nth, number, lasting);
        const Result<> done = operation.run(*area);
        const bool failed = disk->failed();
        disk->fail_at(0, 0);
        if (!failed) {
            EXPECT_TRUE(done) << done.error().text;
            return nth - 1;
        }
        expect_whole(*area);
        EXPECT_EQ(area->space()->used_bytes, world.counted().used_bytes);
        EXPECT_EQ(area->space()->used_files, world.counted().used_files);
        const bool uploads = operation.name != "delete" && !operation.name.starts_with("rename") && !operation.name.starts_with("combine");
        if (!done) {
            EXPECT_EQ(done.error().code, ErrorCode::unavailable);
            if (uploads && !lasting) {
                EXPECT_EQ(got(world.inside("f")), old_bytes);
                EXPECT_FALSE(std::filesystem::exists(world.inside("new")));
            }
        }
        // The locks are free, and it can be done again.
        const Result<> again = operation.run(*area);
        if (uploads && !done && operation.name != "rmdir" && !lasting && operation.name != "resume unfinished") {
            EXPECT_TRUE(again) << again.error().text;
        }
        if (!again) EXPECT_NE(again.error().code, ErrorCode::conflict);
        EXPECT_EQ(area->space()->used_bytes, world.counted().used_bytes);
        EXPECT_EQ(area->space()->used_files, world.counted().used_files);
    }
    ADD_FAILURE() << "never ends";
    return 0;
}

TEST(files_fault, a_disk_that_fails_once_leaves_old_files_whole_and_the_quota_exact) {
    for (const Operation& operation : operations) {
        EXPECT_GE(fail_every_change(operation, ENOSPC, false), 2) << operation.name;
        fail_every_change(operation, EIO, false);
    }
}

TEST(files_fault, a_disk_that_goes_on_failing_leaves_nothing_half_written) {
    for (const Operation& operation : operations) fail_every_change(operation, EIO, true);
}

TEST(files_fault, what_cannot_be_kept_is_discarded) {
    for (int nth = 1; nth < 4; ++nth) {
        const auto disk = std::make_shared<FaultyDisk>();
        World world({}, disk);
        const auto area = world.area();
        const auto upload = area->upload(path("/f"), {});
        ASSERT_TRUE((*upload)->write("x"));
        disk->fail_at(nth, EIO);
        (*upload)->keep();
        EXPECT_EQ(area->space()->used_bytes, world.counted().used_bytes);
        EXPECT_EQ(area->unfinished(path("/f")).has_value(), nth != 1);
    }
}

TEST(files_fault, a_removal_that_fails_can_be_repeated) {
    int failures = 0;
    for (int nth = 1; nth < 20; ++nth) {
        const auto disk = std::make_shared<FaultyDisk>();
        World world({}, disk);
        fill(world);
        disk->fail_at(nth, EIO);
        const Result<> removed = world.files().remove_area("alice");
        if (!removed) {
            ++failures;
            EXPECT_TRUE(world.files().remove_area("alice"));
        }
        EXPECT_FALSE(std::filesystem::exists(world.inside()));
        EXPECT_EQ(hidden_count(world.root()), 0U);
    }
    EXPECT_GT(failures, 5);
}

}  // namespace
}  // namespace packetboat::files
