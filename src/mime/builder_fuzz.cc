#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/address.h"
#include "mime/builder.h"
#include "mime/charset.h"
#include "mime/header_lexer.h"
#include "mime/testing/draft.h"
#include "mime/testing/read_back.h"

namespace {

using namespace packetboat;
using namespace packetboat::mime;
using packetboat::mime::testing::ReadMessage;
using packetboat::mime::testing::ReadPart;

void check(bool claim) {
    if (!claim) std::abort();
}

// The members of a draft, cut out of the input at 0xff, which is in no UTF-8.
class Input {
public:
    explicit Input(std::string_view bytes) : rest_(bytes) {}
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    std::string text() {
        const std::size_t end = std::min(rest_.find('\xff'), rest_.size());
        std::string out(rest_.substr(0, end));
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return out;
    }

private:
    std::string_view rest_;
};

// As a text is read: any line ends as \n, the last line ended.
std::string as_text(std::string_view bytes) {
    std::string out = valid_utf8(bytes);
    std::string lines;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] == '\r' && i + 1 < out.size() && out[i + 1] == '\n') continue;
        lines += out[i] == '\r' ? '\n' : out[i];
    }
    if (lines.starts_with("\xef\xbb\xbf")) lines.erase(0, 3);
    while (lines.ends_with('\n')) lines.pop_back();
    return lines;
}

std::string header_text(std::string_view text) { return without_controls(valid_utf8(text)); }

std::vector<const Attachment*> files_of(const Draft& draft) {
    std::vector<const Attachment*> files;
    for (const Attachment& image : draft.images) files.push_back(&image);
    for (const Attachment& file : draft.attachments) files.push_back(&file);
    return files;
}

void check_texts(const Draft& draft, const ReadMessage& read, std::size_t texts) {
    if (draft.text && !draft.flowed) {
        std::string text = read.parts[0].text;
        while (text.ends_with('\n')) text.pop_back();
        check(text == as_text(*draft.text));
    }
    if (draft.html) {
        std::string html = read.parts[texts - 1].text;
        while (html.ends_with('\n')) html.pop_back();
        check(html == as_text(*draft.html));
    }
}

void check_read(const Draft& draft, const BuildOptions& options, std::string_view message) {
    const ReadMessage read = testing::read_back(message);
    check(read.subject == header_text(draft.subject));
    check(mailboxes(read.from).size() == draft.from.size());
    check(mailboxes(read.from)[0].name == header_text(draft.from[0].name));
    check(mailboxes(read.to).size() == mailboxes(draft.to).size());
    for (std::size_t i = 0; i < mailboxes(draft.to).size(); ++i) {
        check(mailboxes(read.to)[i].address() == mailboxes(draft.to)[i].address());
    }
    check(read.in_reply_to == draft.in_reply_to);
    check(lower(read.names).find("bcc") == std::string::npos);

    const std::vector<const Attachment*> files = files_of(draft);
    const std::size_t texts = std::max<std::size_t>((draft.text ? 1U : 0U) + (draft.html ? 1U : 0U), files.empty() ? 1 : 0);
    check(read.parts.size() == texts + files.size());
    check_texts(draft, read, texts);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const ReadPart& part = read.parts[texts + i];
        // A message that breaks off in the header of a part: the index takes the line end behind it for that header's.
        const bool may_grow = part.type.type == "message" && part.bytes == files[i]->bytes + "\r\n";
        check(part.bytes == files[i]->bytes || may_grow);
        check(part.name == header_text(files[i]->name) || part.name.ends_with(".eml"));
        check(part.content_id == files[i]->content_id);
    }
    if (options.transport != Transport::binary) check(testing::has_lines_of(message, 998));
    if (options.transport == Transport::seven_bit && !options.utf8_headers) check(is_ascii(message));
}

Attachment read_file(Input& in) {
    Attachment file{.name = in.text(), .bytes = in.text()};
    const std::uint8_t kind = in.byte();
    if (kind % 4 == 1) file.type = "text/plain";
    if (kind % 4 == 2) file.type = "message/rfc822";
    if (kind % 4 == 3) file.type = in.text();
    if (kind & 4) file.content_id = in.text();
    // Their bytes are cut at 0xff, and are to have it.
    std::ranges::replace(file.bytes, '\x01', '\xff');
    return file;
}

}  // namespace

// Whatever a draft says: it is refused, or the message reads the same as the draft, in lines that the transport takes, with the size
// that was told before.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 64 * 1024) return 0;
    Input in(std::string_view(reinterpret_cast<const char*>(data), size));
    const std::uint8_t shape = in.byte();
    const BuildOptions options{.transport = static_cast<Transport>(shape % 3), .utf8_headers = (shape & 4) != 0};
    Draft draft = testing::letter();
    draft.flowed = (shape & 8) != 0;
    draft.subject = in.text();
    draft.from[0].name = in.text();
    draft.to = addresses(in.text());
    draft.bcc = addresses("hidden@example.test");
    if (shape & 16) draft.text = in.text();
    if (shape & 32) draft.html = in.text();
    if (shape & 64) draft.in_reply_to = {in.text()};
    if (shape & 128) draft.fields = {{in.text(), in.text()}};
    const std::uint8_t files = in.byte();
    for (int i = 0; i < files % 4; ++i) draft.attachments.push_back(read_file(in));
    if (files & 4) draft.images.push_back(read_file(in));

    const Result<std::string> message = build(draft, testing::made(), options);
    if (!message) return 0;
    const Result<Composition> composition = compose(draft, testing::made(), options);
    check(composition && composition->size_bytes() == message->size());
    check_read(draft, options, *message);
    return 0;
}
