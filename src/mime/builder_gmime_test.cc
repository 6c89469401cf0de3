#ifdef PACKETBOAT_GMIME

#include <gmime/gmime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/must.h"
#include "base/text.h"
#include "mime/builder.h"
#include "mime/testing/draft.h"

// What we make, read by somebody else.
namespace packetboat::mime {

namespace {

using packetboat::testing::must;
using testing::binary_bytes;
using testing::letter;
using testing::made;

struct Unref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
template <class T>
using Held = std::unique_ptr<T, Unref>;

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

struct GMimeFile {
    std::string type;
    std::string name;
    std::string content_id;
    std::string bytes;
};

class GMimeReading {
public:
    explicit GMimeReading(std::string_view message) {
        g_mime_init();
        const Held<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(message.data(), message.size()));
        const Held<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
        message_.reset(g_mime_parser_construct_message(parser.get(), nullptr));
        g_mime_message_foreach(
            message_.get(), [](GMimeObject*, GMimeObject* part, gpointer self) { static_cast<GMimeReading*>(self)->add(part); }, this);
    }

    std::string subject() const { return text_of(g_mime_message_get_subject(message_.get())); }
    std::string message_id() const { return text_of(g_mime_message_get_message_id(message_.get())); }
    std::int64_t date() const { return g_date_time_to_unix(g_mime_message_get_date(message_.get())); }
    std::vector<Mailbox> addresses(GMimeAddressType which) const {
        std::vector<Mailbox> out;
        add(g_mime_message_get_addresses(message_.get(), which), out);
        return out;
    }
    std::vector<GMimeFile> files;

private:
    static void add(InternetAddressList* list, std::vector<Mailbox>& out) {
        for (int i = 0; i < internet_address_list_length(list); ++i) {
            InternetAddress* address = internet_address_list_get_address(list, i);
            if (INTERNET_ADDRESS_IS_GROUP(address)) {
                add(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)), out);
                continue;
            }
            const std::string addr = text_of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address)));
            const std::size_t at = addr.rfind('@');
            out.push_back(
                {.name = text_of(internet_address_get_name(address)), .local = addr.substr(0, at), .domain = addr.substr(at + 1)});
        }
    }
    void add(GMimeObject* part) {
        if (GMIME_IS_MULTIPART(part)) return;
        const Held<GMimeStream> stream(g_mime_stream_mem_new());
        GMimeFile file{.content_id = text_of(g_mime_object_get_content_id(part))};
        if (GMIME_IS_MESSAGE_PART(part)) {
            file.type = "message";
            g_mime_object_write_to_stream(GMIME_OBJECT(g_mime_message_part_get_message(GMIME_MESSAGE_PART(part))), nullptr, stream.get());
        } else {
            file.type = text_of(g_mime_content_type_get_media_type(g_mime_object_get_content_type(part)));
            file.name = text_of(g_mime_part_get_filename(GMIME_PART(part)));
            g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)), stream.get());
        }
        const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
        if (bytes->len > 0) file.bytes.assign(reinterpret_cast<const char*>(bytes->data), bytes->len);
        files.push_back(std::move(file));
    }

    Held<GMimeMessage> message_;
};

const std::string_view names[] = {"Grüße.jpg",
                                  "Отчёт за ноябрь.jpg",
                                  "報告書.jpg",
                                  "דוח שנתי.jpg",
                                  "تقرير.jpg",
                                  "รายงาน.jpg",
                                  "हिन्दी रिपोर्ट.jpg",
                                  "naïve “quotes”.jpg",
                                  "👩‍👩‍👧‍👦 family.jpg",
                                  "e\u0301cole.jpg",
                                  "plain.jpg",
                                  "two words.jpg",
                                  "semi;colon=\"x\".jpg",
                                  "percent%20.jpg",
                                  "it's.jpg",
                                  "a very long name of a file, as people give them when they want to say all that is in it, and when.jpg",
                                  "очень длинное имя файла, в котором сказано всё, что в нём есть, и когда это было.jpg"};

