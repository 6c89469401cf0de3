#include "mime/date.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace packetboat::mime {
namespace {

std::string read(std::string_view value) {
    const std::optional<Date> read = date(value);
    return read ? serialize(*read) : "no date";
}

TEST(date, is_read_in_every_form_seen_in_the_wild) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        // RFC 5322, its obsolete forms, and small mistakes
        {"Tue, 1 Jul 2003 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Tue, 1 Jul 2003 10:52:37 -0000", "Tue, 1 Jul 2003 10:52:37 -0000"},
        {"1 Jul 2003 10:52 +0200", "Tue, 1 Jul 2003 10:52:00 +0200"},
        {"Mon, 1 Jul 2003 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Tue,1Jul2003 10:52:37+0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Thu,\r\n   13\r\n  Feb\r\n    1969\r\n  23:32\r\n  -0330 (Newfoundland Time)", "Thu, 13 Feb 1969 23:32:00 -0330"},
        {"Tue, 1 Jul 2003 ((tricky) comment) 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Tue, 1 Jul 2003 10:52:37 +0200 (CEST", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"21 Nov 97 09:55:06 GMT", "Fri, 21 Nov 1997 09:55:06 +0000"},
        {"21 Nov 49 09:55:06 UT", "Sun, 21 Nov 2049 09:55:06 +0000"},
        {"21 Nov 103 09:55:06 Z", "Fri, 21 Nov 2003 09:55:06 +0000"},
        {"Tuesday, 1 July 2003 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1st July 2003 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Tue, 1 SEPT 2003 10:52:37 +0200", "Mon, 1 Sep 2003 10:52:37 +0200"},
        {"Tue, 1 Jul 2003, 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Tue, 1 Jul 2003 10.52.37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Tue, 1 Jul 2003 10:52:37.123 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Tue, 1 Jul 2003 1:2:3 +0200", "Tue, 1 Jul 2003 01:02:03 +0200"},
        // zones
        {"1 Jul 2003 10:52:37", "Tue, 1 Jul 2003 10:52:37 -0000"},
        {"1 Jul 2003 10:52:37 EST", "Tue, 1 Jul 2003 10:52:37 -0500"},
        {"1 Jul 2003 10:52:37 EST5EDT", "Tue, 1 Jul 2003 10:52:37 -0500"},
        {"1 Jul 2003 10:52:37 CEST", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 \"GMT\"", "Tue, 1 Jul 2003 10:52:37 +0000"},
        {"1 Jul 2003 10:52:37 A", "Tue, 1 Jul 2003 10:52:37 -0000"},
        {"1 Jul 2003 10:52:37 XYZ", "Tue, 1 Jul 2003 10:52:37 -0000"},
        {"1 Jul 2003 10:52:37 GMT+0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 UTC-3", "Tue, 1 Jul 2003 10:52:37 -0300"},
        {"1 Jul 2003 10:52:37 +0200 CEST", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 +02:00", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 +2:00", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 +02", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 +200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 + 0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 +-0200", "Tue, 1 Jul 2003 10:52:37 -0200"},
        {"1 Jul 2003 10:52:37 0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"1 Jul 2003 10:52:37 +0299", "Tue, 1 Jul 2003 10:52:37 -0000"},
        {"1 Jul 2003 10:52:37 +1345", "Tue, 1 Jul 2003 10:52:37 +1345"},
        {"1 Jul 2003 10:52:37 -9959", "Tue, 1 Jul 2003 10:52:37 -9959"},
        // month first, asctime, dashes
        {"Jul 1, 2003 10:52:37 AM -0400", "Tue, 1 Jul 2003 10:52:37 -0400"},
        {"July 1 2003 12:05:00 am GMT", "Tue, 1 Jul 2003 00:05:00 +0000"},
        {"Tue Jul  1 10:52:37 2003", "Tue, 1 Jul 2003 10:52:37 -0000"},
        {"Tue Jul  1 10:52:37 EST 2003", "Tue, 1 Jul 2003 10:52:37 -0500"},
        {"Tue Jul 1 10:52:37 2003 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"Fri Feb 07 10:18:12 2003 -0800", "Fri, 7 Feb 2003 10:18:12 -0800"},
        {"1-Jul-2003 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"01-Jul-03 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"2003-Jul-01 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        // numbers only
        {"2003-07-01T10:52:37+02:00", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"2003-07-01T10:52:37.5Z", "Tue, 1 Jul 2003 10:52:37 +0000"},
        {"2003-07-01 10:52:37", "Tue, 1 Jul 2003 10:52:37 -0000"},
        {"2003-07-01", "Tue, 1 Jul 2003 00:00:00 -0000"},
        {"2003/07/01 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
        {"20030701T105237Z", "Tue, 1 Jul 2003 10:52:37 +0000"},
        {"20030701T1052", "Tue, 1 Jul 2003 10:52:00 -0000"},
        {"7/1/2003 3:04:05 PM", "Tue, 1 Jul 2003 15:04:05 -0000"},
        {"7/1/2003 12:04:05 p.m. +0200", "Tue, 1 Jul 2003 12:04:05 +0200"},
        {"25/12/2003 10:52", "Thu, 25 Dec 2003 10:52:00 -0000"},
        {"1.7.2003 10:52", "Tue, 1 Jul 2003 10:52:00 -0000"},
        {"1-7-03 10:52", "Tue, 1 Jul 2003 10:52:00 -0000"},
        {"20 11 79 05:34:27 -0300", "Tue, 20 Nov 1979 05:34:27 -0300"},
        // a day too many, the last second, the end of a day
        {"31 Jun 2005 10:00:00 +0000", "Fri, 1 Jul 2005 10:00:00 +0000"},
        {"31 Dec 2016 23:59:60 +0000", "Sun, 1 Jan 2017 00:00:00 +0000"},
        {"1 Jul 2003 24:00:00 +0000", "Wed, 2 Jul 2003 00:00:00 +0000"},
        // of a Received field
        {"from a (b) by c with SMTP id 123; Mon, 10 Oct 2022 10:31:15 -0700 (PDT)", "Mon, 10 Oct 2022 10:31:15 -0700"},
        {"from a by c id 1234 Mon, 10 Oct 2022 10:31:15 -0700", "Mon, 10 Oct 2022 10:31:15 -0700"},
        {"Mon, 10 Oct 2022 10:31:15 -0700; x", "Mon, 10 Oct 2022 10:31:15 -0700"},
        // centuries away
        {"Mon, 1 Jan 0001 00:00:00 +0000", "Mon, 1 Jan 0001 00:00:00 +0000"},
        {"Fri, 31 Dec 9999 23:59:59 +0000", "Fri, 31 Dec 9999 23:59:59 +0000"},
    };
    for (const auto& [value, expected] : cases) EXPECT_EQ(read(value), expected) << value;
}

TEST(date, is_none_where_none_can_be_read) {
    for (const char* value : {"",
                              " ",
                              "now",
                              "some numbers 0 1 2 but invalid",
                              "13 zzz 2021 09:55:06 +0200",
                              "Tue, 7 00 2026 19:14:51 +0000",
                              "32 Jul 2003",
                              "0 Jul 2003",
                              "1 Jul",
                              "Jul 2003",
                              "1 Jul 2003 25:00:00 +0000",
                              "1 Jul 2003 10:61:00 +0000",
                              "1 Jul 2003 10:00:61 +0000",
                              "1 Jul 2003 24:00:01 +0000",
                              "10:52:37 +0200",
                              "2003-13-01",
                              "2003-00-01",
                              "13/13/2003",
                              "1 Jul 0000 10:00:00",
                              "123456789012",
                              "1 2 3",
                              "4 8 15 16 23 42",
                              "\xFF\xFE",
                              "(1 Jul 2003 10:52:37)"}) {
        EXPECT_EQ(read(value), "no date") << value;
    }
}

// What Python 3.11's email.utils.parsedate_to_datetime reads otherwise.
TEST(date, differs_from_pythons_where_python_loses_something) {
    EXPECT_EQ(read("Mon, 1 Jan 2001 10:00:00 GMT+0200"), "Mon, 1 Jan 2001 10:00:00 +0200");  // Python: no zone
    EXPECT_EQ(read("Tue, 1 Jul 2003 10:52:37 +02:00"), "Tue, 1 Jul 2003 10:52:37 +0200");    // no zone
    EXPECT_EQ(read("Tue, 1 Jul 2003 10:52:37 CEST"), "Tue, 1 Jul 2003 10:52:37 +0200");      // no zone
    EXPECT_EQ(read("Jul 1, 2003 10:52:37 PM -0400"), "Tue, 1 Jul 2003 22:52:37 -0400");      // in the morning, no zone
    EXPECT_EQ(read("Tue, 1 Jul 103 10:52:37 +0000"), "Tue, 1 Jul 2003 10:52:37 +0000");      // the year 103
    EXPECT_EQ(read("2003-07-01T10:52:37+02:00"), "Tue, 1 Jul 2003 10:52:37 +0200");          // an error, as all below
    EXPECT_EQ(read("7/1/2003 3:04:05 PM"), "Tue, 1 Jul 2003 15:04:05 -0000");
    EXPECT_EQ(read("1-Jul-2003 10:52:37"), "Tue, 1 Jul 2003 10:52:37 -0000");
    EXPECT_EQ(read("31 Dec 2016 23:59:60 +0000"), "Sun, 1 Jan 2017 00:00:00 +0000");
}

TEST(date, written_is_read_as_the_same) {
    for (const std::int64_t seconds :
         {std::int64_t{0}, std::int64_t{1'795'507'302}, std::int64_t{-1}, std::int64_t{-60'000'000'000}, std::int64_t{253'000'000'000}}) {
        for (const int offset : {0, 60, -210, 825, 5'999, -5'999}) {
            const Date written{.seconds = seconds, .offset_minutes = offset};
            EXPECT_EQ(date(serialize(written)), written) << serialize(written);
        }
        const Date unknown{.seconds = seconds, .offset_unknown = true};
        EXPECT_EQ(date(serialize(unknown)), unknown);
    }
    EXPECT_EQ(serialize(Date{.seconds = 1'795'503'702, .offset_minutes = 60}), "Tue, 24 Nov 2026 08:01:42 +0100");
    // Beyond what four digits and a zone can say.
    EXPECT_EQ(serialize(Date{.seconds = std::numeric_limits<std::int64_t>::max(), .offset_minutes = 1'000'000}),
              "Fri, 31 Dec 9999 23:59:59 +9959");
    EXPECT_EQ(serialize(Date{.seconds = std::numeric_limits<std::int64_t>::min()}), "Mon, 1 Jan 0001 00:00:00 +0000");
}

TEST(date, is_read_in_linear_time) {
    for (const char* piece : {"(", "((", "1 ", ";", "Jul ", "10:", "+", "\"", "1 Jul 2003;"}) {
        std::string value;
        while (value.size() < 1'000'000) value += piece;
        static_cast<void>(date(value));
    }
}

}  // namespace
}  // namespace packetboat::mime
