#include "files/pattern.h"

#include <gtest/gtest.h>

namespace packetboat::files {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
    const Result<Pattern> compiled = Pattern::compile(pattern);
    EXPECT_TRUE(compiled) << pattern;
    return compiled && compiled->matches(name);
}

struct Case {
    std::string_view pattern, name;
    bool matches;
};

TEST(pattern, matches_what_a_shell_would) {
    const Case cases[] = {
        {"*", "a", true},
        {"*", "", true},
        {"**", "abc", true},
        {"*.txt", "a.txt", true},
        {"*.txt", ".txt", false},
        {".*", ".txt", true},
        {"[.]x", ".x", false},
        {"?x", ".x", false},
        {"*.txt", "a.txt.gz", false},
        {"a*b*c", "aXbYc", true},
        {"a*b*c", "abbbc", true},
        {"a*b*c", "ac", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"?", "\xc3\xbc", true},
        {"??", "\xc3\xbc", false},
        {"gr?n", "gr\xc3\xbcn", true},
        {"gr[!e]n", "gr\xc3\xbcn", true},
        {"?", "\xf0\x9f\x98\x80", true},
        {"?", "\xe4", true},
        {"*", "\xff\x80", true},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[!a-c]x", "dx", true},
        {"[^a-c]x", "bx", false},
        {"[]]", "]", true},
        {"[!]]", "a", true},
        {"[!]]", "]", false},
        {"[a-]", "-", true},
        {"[-a]", "-", true},
        {"[z-a]", "m", false},
        {"[*?]", "*", true},
        {"[*?]", "a", false},
        {"[[]x", "[x", true},
        {"a[b", "a[b", true},
        {"a[b", "ab", false},
        {"a[", "a[", true},
        {"\\*", "\\abc", true},
        {"\\*", "*", false},
        {"A*", "abc", false},
        {"", "", true},
        {"", "a", false},
        {"a", "a", true},
    };
    for (const Case& c : cases) EXPECT_EQ(matches(c.pattern, c.name), c.matches) << c.pattern << " " << c.name;
    EXPECT_EQ(Pattern::compile("[\xc3\xbc]").error().code, ErrorCode::invalid);
    EXPECT_EQ(Pattern::compile("[a-\xff]").error().code, ErrorCode::invalid);
}

TEST(pattern, of_any_length_takes_the_time_of_the_name) {
    std::string stars;
    for (int i = 0; i < 250; ++i) stars += "*a";
    EXPECT_FALSE(matches(stars + "*b", std::string(255, 'a')));
    EXPECT_TRUE(matches(stars, std::string(255, 'a')));
    EXPECT_TRUE(matches(std::string(4000, '*'), std::string(255, 'a')));
    EXPECT_TRUE(matches(std::string(255, '?'), std::string(255, 'a')));
    EXPECT_FALSE(matches(std::string(256, '?'), std::string(255, 'a')));
    EXPECT_FALSE(matches(std::string(255, '?') + "*?", std::string(255, 'a')));
    EXPECT_FALSE(matches("*", std::string(256, 'a')));
}

}  // namespace
}  // namespace packetboat::files
