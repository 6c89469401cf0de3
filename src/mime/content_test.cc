#include "mime/content.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "mime/text.h"

namespace packetboat::mime {
namespace {

std::string show(const std::vector<Parameter>& parameters) {
    std::string out;
    for (const Parameter& parameter : parameters) out += "; " + parameter.name + "=" + parameter.value;
    return out;
}
std::string show(const ContentType& type) {
    return type.type + "/" + type.subtype + show(type.parameters) + (type.understood ? "" : " (default)");
}

TEST(content_type, is_read_as_the_major_clients_read_it) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"text/plain", "text/plain"},
        {" TEXT/Html; Charset=UTF-8\r\n", "text/html; charset=UTF-8"},
        {"text/plain; charset=us-ascii (Plain text)", "text/plain; charset=us-ascii"},
        {"(hello) text (plain) / (world) plain (eod); charset=us-ascii", "text/plain; charset=us-ascii"},
        {"multipart/mixed; boundary=\"simple boundary\"", "multipart/mixed; boundary=simple boundary"},
        {"multipart/mixed; boundary=\"a\\\"b\\c\"", "multipart/mixed; boundary=a\"bc"},
        {"multipart/mixed; boundary=gc0pJq0M:08jU534c0p", "multipart/mixed; boundary=gc0pJq0M:08jU534c0p"},
        {"multipart/mixed; boundary=a(b)=_c/?", "multipart/mixed; boundary=a(b)=_c/?"},
        {"multipart/mixed; boundary=\"=?utf-8?Q?a?=\"", "multipart/mixed; boundary==?utf-8?Q?a?="},
        // semicolons that are missing, or too many
        {"text/html charset=utf-8", "text/html; charset=utf-8"},
        {"message/external-body; access-type=mail-server\r\n server=\"a@b\";",
         "message/external-body; access-type=mail-server; server=a@b"},
        {"text/plain ;;;;; = ;; name=\"value\"", "text/plain; name=value"},
        {"text/plain, charset=utf-8", "text/plain; charset=utf-8"},
        // values without quotes, with half of them, or empty
        {"text/plain; name=my file (1).txt; charset=utf-8", "text/plain; name=my file (1).txt; charset=utf-8"},
        {"text/plain; name=my file.txt charset=utf-8", "text/plain; name=my file.txt; charset=utf-8"},
        {"text/plain; name=my file.txt \r\n", "text/plain; name=my file.txt"},
        {"text/html; charset=\"utf-8", "text/html; charset=utf-8"},
        {"text/html; charset=utf-8\"; name=a", "text/html; charset=utf-8; name=a"},
        {"text/html; charset='utf-8'", "text/html; charset=utf-8"},
        {"text/plain; charset=; name=  ", "text/plain"},
        {"text/plain; name=\"\"", "text/plain; name="},
        {"text/plain; charset = \"us-ascii\"", "text/plain; charset=us-ascii"},
        // encoded words
        {"image/png; name=\"=?utf-8?q?=C3=A4?=.png\"", "image/png; name=\xC3\xA4.png"},
        {"image/png; name==?utf-8?q?=C3=A4;?= =?utf-8?q?b?=.png; x=y", "image/png; name=\xC3\xA4;b.png; x=y"},
        {"image/png; name=\"=?utf-8?Q?long=20?=\r\n =?utf-8?Q?name?=\"", "image/png; name=long name"},
        {"image/png; name=\"\xE4.png\"", "image/png; name=\xC3\xA4.png"},
        // of several, the first
        {"a/b; name=\"a.txt\"; name=\"b.txt\"", "a/b; name=a.txt"},
        // paths
        {"a/b; name=\"C:\\docs\\a \\\"x\\\".txt\"", "a/b; name=C:\\docs\\a \"x\".txt"},
        // what is no type
        {"", "text/plain (default)"},
        {"text", "text/plain (default)"},
        {"text/", "text/plain (default)"},
        {"multipart/; boundary=x", "multipart/mixed; boundary=x (default)"},
        {"image/", "application/octet-stream (default)"},
        {"/plain; charset=x", "text/plain; charset=x (default)"},
        {"name=value", "text/plain; name=value (default)"},
        {"\xC3\xA4/b", "text/plain (default)"},
        {"\"text/html\"; charset=x", "text/html; charset=x"},
        {"text/plain/format; charset=x", "text/plain; charset=x"},
        {"text/html:charset=x", "text/html; charset=x"},
        {"a/b; name=x\x01y", "a/b; name=xy"},
    };
    for (const auto& [value, expected] : cases) EXPECT_EQ(show(content_type(value)), expected) << value;
}

