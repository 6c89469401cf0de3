#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "mime/address.h"
#include "mime/testing/vectors.h"
#include "mime/text.h"
#include "mime/utf8.h"

// Public tables of addresses, where the checkout has them: every case agrees, or is named here with the reason why not.
namespace packetboat::mime {
namespace {

using testing::Json;
using testing::vector_file;

std::string line_of(std::string_view name, std::string_view address) { return std::string(name) + " <" + std::string(address) + ">\n"; }

// Groups are lists of mailboxes under a name here, and mailboxes outside groups stand for themselves.
std::string show(const AddressList& list) {
    std::string out;
    const auto show_mailbox = [&](const Mailbox& mailbox) {
        std::string address = mailbox.local;
        if (!mailbox.domain.empty()) address += "@" + mailbox.domain;
        out += line_of(mailbox.name, address);
    };
    for (const Address& address : list) {
        if (const Mailbox* mailbox = std::get_if<Mailbox>(&address)) {
            show_mailbox(*mailbox);
            continue;
        }
        out += std::get<Group>(address).name + ":\n";
        std::ranges::for_each(std::get<Group>(address).members, show_mailbox);
    }
    return out;
}
std::string show(const Json& expected) {
    std::string out;
    const auto show_mailboxes = [&](const Json& mailboxes) {
        for (const Json& mailbox : mailboxes.items()) out += line_of(mailbox["name"].text(), mailbox["address"].text());
    };
    show_mailboxes(expected["List"]);
    for (const Json& group : expected["Group"].items()) {
        if (!group["name"].is_null()) out += group["name"].text() + ":\n";
        show_mailboxes(group["addresses"]);
    }
    return out;
}

TEST(address_vectors, fields_are_read_as_mail_parser_reads_them) {
    const std::map<std::size_t, std::string_view> reasons = {
        {8, "a comment is a name only where there is no other (RFC 8621 §4.1.2.3)"},
        {9, "a comment is a name only where there is no other (RFC 8621 §4.1.2.3)"},
        {10, "a comment is a name only where there is no other (RFC 8621 §4.1.2.3)"},
        {11, "a comment is a name only where there is no other (RFC 8621 §4.1.2.3)"},
        {13, "the source route is kept apart, white space goes"},
        {14, "comments and white space are no part of a domain"},
        {22, "a comment is a name only where there is no other (RFC 8621 §4.1.2.3)"},
        {30, "the second line is no fold, and not of this field"},
        {31, "the second line is no fold, and not of this field"},
        {38, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {39, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {40, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {41, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {43, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {44, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {45, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {46, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {47, "the address of a mailto URI; fields of URIs are read by list_uris"},
        {56, "a comment is a name only where there is no other (RFC 8621 §4.1.2.3)"},
    };
    const std::optional<std::string> text = vector_file("address/address.json");
    if (!text) GTEST_SKIP() << "the test vectors are not here";
    const Json cases = Json::parse(*text);
    ASSERT_EQ(cases.items().size(), 60U);
    for (std::size_t i = 0; i < cases.items().size(); ++i) {
        const std::string header = cases[i]["header"].text();
        const AddressList list = addresses(header);
        EXPECT_EQ(show(list) == show(cases[i]["expected"]), !reasons.contains(i)) << i << ": " << header << "ours\n"
                                                                                  << show(list) << "theirs\n"
                                                                                  << show(cases[i]["expected"]);
        EXPECT_EQ(addresses(serialize(list)), list) << header;
    }
}

struct IsEmailCase {
    int id = 0;
    std::string address;
    std::string category;
    std::string diagnosis;
};

// The text of the first element of that name; entities resolved, and U+2400 to U+241F as the control characters they stand for.
std::string element(std::string_view xml, std::string_view name) {
    const std::size_t open = xml.find("<" + std::string(name) + ">");
    if (open == std::string_view::npos) return {};
    const std::size_t begin = open + name.size() + 2;
    std::string_view raw = xml.substr(begin, xml.find("</", begin) - begin);
    std::string out;
    while (!raw.empty()) {
        static const std::map<std::string_view, std::string_view> entities = {
            {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", "\""}};
        const auto entity = std::ranges::find_if(entities, [&](const auto& one) { return raw.starts_with(one.first); });
        if (entity != entities.end()) {
            out += entity->second;
            raw.remove_prefix(entity->first.size());
        } else if (raw.starts_with("&#x")) {
            const auto code = static_cast<char32_t>(std::stoul(std::string(raw.substr(3, raw.find(';') - 3)), nullptr, 16));
            append_utf8(out, code >= 0x2400 && code < 0x2420 ? code - 0x2400 : code);
            raw.remove_prefix(raw.find(';') + 1);
        } else {
            out += raw.front();
            raw.remove_prefix(1);
        }
    }
    return out;
}

std::vector<IsEmailCase> is_email_cases(std::string_view xml) {
    std::vector<IsEmailCase> cases;
    constexpr std::string_view open = "<test id=\"";
    for (std::size_t at = xml.find(open); at != std::string_view::npos;) {
        const std::size_t next = xml.find(open, at + 1);
        const std::string_view one = xml.substr(at, next - at);
        cases.push_back({.id = std::stoi(std::string(one.substr(open.size(), 4))),
                         .address = element(one, "address"),
                         .category = element(one, "category"),
                         .diagnosis = element(one, "diagnosis")});
        at = next;
    }
    return cases;
}

TEST(address_vectors, strict_addresses_are_those_of_isemail) {
    // What SMTP can carry (RFC 5321) is an address to us, whether its domain exists or not; comments, folds, obsolete forms and literals
    // that only RFC 5322 knows are not what a user types.
    const std::set<std::string> valid = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"};
    const std::map<int, std::string_view> reasons = {
        {71, "RFC 4291 §2.2 lets \"::\" stand for one group, and IPv6 libraries write it so"},
        {157, "white space around what a user typed is not meant"},
        {158, "white space around what a user typed is not meant"},
    };
    const std::optional<std::string> xml = vector_file("address/isemail-tests.xml");
    if (!xml) GTEST_SKIP() << "the test vectors are not here";
    const std::vector<IsEmailCase> cases = is_email_cases(*xml);
    ASSERT_EQ(cases.size(), 164U);
    for (const IsEmailCase& one : cases) {
        const auto parsed = parse_address(one.address);
        EXPECT_EQ(parsed.has_value() == valid.contains(one.category), !reasons.contains(one.id))
            << one.id << ": " << escape_control(one.address) << " " << one.category << " " << one.diagnosis;
        if (!parsed) continue;
        EXPECT_EQ(parse_address(parsed->address()), parsed) << one.address;
        EXPECT_EQ(addresses(one.address), AddressList{*parsed}) << one.address;
    }
}

}  // namespace
}  // namespace packetboat::mime
