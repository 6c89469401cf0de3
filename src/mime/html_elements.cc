#include "mime/html_elements.h"

#include <algorithm>
#include <iterator>

namespace packetboat::mime {

namespace {

using Role = HtmlElement::Role;

constexpr HtmlElement elements[] = {
    {"a", Role::link},
    {"address", Role::block},
    {"area", Role::inline_text, true},
    {"article", Role::block},
    {"aside", Role::block},
    {"audio", Role::hidden},
    {"base", Role::hidden, true, true},
    {"blockquote", Role::quote},
    {"body", Role::block},
    {"br", Role::line_break, true},
    {"button", Role::inline_text},
    {"caption", Role::block},
    {"center", Role::block},
    {"col", Role::hidden, true},
    {"datalist", Role::hidden},
    {"dd", Role::block},
    {"details", Role::block},
    {"dialog", Role::hidden},
    {"dir", Role::list},
    {"div", Role::block},
    {"dl", Role::paragraph},
    {"dt", Role::block},
    {"embed", Role::hidden, true},
    {"fieldset", Role::block},
    {"figcaption", Role::block},
    {"figure", Role::paragraph},
    {"footer", Role::block},
    {"form", Role::block},
    {"frame", Role::hidden, true},
    {"h1", Role::paragraph},
    {"h2", Role::paragraph},
    {"h3", Role::paragraph},
    {"h4", Role::paragraph},
    {"h5", Role::paragraph},
    {"h6", Role::paragraph},
    {"head", Role::head},
    {"header", Role::block},
    {"hr", Role::rule, true},
    {"html", Role::block},
    {"iframe", Role::hidden},
    {"img", Role::image, true},
    {"input", Role::hidden, true},
    {"legend", Role::block},
    {"li", Role::item},
    {"link", Role::hidden, true, true},
    {"listing", Role::preformatted},
    {"main", Role::block},
    {"menu", Role::list},
    {"meta", Role::hidden, true, true},
    {"nav", Role::block},
    {"noembed", Role::hidden},
    {"noframes", Role::hidden, false, true},
    {"noscript", Role::inline_text, false, true},
    {"object", Role::inline_text},
    {"ol", Role::list},
    {"optgroup", Role::hidden},
    {"option", Role::hidden},
    {"p", Role::paragraph},
    {"param", Role::hidden, true},
    {"plaintext", Role::preformatted},
    {"pre", Role::preformatted},
    {"script", Role::hidden, false, true},
    {"section", Role::block},
    {"select", Role::hidden},
    {"source", Role::hidden, true},
    {"style", Role::hidden, false, true},
    {"summary", Role::block},
    {"svg", Role::hidden},
    {"table", Role::block},
    {"tbody", Role::block},
    {"td", Role::cell},
    {"template", Role::hidden, false, true},
    {"textarea", Role::hidden},
    {"tfoot", Role::block},
    {"th", Role::cell},
    {"thead", Role::block},
    {"title", Role::hidden, false, true},
    {"tr", Role::row},
    {"track", Role::hidden, true},
    {"ul", Role::list},
    {"video", Role::hidden},
    {"wbr", Role::inline_text, true},
    {"xmp", Role::preformatted},
};
static_assert(std::ranges::is_sorted(elements, {}, &HtmlElement::name));

std::uint32_t groups_of_role(Role role) {
    switch (role) {
        case Role::inline_text:
        case Role::image:
        case Role::line_break:
        case Role::hidden: return 0;
        case Role::link: return HtmlElement::link;
        case Role::cell: return HtmlElement::cell | HtmlElement::block;
        case Role::row: return HtmlElement::row | HtmlElement::block;
        case Role::list: return HtmlElement::list | HtmlElement::block;
        case Role::item: return HtmlElement::item | HtmlElement::block;
        case Role::head: return HtmlElement::head;
        case Role::block:
        case Role::paragraph:
        case Role::quote:
        case Role::preformatted:
        case Role::rule: return HtmlElement::block;
    }
    return 0;
}

}  // namespace

std::uint32_t HtmlElement::groups() const {
    const std::uint32_t by_role = groups_of_role(role);
    if (name == "p") return by_role | p;
    if (name == "table") return by_role | table;
    if (name == "tbody" || name == "thead" || name == "tfoot") return by_role | section;
    if (name == "dl") return by_role | terms;
    if (name == "dt" || name == "dd") return by_role | term;
    return name == "button" ? by_role | button : by_role;
}

const HtmlElement* html_element(std::string_view lower_case_name) {
    const HtmlElement* const found = std::ranges::lower_bound(elements, lower_case_name, {}, &HtmlElement::name);
    return found != std::end(elements) && found->name == lower_case_name ? found : nullptr;
}

}  // namespace packetboat::mime