TEST(content_type, has_the_parameters_of_rfc_2231) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "; title=This is ***fun***"},
        {"a/b; url*0=\"ftp://\"; url*1=\"cs.utk.edu\"", "; url=ftp://cs.utk.edu"},
        {"a/b\r\n title*0*=us-ascii'en'This%20is%20\r\n title*1*=%2A%2A\r\n title*2=\"isn't it!\"", "; title=This is **isn't it!"},
        {"a/b; name*=iso-8859-1''%E9", "; name=\xC3\xA9"},
        {"a/b; name*=\"iso-8859-1''%E9\"", "; name=\xC3\xA9"},
        {"a/b; name*0*=utf-8''%C3; name*1*=%A4", "; name=\xC3\xA4"},
        {"a/b; name*1=b; name*0=a", "; name=ab"},
        {"a/b; name*1=b; name*2=c", "; name=bc"},
        {"a/b; name*0=a; name*2=c; name*1=b; name*4=e", "; name=abc"},
        {"a/b; name*0=a; name*0=x; name*1=b", "; name=ab"},
        {"a/b; name*0=\"=?utf-8?Q?=C3=A4\"; name*1=\"=C3=B6?=\"", "; name=\xC3\xA4\xC3\xB6"},
        // mixed with a plain one, for old readers
        {"a/b; name=plain.txt; name*=utf-8''r%C3%A9al.txt",
         "; name=r\xC3\xA9"
         "al.txt"},
        {"a/b; name*0*=utf-8''r%C3%A9; name=plain.txt; name*1=al.txt",
         "; name=r\xC3\xA9"
         "al.txt"},
        {"a/b; name=plain.txt; name*5=x", "; name=plain.txt"},
        // marks that are missing
        {"a/b; name*=r%C3%A9al.txt",
         "; name=r\xC3\xA9"
         "al.txt"},
        {"a/b; name*=''r%E9al.txt",
         "; name=r\xC3\xA9"
         "al.txt"},
        {"a/b; name*=utf-8''100%; x*=utf-8''%zz%4", "; name=100%; x=%zz%4"},
        {"a/b; *=x; name*x*=y; name*99999999999*=z; ok=1", "; ok=1"},
        {"a/b; name*=utf-8''a%00%0D%0Ab", "; name=ab"},
    };
    for (const auto& [value, expected] : cases) EXPECT_EQ(show(content_type(value).parameters), expected) << value;
}

// What Python 3.11's email package (policy default) reads otherwise.
TEST(content_type, differs_from_pythons_where_python_loses_something) {
    EXPECT_EQ(show(content_type("text/html charset=utf-8")), "text/html; charset=utf-8");       // Python: text/plain without parameters
    EXPECT_EQ(content_type("a/b; name=my file (1).txt").parameter("name"), "my file (1).txt");  // "my"
    EXPECT_EQ(content_type("a/b; name=a.txt; name*=utf-8''%C3%A4.txt").parameter("name"), "\xC3\xA4.txt");  // "a.txt"
    EXPECT_EQ(content_type("a/b; name=\"C:\\docs\\a.txt\"").parameter("name"), "C:\\docs\\a.txt");          // "C:docsa.txt"
    EXPECT_EQ(show(content_type("\"text/html\"; charset=x")), "text/html; charset=x");                      // text/plain
    EXPECT_EQ(content_type("multipart/mixed; boundary=a(b)").parameter("boundary"), "a(b)");                // "a", and no part is found
}

TEST(content_type, answers_by_name) {
    const ContentType type = content_type("multipart/mixed; boundary=x");
    EXPECT_TRUE(type.is("multipart", "mixed"));
    EXPECT_FALSE(type.is("multipart", "related"));
    EXPECT_TRUE(type.is_multipart());
    EXPECT_EQ(type.parameter("boundary"), "x");
    EXPECT_EQ(type.parameter("charset"), "");
}

