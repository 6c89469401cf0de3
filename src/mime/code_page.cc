#include "mime/code_page.h"

#include <algorithm>
#include <iterator>

#include "mime/charset.h"

namespace packetboat::mime {

std::string code_page_label(std::uint32_t code_page) {
    struct Named {
        std::uint32_t code_page;
        const char* label;
    };
    constexpr Named named[] = {
        {874, "windows-874"},   {932, "shift_jis"},     {936, "gbk"},         {949, "euc-kr"},        {950, "big5"},
        {1200, "utf-16le"},     {1201, "utf-16be"},     {10000, "macintosh"}, {20127, "us-ascii"},    {20866, "koi8-r"},
        {20932, "euc-jp"},      {20936, "gbk"},         {21866, "koi8-u"},    {50220, "iso-2022-jp"}, {50221, "iso-2022-jp"},
        {50222, "iso-2022-jp"}, {50225, "iso-2022-kr"}, {51932, "euc-jp"},    {51936, "gbk"},         {51949, "euc-kr"},
        {52936, "hz-gb-2312"},  {54936, "gb18030"},     {65000, "utf-7"},     {65001, "utf-8"},
    };
    const auto* const found = std::ranges::find(named, code_page, &Named::code_page);
    if (found != std::end(named)) return found->label;
    if (code_page > 28590 && code_page <= 28606) return "iso-8859-" + std::to_string(code_page - 28590);
    if (code_page >= 1250 && code_page <= 1258) return "windows-" + std::to_string(code_page);
    const std::string dos = "cp" + std::to_string(code_page);
    return is_known_charset(dos) ? dos : std::string();
}

}  // namespace packetboat::mime
