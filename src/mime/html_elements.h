#pragma once

#include <cstdint>
#include <string_view>

namespace packetboat::mime {

// What an element is to somebody who reads it as text. Elements that are not in the table are as <span>.
struct HtmlElement {
    enum class Role : std::uint8_t {
        inline_text,
        block,      // on lines of its own
        paragraph,  // a block with an empty line before and after it
        cell,
        row,
        list,
        item,
        quote,
        preformatted,
        link,
        image,
        line_break,
        rule,
        hidden,  // its content is not for reading
        head,
    };
    // What the rules of which element ends which ask for; as bits, since they are asked at every tag.
    enum Group : std::uint32_t {
        block = 1,  // any role of a block
        table = 2,
        section = 4,  // of a table: its body, head and foot
        row = 8,
        cell = 16,
        list = 32,
        item = 64,
        terms = 128,  // <dl>
        term = 256,   // <dt>, <dd>
        p = 512,
        link = 1024,
        head = 2048,
        button = 4096,
    };

    std::string_view name;
    Role role = Role::inline_text;
    bool is_void = false;  // has no content and no end tag
    bool in_head = false;  // may stand in <head> without ending it

    std::uint32_t groups() const;
};

// nullptr: not in the table. The address of an element is its identity.
const HtmlElement* html_element(std::string_view lower_case_name);

}  // namespace packetboat::mime