TEST(content_type, has_so_many_parameters_and_no_more) {
    std::string value = "a/b";
    for (int i = 0; i < 3'000; ++i) value += "; n" + std::to_string(i) + "=v";
    EXPECT_EQ(content_type(value).parameters.size(), parameters_max);
}

TEST(content_type, written_is_read_as_the_same) {
    std::string all;
    for (int c = 0x20; c < 0x7f; ++c) all += static_cast<char>(c);
    std::string fish;
    for (int i = 0; i < 300; ++i) fish += "\xF0\x9F\x90\x9F";
    for (const std::string& value :
         {std::string("x"), std::string(), std::string("a b"), std::string(" outer "), all, std::string("\xC3\xA4"), fish,
          std::string(70, 'x'), std::string(5'000, 'x'), fish + fish + fish + fish + fish, std::string("=?utf-8?Q?a?="),
          std::string("a'b'c%20*"), std::string("C:\\a\\\"b\"\\\\"), std::string("a;b"), std::string("(x)"), std::string("'x'")}) {
        ContentType type{.type = "application", .subtype = "x-y", .parameters = {}, .understood = true};
        for (const char* name : {"name", "filename", "charset", "x"}) type.parameters.push_back({.name = name, .value = value});
        const std::string written = serialize(type);
        EXPECT_TRUE(is_ascii(written));
        EXPECT_EQ(content_type(written), type) << written;
        EXPECT_EQ(content_type(fold("Content-Type", written).substr(13)), type) << written;
        ContentDisposition disposition{.type = "attachment", .parameters = type.parameters};
        EXPECT_EQ(content_disposition(serialize(disposition)), disposition);
    }
    ContentType long_name{.type = "a", .subtype = "b", .parameters = {{.name = std::string(200, 'n'), .value = {}}}, .understood = true};
    EXPECT_EQ(content_type(serialize(long_name)), long_name);
    long_name.parameters[0].value = "\xC3\xA4 \xC3\xA4";
    EXPECT_EQ(content_type(serialize(long_name)), long_name);
    ContentType multipart{.type = "multipart",
                          .subtype = "mixed",
                          .parameters = {{.name = "boundary", .value = std::string(100, 'b') + "=?x?q?y?="}},
                          .understood = true};
    EXPECT_EQ(content_type(serialize(multipart)), multipart);
}

TEST(content_type, is_written_with_as_few_marks_as_it_needs) {
    const auto written = [](std::string name, std::string value) {
        return serialize(ContentType{.type = "a", .subtype = "b", .parameters = {{.name = std::move(name), .value = std::move(value)}}});
    };
    EXPECT_EQ(written("charset", "utf-8"), "a/b; charset=utf-8");
    EXPECT_EQ(written("name", "a b.txt"), "a/b; name=\"a b.txt\"");
    EXPECT_EQ(written("name", "\xC3\xA4.txt"), "a/b; name*=utf-8''%C3%A4.txt");
    EXPECT_EQ(written("name", std::string(100, 'x')).substr(0, 26), "a/b; name*0*=utf-8''xxxxxx");
    EXPECT_EQ(written("na me", "x"), "a/b");
    EXPECT_EQ(serialize(ContentType{.type = "a b", .subtype = "c", .parameters = {}}), "application/octet-stream");
}

TEST(content_disposition, is_read_as_the_major_clients_read_it) {
    const auto read = [](std::string_view value) {
        const auto disposition = content_disposition(value);
        return disposition ? disposition->type + show(disposition->parameters) : "none";
    };
    EXPECT_EQ(read("Inline"), "inline");
    EXPECT_EQ(read(" attachment;\r\n filename=\"a b.txt\"; size=3"), "attachment; filename=a b.txt; size=3");
    EXPECT_EQ(read("attachment filename=a.txt"), "attachment; filename=a.txt");
    EXPECT_EQ(read("filename=a.txt"), "attachment; filename=a.txt");
    EXPECT_EQ(read("; filename=a.txt"), "attachment; filename=a.txt");
    EXPECT_EQ(read("\"attachment\"; filename=a.txt"), "attachment; filename=a.txt");
    EXPECT_EQ(read("attachment; filename=\"=?utf-8?Q?a=C3=A4_?=\r\n =?utf-8?Q?b?=\""), "attachment; filename=a\xC3\xA4 b");
    EXPECT_EQ(read(""), "none");
    EXPECT_EQ(read(" ; "), "none");
    EXPECT_EQ(content_disposition("attachment; filename=x")->parameter("filename"), "x");
}

TEST(transfer_encoding, is_known_in_all_its_spellings) {
    using enum TransferEncoding;
    for (const char* value : {"", " ", "7bit", " 8BIT\r\n", "binary", "8-bit", "7bit; x", "(c) 7bit", "\"8bit\"", "8 bit"})
        EXPECT_EQ(transfer_encoding(value), identity) << value;
    for (const char* value : {"quoted-printable", "Quoted-Printable;", "quoted printable", "\"quoted-printable\""})
        EXPECT_EQ(transfer_encoding(value), quoted_printable) << value;
    for (const char* value : {"base64", "BASE64 (x)", "base-64", "base64,"}) EXPECT_EQ(transfer_encoding(value), base64) << value;
    for (const char* value : {"x-uuencode", "uue"}) EXPECT_EQ(transfer_encoding(value), uuencode) << value;
    EXPECT_EQ(transfer_encoding("x-yenc"), yenc);
    for (const char* value : {"x-other", ";", "base65"}) EXPECT_EQ(transfer_encoding(value), unknown) << value;
}

TEST(content_language, is_a_list_of_tags) {
    EXPECT_EQ(content_language(" de, en-US (American),\r\n x-klingon ,, "), (std::vector<std::string>{"de", "en-US", "x-klingon"}));
    EXPECT_TRUE(content_language("").empty());
    std::string many;
    for (int i = 0; i < 1'000; ++i) many += "de,";
    EXPECT_EQ(content_language(many).size(), 100U);
}

TEST(file_name, is_the_dispositions_before_the_types) {
    const ContentType type = content_type("a/b; name=type.txt");
    EXPECT_EQ(file_name(type, content_disposition("attachment; filename=disposition.txt")), "disposition.txt");
    EXPECT_EQ(file_name(type, content_disposition("attachment; filename=\"\"")), "type.txt");
    EXPECT_EQ(file_name(type, std::nullopt), "type.txt");
    EXPECT_EQ(file_name(content_type("a/b"), std::nullopt), "");
    EXPECT_EQ(file_name(content_type("a/b"), content_disposition("attachment; filename*=utf-8''..%2Fa")), "../a");
}

TEST(safe_file_name, stays_in_its_folder_whatever_the_name_says) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"a.txt", "a.txt"},
        {"r\xC3\xA9sum\xC3\xA9 (1).pdf", "r\xC3\xA9sum\xC3\xA9 (1).pdf"},
        {"../../etc/passwd", "passwd"},
        {"/etc/passwd", "passwd"},
        {"C:\\docs\\a.txt", "a.txt"},
        {"..\\a", "a"},
        {"a/", "a"},
        {"a/..", "attachment"},
        {"..", "attachment"},
        {"", "attachment"},
        {" . . ", "attachment"},
        {".bashrc", "bashrc"},
        {"a.txt. ", "a.txt"},
        {"a\x01\n\xC2\x85"
         "b\x7F",
         "ab"},
        {std::string_view("a\0.txt", 6), "a.txt"},
        {"a:b|c?d*e<f>g\"h", "a_b_c_d_e_f_g_h"},
        {"evil\xE2\x80\xAEtxt.exe", "eviltxt.exe"},
        {"CON", "_CON"},
        {"nul.txt", "_nul.txt"},
        {"com1.tar.gz", "_com1.tar.gz"},
        {"LPT\xC2\xB9", "_LPT\xC2\xB9"},
        {"con .txt", "_con .txt"},
        {"common.txt", "common.txt"},
        {"a\xE4", "a\xEF\xBF\xBD"},
        {"a\tb", "a b"},
    };
    for (const auto& [name, expected] : cases) {
        EXPECT_EQ(safe_file_name(name), expected) << escape_control(name);
        EXPECT_EQ(safe_file_name(expected), expected);
    }
}

