#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/text.h"
#include "mime/html_elements.h"
#include "mime/html_style.h"
#include "mime/html_tokens.h"
#include "mime/html_writer.h"
#include "mime/reading.h"
#include "mime/utf8.h"

namespace packetboat::mime {

namespace {

using Role = HtmlElement::Role;

constexpr std::size_t open_max = 500;         // elements inside each other; deeper ones are read as if they were not there, as browsers do
constexpr std::size_t prefix_max_bytes = 40;  // deeper quotes and lists are not marked further
constexpr std::size_t address_max_bytes = 2000;

// An element that has begun and not ended.
struct Open {
    const HtmlElement* element = nullptr;  // nullptr: of a name that is not in the table
    bool hidden = false;                   // it and all inside it
    bool invisible = false;                // it; elements inside may say otherwise
    bool without_size = false;             // the same
    bool preformatted = false;
    std::size_t prefix_size = 0;  // of the writer, before it began
    std::size_t next_number = 0;  // of an ordered list; 0: it is none
    std::size_t text_begin = 0;   // of a link: where its text begins in the output
    std::string address;          // of a link

    Role role() const { return element == nullptr ? Role::inline_text : element->role; }
    bool shows() const { return !hidden && !invisible && !without_size; }
};

// What the search for one to end looks at, apart from the rest so that many are looked at fast.
struct OpenName {
    std::size_t hash = 0;
    std::uint32_t groups = 0;
};

OpenName name_of(std::string_view name, const HtmlElement* element) {
    return {std::hash<std::string_view>{}(name), element == nullptr ? 0 : element->groups()};
}

// An address worth telling; empty: none. Scripts, parts of the mail and places in the page are not.
std::string told_address(const std::string* href) {
    if (href == nullptr) return {};
    std::string address;
    for (const char c : *href) {
        if (static_cast<std::uint8_t>(c) > ' ' && c != '\x7f') address += c;
    }
    constexpr std::string_view told[] = {"http://", "https://", "mailto:", "tel:", "sms:", "ftp://"};
    const bool wanted =
        std::ranges::any_of(told, [&](std::string_view scheme) { return iequals(address.substr(0, scheme.size()), scheme); });
    return wanted && address.size() <= address_max_bytes ? address : std::string();
}

// Of an address and of a link's text: what a reader takes for the same.
std::string_view core(std::string_view address) {
    for (const std::string_view start : {"https://", "http://", "mailto:", "tel:", "sms:", "www."}) {
        if (iequals(address.substr(0, start.size()), start)) address.remove_prefix(start.size());
    }
    while (address.ends_with('/')) address.remove_suffix(1);
    return address;
}

std::string_view stripped(std::string_view text) {
    while (!text.empty() && static_cast<std::uint8_t>(text.front()) <= ' ') text.remove_prefix(1);
    while (!text.empty() && static_cast<std::uint8_t>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
}

class Reader {
public:
    Reader(std::string_view html, HtmlTextOptions options) : tokens_(html), writer_(options.max_bytes), links_(options.links) {
        open_.push_back({});
        names_.push_back({});
    }

    std::string read() {
        for (HtmlToken token; !writer_.full() && tokens_.next(token);) {
            if (token.kind == HtmlKind::text) text(token.text);
            if (token.kind == HtmlKind::start_tag) start(token);
            if (token.kind == HtmlKind::end_tag) end(token.text);
        }
        while (open_.size() > 1) close();
        return writer_.take();
    }

private:
    Open& inner() { return open_.back(); }
    bool in_item() const {
        return std::ranges::any_of(names_, [](const OpenName& name) { return (name.groups & HtmlElement::item) != 0; });
    }

    void text(std::string_view text);
    void start(const HtmlToken& token);
    void end(std::string_view name);
    void before(const HtmlElement* begun, std::uint32_t groups);
    void begin(Open& begun, const HtmlToken& token);
    void image(const HtmlToken& token, const Open& shown);
    void list_item();
    void close();
    void close_to(std::size_t count);
    void close_open(std::uint32_t groups, std::uint32_t barriers);
    void indent(std::string_view more, std::string_view marker);

    HtmlTokenizer tokens_;
    HtmlWriter writer_;
    bool links_;
    bool drops_line_end_ = false;  // the one right after <pre> (HTML §13.2.6.4.7)
    std::vector<Open> open_;       // never empty: the first stands for the document
    std::vector<OpenName> names_;  // of open_
};

Open described(const HtmlToken& token, const Open& outer) {
    Open out;
    out.element = html_element(token.text);
    const std::string* const style_value = token.attribute("style");
    const HtmlStyle style = style_value == nullptr ? HtmlStyle{} : html_style(*style_value);
    const auto inherited = [](HtmlStyle::Said said, bool before) {
        return said == HtmlStyle::Said::nothing ? before : said == HtmlStyle::Said::yes;
    };
    out.hidden =
        outer.hidden || style.gone || token.attribute("hidden") != nullptr || out.role() == Role::hidden || out.role() == Role::head;
    out.invisible = inherited(style.invisible, outer.invisible);
    out.without_size = inherited(style.without_size, outer.without_size);
    out.preformatted = inherited(style.preformatted, outer.preformatted || out.role() == Role::preformatted);
    return out;
}

void Reader::text(std::string_view text) {
    // Text ends a <head> that nobody ended.
    if (inner().role() == Role::head && !stripped(text).empty()) close();
    if (drops_line_end_ && text.starts_with('\n')) text.remove_prefix(1);
    drops_line_end_ = false;
    if (!inner().shows()) return;
    if (inner().preformatted) {
        writer_.preformatted(text);
    } else {
        writer_.text(text);
    }
}

void Reader::start(const HtmlToken& token) {
    drops_line_end_ = false;
    const HtmlElement* const element = html_element(token.text);
    const OpenName name = name_of(token.text, element);
    before(element, name.groups);
    Open begun = described(token, inner());
    begun.prefix_size = writer_.prefix().size();
    if (!begun.hidden) begin(begun, token);
    if (element != nullptr && element->is_void) return;
    // Ends its own tag only where HTML has such elements: SVG, and the names of Office.
    if (token.self_closing && element == nullptr) return;
    if (open_.size() > open_max) return;
    open_.push_back(std::move(begun));
    names_.push_back(name);
}

// What ends because this begins (HTML §13.2.6.4, as far as it changes what is read).
void Reader::before(const HtmlElement* begun, std::uint32_t groups) {
    using E = HtmlElement;
    if (inner().role() == Role::head && (begun == nullptr || !begun->in_head)) close();
    if (groups == 0) return;
    if ((groups & E::block) != 0) close_open(E::p, E::table | E::cell | E::button);
    if ((groups & E::item) != 0) close_open(E::item, E::list | E::table | E::cell);
    if ((groups & E::term) != 0) close_open(E::term, E::terms | E::table | E::cell);
    if ((groups & E::link) != 0) close_open(E::link, E::table | E::cell);
    if ((groups & (E::cell | E::row | E::section)) != 0) close_open(E::cell, E::table);
    if ((groups & (E::row | E::section)) != 0) close_open(E::row, E::table);
}

void Reader::indent(std::string_view more, std::string_view marker) {
    if (writer_.prefix().size() + more.size() > prefix_max_bytes) return;
    writer_.push_prefix(more);
    writer_.marker(marker);
}

// A mark, and what follows under its text.
void Reader::list_item() {
    std::string marker = "* ";
    for (std::size_t i = open_.size(); i-- > 0;) {
        if (open_[i].role() == Role::item) break;
        if (open_[i].role() != Role::list) continue;
        if (open_[i].next_number > 0) marker = std::to_string(open_[i].next_number++) + ". ";
        break;
    }
    indent(std::string(marker.size(), ' '), marker);
}

void Reader::begin(Open& begun, const HtmlToken& token) {
    switch (begun.role()) {
        case Role::inline_text:
        case Role::hidden:
        case Role::head: return;
        case Role::block:
        case Role::row: return writer_.new_line(1);
        case Role::paragraph: return writer_.new_line(2);
        case Role::cell: return writer_.gap();
        case Role::list: {
            const bool inside = in_item();
            writer_.new_line(inside ? 1 : 2);
            if (token.text != "ol") return;
            const std::string* const given = token.attribute("start");
            begun.next_number = std::clamp<std::size_t>(given == nullptr ? 1 : parse_u64(*given).value_or(1), 1, 999'999);
            return;
        }
        case Role::item: writer_.new_line(1); return list_item();
        case Role::quote: writer_.new_line(2); return indent("> ", {});
        case Role::preformatted:
            writer_.new_line(2);
            drops_line_end_ = true;
            return;
        case Role::link:
            begun.address = told_address(token.attribute("href"));
            begun.text_begin = writer_.size();
            return;
        case Role::image: return image(token, begun);
        case Role::line_break: return writer_.line_break();
        case Role::rule:
            writer_.new_line(1);
            if (begun.shows()) writer_.text("---");
            return writer_.new_line(1);
    }
}

// Its text, unless it is one that nobody is to see: of a pixel that counts its readers.
void Reader::image(const HtmlToken& token, const Open& shown) {
    const std::string* const alt = token.attribute("alt");
    const auto is_dot = [&](std::string_view name) {
        const std::string* const value = token.attribute(name);
        return value != nullptr && (value->starts_with('0') || *value == "1" || iequals(*value, "1px"));
    };
    if (alt == nullptr || !shown.shows() || is_dot("width") || is_dot("height")) return;
    writer_.text(*alt);
}

void Reader::close() {
    const Open closed = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    if (writer_.prefix().size() > closed.prefix_size) {
        writer_.cut_prefix(closed.prefix_size);
        writer_.marker({});
    }
    if (closed.hidden) return;
    switch (closed.role()) {
        case Role::paragraph:
        case Role::quote:
        case Role::preformatted: return writer_.new_line(2);
        case Role::list: {
            const bool inside = in_item();
            return writer_.new_line(inside ? 1 : 2);
        }
        case Role::block:
        case Role::row:
        case Role::item: return writer_.new_line(1);
        case Role::link: {
            const std::string_view said = stripped(writer_.since(closed.text_begin));
            if (!links_ || closed.address.empty() || said.empty() || iequals(core(said), core(closed.address))) return;
            const bool is_mail = iequals(closed.address.substr(0, 7), "mailto:");
            writer_.text(" (" + (is_mail ? closed.address.substr(7) : closed.address) + ")");
            return;
        }
        case Role::inline_text:
        case Role::cell:
        case Role::image:
        case Role::line_break:
        case Role::rule:
        case Role::hidden:
        case Role::head: return;
    }
}

void Reader::close_to(std::size_t count) {
    while (open_.size() > count) close();
}

// Closes the innermost open element of these groups, and what is inside it; not one outside of a barrier.
void Reader::close_open(std::uint32_t groups, std::uint32_t barriers) {
    for (std::size_t i = names_.size(); i-- > 1;) {
        if ((names_[i].groups & groups) != 0) return close_to(i);
        if ((names_[i].groups & barriers) != 0) return;
    }
}

void Reader::end(std::string_view name) {
    using E = HtmlElement;
    drops_line_end_ = false;
    if (name == "br" && !inner().hidden) return writer_.line_break();
    const OpenName ended = name_of(name, html_element(name));
    // What is inside a table ends inside it, what is inside a cell too, and what is no block does not end the block that it is around.
    std::uint32_t barriers = E::table;
    if ((ended.groups & (E::table | E::section | E::row | E::cell)) == 0) barriers |= E::cell;
    if ((ended.groups & E::block) == 0) barriers |= E::block;
    for (std::size_t i = names_.size(); i-- > 1;) {
        if (names_[i].hash == ended.hash) return close_to(i);
        if ((names_[i].groups & barriers) != 0) break;
    }
    if (name == "p" && !inner().hidden) writer_.new_line(2);
}

}  // namespace

std::string html_text(std::string_view utf8_html, HtmlTextOptions options) { return Reader(utf8_html, options).read(); }

}  // namespace packetboat::mime
