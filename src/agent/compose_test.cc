#include "agent/compose.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "agent/submit.h"
#include "mime/address.h"

namespace packetboat::agent {

namespace {

TEST(Recipients, as_people_write_them) {
    const std::pair<std::string_view, std::vector<std::string>> good[] = {
        {"bob@example.test", {"bob@example.test"}},
        {"Bob <bob@example.test>, \"Doe, J.\" <j@d.test>", {"bob@example.test", "j@d.test"}},
        {"Jürgen Groß <jürgen@example.test>", {"jürgen@example.test"}},
        {"crew: a@a.test, b@b.test;", {"a@a.test", "b@b.test"}},
        {"undisclosed-recipients:;", {}},
        {"bob@[127.0.0.1]", {"bob@[127.0.0.1]"}},
        {"bob@example.test <bob@example.test> (at work), (c) \"a,b\"@c.test,", {"bob@example.test", "\"a,b\"@c.test"}},
    };
    for (const auto& [text, expected] : good) {
        const Result<mime::AddressList> list = parse_recipients(text);
        ASSERT_TRUE(list) << text;
        std::vector<std::string> addresses;
        for (const mime::Mailbox& one : mime::mailboxes(*list)) addresses.push_back(one.address());
        EXPECT_EQ(addresses, expected);
    }
    for (const std::string_view text : {"",
                                        " ",
                                        ",",
                                        "bob",
                                        "bob@",
                                        "@b.test",
                                        "a@b@c",
                                        "bob@example.test, carol",
                                        "Bob bob@b..test",
                                        "bob@b.test\r\nBcc: x@y.test",
                                        "b\xff@b.test",
                                        "<bob@b.test> RCPT TO:<x@y.test>",
                                        "bob@b.test> NOTIFY=NEVER",
                                        "a@@b.test",
                                        "Doe, J. <j@d.test>",
                                        "<a@a.test",
                                        "\"a@a.test",
                                        "a@a.test (",
                                        "<>",
                                        "a@a.test <",
                                        "a@a.test b@b.test",
                                        "<@r.test:a@a.test>",
                                        "a@[1.2.3.4"})
        EXPECT_FALSE(parse_recipients(text)) << text;
    EXPECT_FALSE(parse_sender("a@a.test, b@b.test"));
    EXPECT_FALSE(parse_sender("crew: a@a.test;"));
    EXPECT_EQ(parse_sender("Alice <a@a.test>")->name, "Alice");
}

TEST(Field, has_a_name_and_a_value) {
    EXPECT_EQ(*parse_field("X-A: b: c"), (std::pair<std::string, std::string>("X-A", "b: c")));
    EXPECT_EQ(parse_field("X-A:")->second, "");
    EXPECT_FALSE(parse_field("X-A"));
    EXPECT_FALSE(parse_field(": x"));
}

TEST(TypeOfFile, by_its_ending) {
    EXPECT_EQ(type_of_file("a.JPG"), "image/jpeg");
    EXPECT_EQ(type_of_file("a.tar.gz"), "application/gzip");
    EXPECT_EQ(type_of_file("letter.eml"), "message/rfc822");
    for (const std::string_view name : {"", "jpg", "a.", "a.unheard-of", ".."}) EXPECT_EQ(type_of_file(name), "application/octet-stream");
}

TEST(FileSource, reads_files_and_nothing_else) {
    EXPECT_EQ(FileSource::open("/no/such/file").error().code, ErrorCode::not_found);
    EXPECT_EQ(FileSource::open("/dev/null").error().code, ErrorCode::invalid);
    EXPECT_EQ(FileSource::open("/").error().code, ErrorCode::invalid);
    char name[] = "/tmp/compose-test-XXXXXX";
    const int descriptor = ::mkstemp(name);
    ASSERT_EQ(::write(descriptor, "0123456789", 10), 10);
    ::close(descriptor);
    const auto source = FileSource::open(name);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->size_bytes(), 10U);
    char out[8];
    EXPECT_EQ(*(*source)->read(4, out), 6U);
    EXPECT_EQ(std::string_view(out, 6), "456789");
    EXPECT_EQ(read_text(name, 9).error().code, ErrorCode::too_large);
    EXPECT_EQ(*read_text(name, 10), "0123456789");
    ::unlink(name);
}

mime::Draft draft() {
    mime::Draft out;
    out.from = {{.name = "Älice \"A\" \\", .local = "alice", .domain = "example.test"}};
    out.to = *parse_recipients("\"Doe, J.\" <j@d.test>, crew: Ü <u@u.test>;");
    out.bcc = *parse_recipients("quiet@q.test");
    out.subject = "Grüße: \"x\"";
    out.text = "Body: text\n\n> quoted\n";
    return out;
}

TEST(EditorText, read_back_is_the_same_draft) {
    const mime::Draft before = draft();
    mime::Draft after;
    ASSERT_TRUE(take_editor_text(after, editor_text(before)));
    EXPECT_EQ(after.from, before.from) << editor_text(before);
    EXPECT_EQ(after.to, before.to);
    EXPECT_EQ(after.cc, before.cc);
    EXPECT_EQ(after.bcc, before.bcc);
    EXPECT_EQ(after.subject, before.subject);
    EXPECT_EQ(after.text, before.text);
}

TEST(EditorText, mistakes_are_named) {
    mime::Draft out;
    EXPECT_NE(take_editor_text(out, "To: bob\n\nx").error().text.find("To: "), std::string::npos);
    EXPECT_FALSE(take_editor_text(out, "Content-Type: text/html\n\nx"));
    EXPECT_TRUE(take_editor_text(out, "To:\nSubject: s\n\nx"));
    EXPECT_EQ(out.subject, "s");
}

TEST(Editor, changes_the_draft_or_leaves_it) {
    ::unsetenv("VISUAL");
    const auto edited = [](const char* editor) {
        ::setenv("EDITOR", editor, 1);
        mime::Draft out = draft();
        const Result<> done = compose_in_editor(out);
        return std::pair(done, out);
    };
    const auto [changed, with] = edited("sed -i -e 's/^Subject: .*/Subject: new/' -e 's/quoted/answered/'");
    ASSERT_TRUE(changed) << changed.error().text;
    EXPECT_EQ(with.subject, "new");
    EXPECT_EQ(with.text, "Body: text\n\n> answered\n");
    EXPECT_EQ(edited("true").first.error().code, ErrorCode::closed);
    EXPECT_EQ(edited("false").first.error().code, ErrorCode::unavailable);
    const auto [broken, unsent] = edited("sh -c 'echo more >> \"$0\"; exit 3'");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::unavailable);
    const std::string saved = broken.error().text.substr(broken.error().text.find(" kept in ") + 9);
    EXPECT_TRUE(read_text(saved).value_or("").ends_with("more\n")) << broken.error().text;
    ::unlink(saved.c_str());
    const auto [wrong, ignored] = edited("sed -i -e 's/^To: .*/To: nobody/'");
    ASSERT_FALSE(wrong);
    const std::string kept = wrong.error().text.substr(wrong.error().text.find(" /") + 1);
    struct stat status{};
    ASSERT_EQ(::stat(kept.c_str(), &status), 0) << wrong.error().text;
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    ::unlink(kept.c_str());
    ::unsetenv("EDITOR");
}

TEST(OutcomeOfAll, gives_the_most_hope) {
    const auto of = [](std::vector<Outcome> outcomes) {
        std::vector<RecipientOutcome> all;
        for (const Outcome one : outcomes) all.push_back({.address = "x", .outcome = one});
        return outcome_of(all);
    };
    using enum Outcome;
    EXPECT_EQ(of({done, done}), done);
    EXPECT_EQ(of({done, refused}), partly_done);
    EXPECT_EQ(of({refused, refused}), refused);
    EXPECT_EQ(of({refused, deferred}), deferred);
    EXPECT_EQ(of({refused, over_limit}), refused);
    EXPECT_EQ(of({unreachable, unreachable}), unreachable);
}

TEST(Xtext, is_printable_ascii) { EXPECT_EQ(xtext("a+b=c d\n\xc3\xbc~"), "a+2Bb+3Dc+20d+0A+C3+BC~"); }

}  // namespace

}  // namespace packetboat::agent
