#include "mime/index_content.h"

#include <gtest/gtest.h>

#include <string>

#include "mime/boundary.h"
#include "mime/content.h"
#include "mime/field_name.h"

namespace packetboat::mime {

namespace {

std::string describe(const PartContent& content) {
    if (content.kind == Kind::leaf) return "leaf";
    if (content.kind == Kind::message) return "message";
    return (content.digest ? "digest " : "multipart ") + content.boundary;
}

struct Row {
    std::string_view value;
    std::string_view meaning;
    bool common = true;
};

const Row rows[] = {
    {" text/plain; charset=utf-8", "leaf"},
    {" text/plain", "leaf"},
    {"text/html;\r\n\tcharset=\"utf-8\"", "leaf"},
    {" multipart/mixed; boundary=abc", "multipart abc"},
    {" multipart/mixed; boundary=\"a b'c\"", "multipart a b'c"},
    {" Multipart/Mixed; BOUNDARY=\"----=_Part_1\"", "multipart ----=_Part_1"},
    {" multipart/alternative;\r\n boundary=\"==1==\";\r\n charset=utf-8", "multipart ==1=="},
    {" multipart/related; type=\"text/html\"; boundary=x", "multipart x"},
    {" multipart/report; report-type=delivery-status;\n\tboundary=\"x/y\"", "multipart x/y"},
    {" multipart/digest; boundary=d", "digest d"},
    {" multipart/signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\"; boundary=\"s\"", "multipart s"},
    {" message/rfc822", "message"},
    {" MESSAGE/RFC822; name=\"x.eml\"", "message"},
    {" message/global", "message"},
    {" message/delivery-status", "leaf"},
    {" message/partial; id=\"x\"; number=1", "leaf"},
    // What content_type() reads.
    {" multipart/mixed; boundary=abc;", "multipart abc", false},
    {" multipart/mixed", "leaf", false},
    {" multipart/mixed; boundary=\"\"", "leaf", false},
    {" multipart/mixed; charset=utf-8", "leaf", false},
    {" multipart/mixed (a comment); boundary=abc", "multipart abc", false},
    {" multipart/mixed; boundary=\"a\\\"b\"", "multipart a\"b", false},
    {" multipart/mixed; boundary = abc", "multipart abc", false},
    {" multipart/mixed; boundary*0=ab; boundary*1=c", "multipart abc", false},
    {" multipart/mixed; boundary*=us-ascii'en'ab%20c", "multipart ab c", false},
    {" multipart / mixed; boundary=abc", "multipart abc", false},
    {"", "leaf", false},
    {" text", "leaf", false},
    {" garbage here", "leaf", false},
};

}  // namespace

TEST(IndexContent, reads_what_the_part_tree_depends_on) {
    for (const Row& row : rows) {
        EXPECT_EQ(describe(part_content(row.value)), row.meaning) << row.value;
        EXPECT_EQ(common_part_content(row.value).has_value(), row.common) << row.value;
    }
}

TEST(IndexContent, the_common_form_is_read_as_content_type_reads_it) {
    for (const Row& row : rows) {
        const std::optional<PartContent> common = common_part_content(row.value);
        if (!common) continue;
        const ContentType type = content_type(row.value);
        EXPECT_EQ(common->kind == Kind::multipart, type.is_multipart()) << row.value;
        EXPECT_EQ(common->kind == Kind::message, type.is("message", "rfc822") || type.is("message", "global")) << row.value;
        if (common->kind != Kind::multipart) continue;
        EXPECT_EQ(common->boundary, type.parameter("boundary")) << row.value;
        EXPECT_EQ(common->digest, type.subtype == "digest") << row.value;
    }
}

TEST(IndexContent, says_where_the_boundary_stands) {
    for (const Row& row : rows) {
        const PartContent content = part_content(row.value);
        if (content.boundary_range.empty()) continue;
        EXPECT_EQ(content.boundary_range.of(row.value), content.boundary) << row.value;
    }
    EXPECT_EQ(part_content(" multipart/mixed; boundary=abc").boundary_range, (Range{27, 30}));
    EXPECT_EQ(part_content(" multipart/mixed; (c) boundary=abc").boundary_range, (Range{31, 34}));
    EXPECT_TRUE(part_content(" multipart/mixed; boundary=\"a\\\"b\"").boundary_range.empty());
}

// Percent-encoded line ends do not come through.
TEST(IndexContent, a_boundary_has_no_line_end) {
    for (const std::string_view value : {" multipart/mixed; boundary*=us-ascii''a%0Ab", " multipart/mixed; boundary*=us-ascii''a%0D%0Ab",
                                         " multipart/mixed; boundary*=us-ascii''a%00b"}) {
        EXPECT_EQ(part_content(value).boundary.find_first_of(std::string_view("\r\n\0", 3)), std::string::npos) << value;
    }
}

TEST(IndexContent, a_long_boundary_is_kept_but_not_looked_for) {
    const std::string boundary(1'000'000, 'b');
    const PartContent content = part_content(" multipart/mixed; boundary=" + boundary);
    ASSERT_EQ(content.kind, Kind::multipart);
    EXPECT_EQ(content.boundary.substr(0, boundary_max_bytes), boundary.substr(0, boundary_max_bytes));
    EXPECT_TRUE(content.boundary_range.empty());
}

TEST(FieldNames, each_is_known_in_any_case) {
    for (int number = 1; number <= static_cast<int>(FieldName::list_archive); ++number) {
        const auto field = static_cast<FieldName>(number);
        std::string name(name_of(field));
        EXPECT_EQ(known_field(name), field) << name;
        for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 0x20 : c);
        EXPECT_EQ(known_field(name), field) << name;
        for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
        EXPECT_EQ(known_field(name), field) << name;
        EXPECT_EQ(known_field(name + "x"), FieldName::other);
        EXPECT_EQ(known_field(name.substr(0, name.size() - 1)), FieldName::other);
        for (char& c : name) {
            const char kept = c;
            c = '~';
            EXPECT_EQ(known_field(name), FieldName::other) << name;
            c = kept;
        }
    }
    EXPECT_EQ(known_field(""), FieldName::other);
    EXPECT_EQ(known_field("X-Mailer"), FieldName::other);
    EXPECT_EQ(name_of(FieldName::other), "");
}

}  // namespace packetboat::mime