TEST(safe_file_name, is_200_bytes_at_most_and_keeps_its_extension) {
    std::string fish;
    for (int i = 0; i < 300; ++i) fish += "\xF0\x9F\x90\x9F";
    for (const std::string& name : {std::string(300, 'a') + ".txt", fish + ".txt", fish, std::string(300, 'a'), std::string(300, '.') + "a",
                                    "con." + std::string(300, 'x')}) {
        const std::string safe = safe_file_name(name);
        EXPECT_LE(safe.size(), 200U);
        EXPECT_GT(safe.size(), 0U);
        EXPECT_TRUE(is_utf8(safe));
        EXPECT_EQ(safe.ends_with(".txt"), name.ends_with(".txt"));
        EXPECT_EQ(safe_file_name(safe), safe);
    }
}

TEST(list_id, is_an_identifier_and_a_name) {
    const auto read = [](std::string_view value) {
        const auto list = list_id(value);
        return list ? list->name + "|" + list->id : "none";
    };
    EXPECT_EQ(read(" List Header Mailing List <list-header.nisto.example>"), "List Header Mailing List|list-header.nisto.example");
    EXPECT_EQ(read("<commonspace-users.list-id.within.com>"), "|commonspace-users.list-id.within.com");
    EXPECT_EQ(read("\"Lena's \\\"Personal\\\" <Joke> List\"\r\n <lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost>"),
              "Lena's \"Personal\" <Joke> List|lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost");
    EXPECT_EQ(read("=?utf-8?Q?G=C3=A4ste?= <g.example>"), "G\xC3\xA4ste|g.example");
    EXPECT_EQ(read("a.list.example"), "|a.list.example");
    EXPECT_EQ(read("A list a.list.example"), "A list|a.list.example");
    EXPECT_EQ(read("<a.\r\n list>"), "|a.list");
    EXPECT_EQ(read("<a.list"), "|a.list");
    EXPECT_EQ(read(""), "none");
    EXPECT_EQ(read("name <>"), "none");
}