void expect_same(const Draft& draft, const BuildOptions& options = {}) {
    const std::string message = must(build(draft, made(), options));
    const GMimeReading read(message);
    EXPECT_EQ(read.subject(), draft.subject);
    EXPECT_EQ(read.message_id() + "", std::string(made().id.text()) + "@" + draft.from[0].domain);
    EXPECT_EQ(read.date(), made().date.seconds);
    EXPECT_EQ(read.addresses(GMIME_ADDRESS_TYPE_FROM), draft.from);
    EXPECT_EQ(read.addresses(GMIME_ADDRESS_TYPE_TO), mailboxes(draft.to));
    EXPECT_EQ(read.addresses(GMIME_ADDRESS_TYPE_CC), mailboxes(draft.cc));
    EXPECT_TRUE(read.addresses(GMIME_ADDRESS_TYPE_BCC).empty());
    std::vector<const Attachment*> expected;
    for (const Attachment& image : draft.images) expected.push_back(&image);
    for (const Attachment& file : draft.attachments) expected.push_back(&file);
    const std::size_t texts = read.files.size() - expected.size();
    ASSERT_EQ(texts, (draft.text ? 1U : 0U) + (draft.html ? 1U : 0U));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(read.files[texts + i].name, expected[i]->name);
        EXPECT_EQ(read.files[texts + i].content_id, expected[i]->content_id);
        EXPECT_TRUE(read.files[texts + i].bytes == expected[i]->bytes) << expected[i]->name;
    }
}

}  // namespace

TEST(BuilderGMime, reads_what_we_wrote) {
    Draft draft = letter();
    draft.subject =
        "Grüße, 中文 and emoji 👩‍👩‍👧‍👦 — e\u0301, and so on until the line is much longer than it should be, "
        "даже "
        "здесь";
    draft.from = {{.name = "Ærøskøbing, Bureau \"A\"", .local = "buro", .domain = "example.test"}};
    draft.to = {Mailbox{.name = "王小明", .local = "wang", .domain = "example.test"},
                Group{.name = "Друзья", .members = {{.name = "O'Neil (Bob)", .local = "a.b", .domain = "example.test"}}}};
    draft.cc = {Mailbox{.name = "مرحبا", .local = "c", .domain = "example.test"},
                Mailbox{.name = "", .local = "d", .domain = "example.test"}};
    draft.bcc = {Mailbox{.local = "e", .domain = "example.test"}};
    draft.text = "Hallo ü\n";
    draft.html = "<p>Hallo ü <img src=\"cid:pic@example.test\"></p>\n";
    draft.images.push_back({.name = "bild ü.jpg", .type = "image/jpeg", .bytes = binary_bytes(), .content_id = "pic@example.test"});
    for (const std::string_view name : names) {
        draft.attachments.push_back({.name = std::string(name), .type = "image/jpeg", .bytes = binary_bytes()});
    }
    expect_same(draft);
}

TEST(BuilderGMime, reads_a_file_alone_and_utf8_headers) {
    Draft draft = letter();
    draft.attachments.push_back({.name = "報告書.jpg", .type = "image/jpeg", .bytes = binary_bytes()});
    expect_same(draft);
    draft.subject = "Grüße aus München";
    draft.from[0].name = "Jürgen, der Große";
    draft.to = {Mailbox{.name = "王小明", .local = "wang", .domain = "example.test"}};
    expect_same(draft, {.utf8_headers = true});
}

TEST(BuilderGMime, reads_texts_and_messages) {
    Draft inner = letter();
    inner.subject = "inner ü";
    inner.text = "inside\n";
    inner.html = "<p>inside</p>\n";
    Draft draft = letter();
    draft.subject = "outer";
    draft.flowed = false;
    draft.text = "From here\n.\nüber\n";
    draft.attachments.push_back({.name = "x.eml", .type = "message/rfc822", .bytes = must(build(inner, made()))});
    const std::string message = must(build(draft, made()));
    const GMimeReading read(message);
    ASSERT_GE(read.files.size(), 2U);
    std::string text = read.files[0].bytes;
    std::erase(text, '\r');
    EXPECT_EQ(text, *draft.text);
    EXPECT_EQ(read.files[1].type, "message");
    std::string again = read.files[1].bytes;
    std::erase(again, '\r');
    std::string bytes = draft.attachments[0].bytes;
    std::erase(bytes, '\r');
    EXPECT_EQ(again, bytes);
}

}  // namespace packetboat::mime

#endif
