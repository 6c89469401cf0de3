#include "mime/testing/nasties.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

namespace packetboat::mime::testing {

namespace {

using namespace std::string_view_literals;

struct Written {
    std::string_view name;
    std::string_view message;
};

constexpr Written written[] = {
    {"empty", ""sv},
    {"no_header",
     "\r\n"
     "body\r\n"sv},
    {"no_body", "Subject: x\r\n"sv},
    {"no_empty_line",
     "Subject: x\r\n"
     "this is no field\r\n"sv},
    {"from_line",
     "From me Tue Nov 24 08:01:42 2026\r\n"
     "Subject: x\r\n"
     "\r\n"
     "body\r\n"sv},
    {"bare_cr",
     "Subject: a\rb\r\n"
     "To: bob@example.test\r\n"
     "\r\n"
     "body\rmore\r\n"sv},
    {"nul",
     "Subject: a\x00"
     "b\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "bo\x00"
     "dy\r\n"sv},
    {"8bit_fields",
     "Subject: Gr\xc3\xbc\xc3\x9f"
     "e\r\n"
     "From: J\xc3\xbcrgen <j@example.test>\r\n"
     "\r\n"
     "x\r\n"sv},
    {"latin1_fields",
     "Subject: Gr\xfc\xdf"
     "e\r\n"
     "From: J\xfcrgen <j@example.test>\r\n"
     "\r\n"
     "x\r\n"sv},
    {"no_closing_delimiter",
     "Content-Type: multipart/mixed; boundary=b\r\n"
     "\r\n"
     "--b\r\n"
     "\r\n"
     "one\r\n"
     "--b\r\n"
     "\r\n"
     "two\r\n"sv},
    {"no_delimiter",
     "Content-Type: multipart/mixed; boundary=b\r\n"
     "\r\n"
     "no parts here\r\n"sv},
    {"no_boundary",
     "Content-Type: multipart/mixed\r\n"
     "\r\n"
     "--b\r\n"
     "\r\n"
     "one\r\n"
     "--b--\r\n"sv},
    {"empty_boundary",
     "Content-Type: multipart/mixed; boundary=\"\"\r\n"
     "\r\n"
     "--\r\n"
     "\r\n"
     "one\r\n"
     "----\r\n"sv},
    {"outer_ends_inner",
     "Content-Type: multipart/mixed; boundary=o\r\n"
     "\r\n"
     "--o\r\n"
     "Content-Type: multipart/mixed; boundary=i\r\n"
     "\r\n"
     "--i\r\n"
     "\r\n"
     "one\r\n"
     "--o\r\n"
     "\r\n"
     "two\r\n"
     "--o--\r\n"sv},
    {"boundary_of_a_boundary",
     "Content-Type: multipart/mixed; boundary=b\r\n"
     "\r\n"
     "--b\r\n"
     "Content-Type: multipart/mixed; boundary=bb\r\n"
     "\r\n"
     "--bb\r\n"
     "\r\n"
     "one\r\n"
     "--bb--\r\n"
     "--b--\r\n"sv},
    {"text_after_delimiter",
     "Content-Type: multipart/mixed; boundary=b\r\n"
     "\r\n"
     "--b x\r\n"
     "\r\n"
     "one\r\n"
     "--b--\r\n"sv},
    {"space_after_delimiter",
     "Content-Type: multipart/mixed; boundary=b\r\n"
     "\r\n"
     "--b \t\r\n"
     "\r\n"
     "one\r\n"
     "--b-- \r\n"
     "end\r\n"sv},
    {"part_without_empty_line",
     "Content-Type: multipart/mixed; boundary=b\r\n"
     "\r\n"
     "--b\r\n"
     "Content-Type: text/html\r\n"
     "--b--\r\n"sv},
    {"digest",
     "Content-Type: multipart/digest; boundary=b\r\n"
     "\r\n"
     "--b\r\n"
     "\r\n"
     "Subject: in\r\n"
     "\r\n"
     "x\r\n"
     "--b--\r\n"sv},
    {"type_without_subtype",
     "Content-Type: text\r\n"
     "\r\n"
     "x\r\n"sv},
    {"type_without_type",
     "Content-Type: /plain\r\n"
     "\r\n"
     "x\r\n"sv},
    {"type_of_junk",
     "Content-Type: ;;; charset=utf-8\r\n"
     "\r\n"
     "x\r\n"sv},
    {"repeated_type",
     "Content-Type: text/html\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "x\r\n"sv},
    {"unquoted_name",
     "Content-Type: text/plain; name=a b.txt\r\n"
     "\r\n"
     "x\r\n"sv},
    {"encoded_name",
     "Content-Type: text/plain\r\n"
     "Content-Disposition: attachment; filename=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.txt?=\"\r\n"
     "\r\n"
     "x\r\n"sv},
    {"continued_name",
     "Content-Disposition: attachment; filename*1*=%C3%9Fe.txt; filename*0*=utf-8''Gr%C3%BC\r\n"
     "\r\n"
     "x\r\n"sv},
    {"name_with_a_gap",
     "Content-Disposition: attachment; filename*0=a; filename*2=c\r\n"
     "\r\n"
     "x\r\n"sv},
    {"base64_with_junk",
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "SGVs!bG8g\r\n"
     "d29y bGQ\r\n"sv},
    {"base64_cut",
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "SGVsbG8gd29ybG\r\n"sv},
    {"quoted_printable_of_junk",
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "a=XYb= \r\n"
     "c=3\r\n"
     "d="sv},
    {"unknown_encoding",
     "Content-Transfer-Encoding: x-rot13\r\n"
     "\r\n"
     "Uryyb\r\n"sv},
    {"uuencode",
     "Content-Transfer-Encoding: x-uuencode\r\n"
     "\r\n"
     "begin 644 a\r\n"
     "#86)C\r\n"
     "`\r\n"
     "end\r\n"sv},
    {"encoded_words",
     "Subject: =?utf-8?Q?a?= =?utf-8?Q?b?= c =?utf-8?B?w6?= =?utf-8?B?Q=?= =?x?Q?\r\n"
     "\r\n"
     "x\r\n"sv},
    {"old_address",
     "From: alice@example.test (Alice)\r\n"
     "To: Bob <@relay.test:bob@example.test>, undisclosed:;\r\n"
     "\r\n"
     "x\r\n"sv},
    {"broken_addresses",
     "To: \"Bob <bob@example.test>, carol@example.test\r\n"
     "Cc: <>, a@b@c.test, <dave@example.test\r\n"
     "\r\n"
     "x\r\n"sv},
    {"old_date",
     "Date: Tue, 24 Nov 98 8:1 EST\r\n"
     "\r\n"
     "x\r\n"sv},
    {"iso_date",
     "Date: 2026-11-24T08:01:42Z\r\n"
     "\r\n"
     "x\r\n"sv},
    {"message_in_base64",
     "Content-Type: message/rfc822\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "U3ViamVjdDogeA0KDQp4DQo=\r\n"sv},
};

std::string repeated(std::size_t times, std::string_view piece) {
    std::string out;
    out.reserve(times * piece.size());
    for (std::size_t i = 0; i < times; ++i) out += piece;
    return out;
}

std::string multiparts_in_each_other(std::size_t depth) {
    std::string out;
    for (std::size_t i = 0; i < depth; ++i) out += fmt::format("Content-Type: multipart/mixed; boundary=b{0}.\r\n\r\n--b{0}.\r\n", i);
    return out + "\r\nx\r\n";
}

// "first" and the numbers up to `count`, each from one format.
template <class Format>
std::string listed(std::size_t count, Format format) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : "\r\n ") + format(i);
    return out;
}

constexpr std::string_view mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

}  // namespace

std::vector<Nasty> nasties() {
    std::vector<Nasty> out;
    for (const Written& one : written) out.push_back({.name = std::string(one.name), .message = std::string(one.message)});
    out.push_back({.name = "deep", .message = multiparts_in_each_other(20)});
    return out;
}

std::vector<Nasty> large_nasties() {
    const auto address = [](std::size_t i) { return fmt::format("user{}@example.test,", i); };
    const auto id = [](std::size_t i) { return fmt::format("<{}@example.test>", i); };
    return {
        {.name = "nested_parts", .message = multiparts_in_each_other(10'000)},
        {.name = "nested_messages", .message = repeated(10'000, "Content-Type: message/rfc822\r\n\r\n") + "x\r\n"},
        {.name = "sibling_parts", .message = std::string(mixed) + repeated(9'000, "--b\r\n\r\nx\r\n") + "--b--\r\n"},
        {.name = "too_many_parts", .message = std::string(mixed) + repeated(12'000, "--b\r\n\r\nx\r\n") + "--b--\r\n"},
        {.name = "long_subject", .message = "Subject: " + std::string(1'000'000, 's') + "\r\n\r\nx\r\n"},
        {.name = "folded_subject", .message = "Subject: s" + repeated(100'000, "\r\n t") + "\r\n\r\nx\r\n"},
        {.name = "long_boundary",
         .message = "Content-Type: multipart/mixed; boundary=\"" + std::string(1'000'000, 'b') + "\"\r\n\r\nx\r\n"},
        {.name = "many_fields", .message = repeated(90'000, "A: 1\r\n") + "Subject: s\r\n\r\nx\r\n"},
        {.name = "too_many_fields", .message = repeated(200'000, "A: 1\r\n") + "Subject: s\r\n\r\nx\r\n"},
        {.name = "many_addresses", .message = "To: " + listed(9'000, address) + "\r\n\r\nx\r\n"},
        {.name = "too_many_addresses", .message = "To: " + listed(11'000, address) + "\r\n\r\nx\r\n"},
        {.name = "many_references", .message = "Message-ID: <1@x>\r\nReferences: " + listed(50'000, id) + "\r\n\r\nx\r\n"},
        {.name = "open_delimiters", .message = std::string(mixed) + "--b\r\n\r\n" + repeated(300'000, "--\r\n") + "--b--\r\n"},
        {.name = "nothing_but_nul", .message = std::string(1'000'000, '\0')},
        {.name = "nothing_but_cr", .message = std::string(1'000'000, '\r')},
        {.name = "encoded_words", .message = "Subject: " + repeated(5'000, "=?utf-8?Q?=C3=BC?=\r\n ") + "=?utf-8?Q?e?=\r\n\r\nx\r\n"},
    };
}

}  // namespace packetboat::mime::testing
