#include "mime/thread.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/text.h"

namespace packetboat::mime {

TEST(BaseSubject, is_what_rfc_5256_has) {
    struct Row {
        std::string_view subject;
        std::string_view base;
        bool marked;
    };
    const Row rows[] = {
        {"hello", "hello", false},
        {"Re: hello", "hello", true},
        {"RE : Re:hello", "hello", true},
        {"Fwd: hello", "hello", true},
        {"Fw: hello", "hello", true},
        {"Re[2]: hello", "hello", true},
        {"[list] hello", "hello", false},
        {"[list] Re: hello", "hello", true},
        {"Re: [list] hello", "hello", true},
        {"[a] [b] Re[3]: [c] Fwd: hello", "hello", true},
        {"[list]", "[list]", false},
        {"[a][b]", "[b]", false},
        {"Re: [list]", "[list]", true},
        {"hello (fwd)", "hello", true},
        {"hello (FWD) (fwd)  ", "hello", true},
        {"[Fwd: hello]", "hello", true},
        {"[fwd: Re: [list] hello (fwd)]", "hello", true},
        {"Re: [Fwd: [Fwd: hello]]", "hello", true},
        {"  a \t b\r\n c ", "a b c", false},
        {"=?utf-8?q?Re=3A?= =?utf-8?q?_hello?=", "hello", true},
        {"Report: hello", "Report: hello", false},
        {"Re", "Re", false},
        {"Re:", "", true},
        {"", "", false},
        {"[[x] hello", "[[x] hello", false},
        {"[unclosed hello", "[unclosed hello", false},
    };
    for (const Row& row : rows) {
        for (const ReplyWords words : {ReplyWords::rfc5256, ReplyWords::known}) {
            const BaseSubject base = base_subject(row.subject, words);
            EXPECT_EQ(base.text, row.base) << row.subject;
            EXPECT_EQ(base.is_reply_or_forward, row.marked) << row.subject;
        }
    }
}

TEST(BaseSubject, knows_the_marks_of_other_languages) {
    for (const std::string_view subject : {"AW: hello", "SV: AW: hello", "WG: hello", "Antw: hello", "R: hello", "RES: hello",
                                           "Re(2): hello", "Re^3: hello", "Re2: hello", "回复：hello", "TR : hello", "Отв: hello"}) {
        EXPECT_EQ(base_subject(subject).text, "hello") << subject;
        EXPECT_TRUE(base_subject(subject).is_reply_or_forward) << subject;
    }
    EXPECT_EQ(base_subject("AW: hello", ReplyWords::rfc5256).text, "AW: hello");
    EXPECT_EQ(base_subject("Re(x): hello").text, "Re(x): hello");
}

TEST(BaseSubject, a_million_marks_take_no_time) {
    std::string subject;
    for (int i = 0; i < 300'000; ++i) subject += "[a]";
    EXPECT_EQ(base_subject(subject).text, "[a]");
    subject.clear();
    for (int i = 0; i < 300'000; ++i) subject += "re[";
    EXPECT_EQ(base_subject(subject).text, subject);
    subject.clear();
    for (int i = 0; i < 300'000; ++i) subject += "[fwd:";
    subject += std::string(300'000, ']');
    EXPECT_EQ(base_subject(subject).text, "");
}

TEST(ThreadKey, has_the_folded_subject_and_every_id_once) {
    constexpr std::string_view message =
        "Subject: Re: =?utf-8?q?STRASSE_=C3=84?=\r\nMessage-ID: <c@x>\r\nIn-Reply-To: <b@x>\r\nReferences: <a@x>\r\n <b@x>\r\n\r\n";
    const ThreadKey key = thread_key(index(message), message);
    EXPECT_EQ(key.subject, "strasse\xc3\xa4");
    EXPECT_EQ(key.ids, (std::vector<std::string>{"c@x", "b@x", "a@x"}));
    constexpr std::string_view none = "\r\n";
    EXPECT_EQ(thread_key(index(none), none), ThreadKey{});
}

TEST(ThreadKey, a_long_subject_is_cut_between_characters) {
    for (const std::string_view begin : {"", "a", "ab"}) {
        std::string message = "Subject: " + std::string(begin);
        for (int i = 0; i < 600; ++i) message += "\xe2\x82\xac";
        message += "\r\n\r\n";
        const std::string subject = thread_key(index(message), message).subject;
        EXPECT_TRUE(is_utf8(subject)) << begin;
        EXPECT_EQ(subject.size(), begin.size() + (1'000 - begin.size()) / 3 * 3) << begin;
    }
}

}  // namespace packetboat::mime
