#pragma once

#include <string_view>

namespace packetboat::mime {

// What an element's style attribute says of whether its text is seen. What goes down to the elements inside and can be taken back there
// is apart from what hides all that is inside.
struct HtmlStyle {
    enum class Said : unsigned char { nothing, yes, no };
    bool gone = false;                  // display: none; mso-hide: all; opacity: 0; a box without height that shows nothing outside it
    Said invisible = Said::nothing;     // visibility
    Said without_size = Said::nothing;  // font-size: 0
    Said preformatted = Said::nothing;  // white-space
};

// Of a style attribute's value, references decoded. Linear. Style sheets are not looked at.
HtmlStyle html_style(std::string_view style);

}  // namespace packetboat::mime