TEST(list_uris, are_those_in_brackets) {
    const auto read = [](std::string_view value) {
        std::string out;
        for (const std::string& uri : list_uris(value)) out += (out.empty() ? "" : " | ") + uri;
        return out;
    };
    EXPECT_EQ(read("<ftp://ftp.host.example/list.txt> (FTP),\r\n <mailto:list@host.example?subject=help>"),
              "ftp://ftp.host.example/list.txt | mailto:list@host.example?subject=help");
    EXPECT_EQ(read("(Use <this>) <mailto:a@b>"), "mailto:a@b");
    EXPECT_EQ(read("<http://a.example/long\r\n /path>"), "http://a.example/long/path");
    EXPECT_EQ(read("NO (posting not allowed on this list)"), "");
    EXPECT_EQ(read("http://a.example/, mailto:b@c"), "http://a.example/ | mailto:b@c");
    EXPECT_EQ(read("<http://a.example/"), "http://a.example/");
    EXPECT_EQ(read("<>"), "");
    std::string many;
    for (int i = 0; i < 1'000; ++i) many += "<a:b>,";
    EXPECT_EQ(list_uris(many).size(), 100U);
}

TEST(is_one_click, is_so_for_one_value) {
    EXPECT_TRUE(is_one_click(" List-Unsubscribe=One-Click\r\n"));
    EXPECT_FALSE(is_one_click("List-Unsubscribe=Two-Click"));
    EXPECT_FALSE(is_one_click(""));
}

// Each would take minutes if reading were quadratic.
TEST(content, is_read_in_linear_time) {
    for (const char* piece : {"; a=", "; name=a ", "; name=\"", ";a*1=b", "=?a?q?", "(", "\"", "\\", " ", "a ", ";", "name=", "name=x y ",
                              ";a*0*=x", "<", "a/", "%", "'", "a"}) {
        std::string value;
        while (value.size() < 100'000) value += piece;
        for (const std::string& field : {value, "a/b;" + value, "a/b; name=" + value, "a/b; name*=" + value}) {
            const ContentType type = content_type(field);
            EXPECT_LE(type.parameters.size(), parameters_max);
            static_cast<void>(serialize(type));
            static_cast<void>(content_disposition(field));
            static_cast<void>(safe_file_name(field));
            static_cast<void>(list_id(field));
            static_cast<void>(list_uris(field));
            static_cast<void>(content_language(field));
        }
    }
}

}  // namespace
}  // namespace packetboat::mime
