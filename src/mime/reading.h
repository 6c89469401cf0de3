#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace packetboat::mime {

// RFC 3676: paragraphs of a format=flowed text joined, space-stuffing undone, quote depth as "> " marks. UTF-8 in and out; lines end with
// \n.
std::string unflow(std::string_view text, bool delsp);
// The other way: lines of at most 78 characters where there are spaces to break at, flowed, space-stuffed; "> " marks at the start of a
// line are its quote depth. Spaces at line ends go.
std::string flow(std::string_view text);

// HTML as text that a person reads: blocks are paragraphs, lists have marks, links are "text (address)" when `links`, images their alt
// text, tables line by line, quotes "> ", style, script, head and hidden content gone, all entities of HTML decoded, white space collapsed.
// Reads tag soup; linear; output at most `max_bytes` (cut at a character). Hidden is what attributes and inline styles hide; style sheets
// are not read. Control characters and those without width go, so that the text can be shown on a terminal.
struct HtmlTextOptions {
    bool links = true;
    std::size_t max_bytes = 16 * 1024 * 1024;
};
std::string html_text(std::string_view utf8_html, HtmlTextOptions options = {});

// Compressed RTF ([MS-OXRTFCP]). nullopt: it is none, its check sum is wrong, or it says that it is longer than rtf_max_bytes.
inline constexpr std::size_t rtf_max_bytes = 64 * 1024 * 1024;
std::optional<std::string> decompress_rtf(std::string_view stream);

// winmail.dat (MS-OXTNEF): what is in it. Read only; a broken stream gives what came before.
struct TnefAttachment {
    std::string name;
    std::string mime_type;   // empty when not said
    std::string_view bytes;  // into the stream
};
struct Tnef {
    bool is_tnef = false;
    std::string subject;
    std::string body;  // plain, when there is one
    std::string html;
    std::optional<std::string> rtf;  // the body as Outlook wrote it, which is mostly beside the others
    std::vector<TnefAttachment> attachments;
};
Tnef read_tnef(std::string_view stream);

}  // namespace packetboat::mime
