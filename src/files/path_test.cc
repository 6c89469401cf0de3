#include "files/path.h"

#include <gtest/gtest.h>

#include <string>

namespace packetboat::files {
namespace {

std::string resolved(std::string_view from, std::string_view argument) {
    const Result<Path> start = Path().resolve(from);
    const Result<Path> path = start->resolve(argument);
    return path ? path->text() : std::string(to_string(path.error().code));
}

struct Case {
    std::string_view from, argument, result;
};

TEST(path, is_resolved_as_text_and_never_above_the_root) {
    const Case cases[] = {
        {"/", "", "/"},
        {"/a", "", "/a"},
        {"/", "a", "/a"},
        {"/a/b", "c", "/a/b/c"},
        {"/a/b", "/c", "/c"},
        {"/a/b", "..", "/a"},
        {"/a/b", "../..", "/"},
        {"/a/b", "../../../../etc/passwd", "/etc/passwd"},
        {"/", "..", "/"},
        {"/a", "./b/./c/.", "/a/b/c"},
        {"/a", "//b///c//", "/b/c"},
        {"/a", "b//c/", "/a/b/c"},
        {"/a", "x/../b", "/a/b"},
        {"/", "...", "/..."},
        {"/", "..a/.b", "/..a/.b"},
        {"/", "%2e%2e/a", "/%2e%2e/a"},
        {"/", "..\\..\\a", "/..\\..\\a"},
        {"/", "~root", "/~root"},
        {"/", "-rf *", "/-rf *"},
        {"/", "\xc0\xae\xc0\xae/x", "/\xc0\xae\xc0\xae/x"},
        {"/", "gr\xc3\xbc\xc3\x9f e", "/gr\xc3\xbc\xc3\x9f e"},
        {"/", std::string_view("a\0b", 3), "invalid"},
        {"/", "a\rb", "invalid"},
        {"/", "a\nb/../c", "invalid"},
        {"/", ".packetboat-x", "invalid"},
        {"/", "a/.packetboat-/b", "invalid"},
        {"/", "a/.packetboat", "/a/.packetboat"},
        {"/", "x.packetboat-y", "/x.packetboat-y"},
    };
    for (const Case& c : cases) EXPECT_EQ(resolved(c.from, c.argument), c.result) << c.from << " " << c.argument;
}

TEST(path, is_bounded) {
    EXPECT_EQ(resolved("/", std::string(name_max_bytes, 'x')).size(), name_max_bytes + 1);
    EXPECT_EQ(resolved("/", std::string(name_max_bytes + 1, 'x')), "too_large");
    std::string deep;
    for (std::size_t i = 0; i < depth_max; ++i) deep += "/a";
    EXPECT_EQ(resolved("/", deep), deep);
    EXPECT_EQ(resolved(deep, "b"), "too_large");
    EXPECT_EQ(resolved(deep, "../b"), deep.substr(0, deep.size() - 1) + "b");
    std::string longest;
    while (longest.size() + 201 <= path_max_bytes) longest += "/" + std::string(200, 'x');
    EXPECT_EQ(resolved("/", longest), longest);
    EXPECT_EQ(resolved(longest, std::string(200, 'x')), "too_large");
    EXPECT_EQ(resolved("/", std::string(1'000'000, '/') + "a"), "/a");
}

TEST(path, knows_its_parts) {
    const Path deep = Path().resolve("/a/b").value();
    EXPECT_EQ(deep.name(), "b");
    EXPECT_EQ(deep.parent().text(), "/a");
    EXPECT_EQ(deep.parent().parent().text(), "/");
    EXPECT_EQ(deep.relative(), "a/b");
    EXPECT_FALSE(deep.is_root());
    const Path root;
    EXPECT_TRUE(root.is_root());
    EXPECT_EQ(root.name(), "");
    EXPECT_EQ(root.parent(), root);
    EXPECT_EQ(root.relative(), ".");
    EXPECT_EQ(root.child("a")->text(), "/a");
    EXPECT_EQ(deep.child("c d")->text(), "/a/b/c d");
    for (const std::string_view bad : {"", ".", "..", "a/b", "a\r", "a\nb", ".packetboat-upload-x"}) EXPECT_FALSE(deep.child(bad)) << bad;
    EXPECT_TRUE(root.contains(deep) && deep.contains(deep) && deep.parent().contains(deep));
    EXPECT_FALSE(deep.contains(root));
    EXPECT_FALSE(Path().resolve("/a/bc")->contains(deep) || deep.contains(*Path().resolve("/a/bc")));
}

}  // namespace
}  // namespace packetboat::files
