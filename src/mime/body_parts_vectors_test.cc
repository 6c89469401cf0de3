#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "mime/body_parts.h"
#include "mime/testing/vectors.h"

// textBody, htmlBody and attachments beside those that another implementation of RFC 8621 §4.1.4 has for its corpus.
namespace packetboat::mime {

namespace {

namespace fs = std::filesystem;
using testing::Json;

// Where we differ, and why: the pseudo-code of the RFC, which is followed here, says so.
constexpr std::string_view media_are_body = "pictures and sounds that both bodies show are no attachments as well";
const std::map<std::string_view, std::string_view> reasons = {
    {"mime/mail-parser/eml/rfc/000.eml", media_are_body},        {"mime/mail-parser/eml/thirdparty/002.eml", media_are_body},
    {"mime/mail-parser/eml/thirdparty/013.eml", media_are_body}, {"mime/mail-parser/eml/legacy/030.eml", media_are_body},
    {"mime/mail-parser/eml/legacy/032.eml", media_are_body},     {"mime/mail-parser/eml/legacy/035.eml", media_are_body},
    {"mime/mail-parser/eml/legacy/037.eml", media_are_body},     {"mime/mail-parser/eml/legacy/039.eml", media_are_body},
    {"mime/mail-parser/eml/legacy/044.eml", media_are_body},     {"mime/mail-parser/eml/legacy/048.eml", media_are_body},
};

std::string numbers(const std::vector<std::uint32_t>& list) {
    std::string out;
    for (const std::uint32_t number : list) out += std::to_string(number) + " ";
    return out;
}

std::string numbers(const Json& list) {
    std::string out;
    for (const Json& number : list.items()) out += number.text() + " ";
    return out;
}

}  // namespace

TEST(BodyPartsVectors, lists_are_those_of_another_implementation) {
    const char* const given = std::getenv("PACKETBOAT_VECTORS");
    const fs::path folder = fs::path(given != nullptr ? given : "../shared/vectors") / "mime/mail-parser/eml";
    if (!fs::exists(folder)) GTEST_SKIP() << "no test vectors";
    int compared = 0;
    int equal = 0;
    int other_tree = 0;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder)) {
        // What the parts of broken messages are is not compared here.
        if (file.path().extension() != ".eml" || file.path().parent_path().filename() == "malformed") continue;
        const std::string name = "mime/mail-parser/eml/" + fs::relative(file.path(), folder).string();
        const std::optional<std::string> message = testing::vector_file(name);
        const std::optional<std::string> expected = testing::vector_file(name.substr(0, name.size() - 4) + ".json");
        if (!message || !expected) continue;
        const EmailBody body = email_body(index(*message), *message);
        const Json json = Json::parse(*expected);
        // A boundary in a part is read as one by us, for example.
        if (json["parts"].items().size() != body.parts.size()) {
            ++other_tree;
            continue;
        }
        const std::string ours =
            "text " + numbers(body.text_body) + "html " + numbers(body.html_body) + "attachments " + numbers(body.attachments);
        const std::string theirs =
            "text " + numbers(json["text_body"]) + "html " + numbers(json["html_body"]) + "attachments " + numbers(json["attachments"]);
        ++compared;
        if (ours == theirs) ++equal;
        if (reasons.contains(name)) {
            EXPECT_NE(ours, theirs) << name << " is no longer an exception";
        } else {
            EXPECT_EQ(ours, theirs) << name;
        }
    }
    std::cout << equal << " of " << compared << " messages with the same lists; " << other_tree << " read as another tree\n";
    EXPECT_GT(compared, 60);
}

}  // namespace packetboat::mime
