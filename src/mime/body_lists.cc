#include "mime/body_lists.h"

#include <string_view>

namespace packetboat::mime {

namespace {

using List = std::vector<std::uint32_t>;

bool is_inline_media(const EmailBodyPart& part) {
    return part.type.starts_with("image/") || part.type.starts_with("audio/") || part.type.starts_with("video/");
}

// parseStructure of RFC 8621 §4.1.4, in its names. Recursion is as deep as the Index allows nesting.
class Sorter {
public:
    explicit Sorter(EmailBody& body) : body_(body) {}

    void root() {
        List* text_body = &body_.text_body;
        List* html_body = &body_.html_body;
        one(0, true, "mixed", false, html_body, text_body);
    }

private:
    bool is_inline(const EmailBodyPart& part, bool first, std::string_view multipart_type) const {
        if (part.disposition == "attachment") return false;
        const bool media = is_inline_media(part);
        if (part.type != "text/plain" && part.type != "text/html" && !media) return false;
        // In a multipart/related only the first part can be inline; a text with a file name is an attachment where it is not the first.
        return first || (multipart_type != "related" && (media || !part.name));
    }

    // nullptr: that body is complete without what is here.
    void one(std::uint32_t number, bool first, std::string_view multipart_type, bool in_alternative, List*& html_body, List*& text_body) {
        const EmailBodyPart& part = body_.parts[number];
        if (part.is_multipart()) {
            const std::string_view sub_type = std::string_view(part.type).substr(std::string_view("multipart/").size());
            all(number, sub_type, in_alternative || sub_type == "alternative", html_body, text_body);
            return;
        }
        if (!is_inline(part, first, multipart_type)) {
            body_.attachments.push_back(number);
            return;
        }
        if (multipart_type == "alternative") {
            List* list = part.type == "text/plain" ? text_body : part.type == "text/html" ? html_body : &body_.attachments;
            if (list != nullptr) list->push_back(number);
            return;
        }
        if (in_alternative) {
            if (part.type == "text/plain") html_body = nullptr;
            if (part.type == "text/html") text_body = nullptr;
        }
        if (text_body != nullptr) text_body->push_back(number);
        if (html_body != nullptr) html_body->push_back(number);
        if ((text_body == nullptr || html_body == nullptr) && is_inline_media(part)) body_.attachments.push_back(number);
    }

    void all(std::uint32_t multipart, std::string_view multipart_type, bool in_alternative, List* html_body, List* text_body) {
        const std::size_t text_length = text_body != nullptr ? text_body->size() : 0;
        const std::size_t html_length = html_body != nullptr ? html_body->size() : 0;
        const std::uint32_t end = body_.parts[multipart].end;
        for (std::uint32_t child = multipart + 1; child < end; child = body_.parts[child].end) {
            one(child, child == multipart + 1, multipart_type, in_alternative, html_body, text_body);
        }
        if (multipart_type != "alternative" || text_body == nullptr || html_body == nullptr) return;
        const List texts(text_body->begin() + static_cast<std::ptrdiff_t>(text_length), text_body->end());
        const List htmls(html_body->begin() + static_cast<std::ptrdiff_t>(html_length), html_body->end());
        // Found one of the two only: it is both.
        if (texts.empty()) text_body->insert(text_body->end(), htmls.begin(), htmls.end());
        if (htmls.empty()) html_body->insert(html_body->end(), texts.begin(), texts.end());
    }

    EmailBody& body_;
};

}  // namespace

void sort_body_parts(EmailBody& body) { Sorter(body).root(); }

}  // namespace packetboat::mime
