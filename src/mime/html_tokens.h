#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace packetboat::mime {

inline constexpr std::size_t html_attributes_max = 64;  // of one tag; further ones are left out

struct HtmlAttribute {
    std::string name;   // lower case
    std::string value;  // references decoded
};

enum class HtmlKind : std::uint8_t { text, start_tag, end_tag, comment, doctype };

struct HtmlToken {
    HtmlKind kind = HtmlKind::text;
    std::string text;                       // of a text, references decoded; a tag's name in lower case; a comment as it stands
    std::vector<HtmlAttribute> attributes;  // of a start tag, each name once
    bool self_closing = false;

    const std::string* attribute(std::string_view name) const;  // nullptr: absent
};

// What the text is that is being read: most of it is data; after some start tags the text is another.
enum class HtmlContent : std::uint8_t { data, rcdata, rawtext, script, plaintext };

// HTML cut into tokens as browsers do it (WHATWG HTML §13.2.5), from UTF-8; line ends become LF. Not told apart are the parts of a DOCTYPE;
// CDATA sections are comments, as they are outside of SVG and MathML. What an end of the text cuts off (a tag, a reference) is what the
// standard makes of it: an unfinished tag is gone. Linear.
class HtmlTokenizer {
public:
    explicit HtmlTokenizer(std::string_view html) : html_(html) {}
    // Begins inside an element, and leaves the content as it is after start tags; for tests of the standard's state machine.
    HtmlTokenizer(std::string_view html, HtmlContent content, std::string last_start_tag)
        : html_(html), content_(content), last_start_tag_(std::move(last_start_tag)), follows_tags_(false) {}

    // false: at the end. Texts that follow each other may come in pieces. The token's memory is used again.
    bool next(HtmlToken& token);

private:
    bool data(HtmlToken& token);
    bool raw(HtmlToken& token);
    bool markup(HtmlToken& token);
    void comment(HtmlToken& token);
    void bogus_comment(HtmlToken& token);
    bool tag(HtmlToken& token, HtmlKind kind);
    bool attributes(HtmlToken& token);
    bool attribute_value(std::string& value);
    std::size_t raw_end() const;
    std::size_t script_end() const;
    bool is_end_tag(std::size_t at, std::string_view name) const;
    void reference(std::string& out, bool in_attribute);
    void numeric_reference(std::string& out);
    void skip_space();
    bool at_end() const { return at_ == html_.size(); }
    bool here(std::string_view text) const { return html_.substr(at_).starts_with(text); }

    std::string_view html_;
    std::size_t at_ = 0;
    HtmlContent content_ = HtmlContent::data;
    std::string last_start_tag_;
    bool follows_tags_ = true;
};

}  // namespace packetboat::mime
