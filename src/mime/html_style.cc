#include "mime/html_style.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::mime {

namespace {

using Said = HtmlStyle::Said;

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

std::string_view stripped(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

constexpr Said said(bool yes) { return yes ? Said::yes : Said::no; }

// "0", "0px", "0.0em", but not "0.5em" and not "inherit".
bool is_zero(std::string_view value) {
    bool digits = false;
    while (!value.empty() && (value.front() == '0' || value.front() == '.')) {
        digits = digits || value.front() == '0';
        value.remove_prefix(1);
    }
    return digits && (value.empty() || !is_digit(value.front()));
}

// "white-space: pre-wrap !important"
struct Declaration {
    std::string_view property;
    std::string_view value;

    bool is(std::string_view name) const { return iequals(property, name); }
    bool says(std::string_view word) const { return iequals(value, word); }
};

Declaration declaration(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view value = text.substr(colon + 1);
    return {stripped(text.substr(0, colon)), stripped(value.substr(0, value.find('!')))};
}

}  // namespace

HtmlStyle html_style(std::string_view style) {
    HtmlStyle out;
    bool without_height = false;
    bool cut_off = false;
    while (!style.empty()) {
        const std::size_t end = std::min(style.find(';'), style.size());
        const Declaration one = declaration(style.substr(0, end));
        style.remove_prefix(std::min(end + 1, style.size()));
        if (one.is("display")) out.gone = out.gone || one.says("none");
        if (one.is("mso-hide")) out.gone = out.gone || one.says("all");
        if (one.is("opacity")) out.gone = out.gone || is_zero(one.value);
        if (one.is("max-height") || one.is("height")) without_height = without_height || is_zero(one.value);
        if (one.is("overflow")) cut_off = one.says("hidden");
        if (one.is("visibility")) out.invisible = said(one.says("hidden") || one.says("collapse"));
        if (one.is("font-size")) out.without_size = said(is_zero(one.value));
        if (one.is("white-space")) out.preformatted = said(iequals(one.value.substr(0, 3), "pre"));
    }
    out.gone = out.gone || (without_height && cut_off);
    return out;
}

}  // namespace packetboat::mime
