#include "mime/subject_prefix.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::mime {

namespace {

struct Word {
    std::string_view text;
    Marks marks;
};

// As mail programs write them. Letters that are not ASCII are compared as they are.
constexpr Word words[] = {
    {"re", Marks::rfc5256 | Marks::replies},
    {"fw", Marks::rfc5256 | Marks::forwards},
    {"fwd", Marks::rfc5256 | Marks::forwards},
    // German
    {"aw", Marks::replies},
    {"antwort", Marks::replies},
    {"wg", Marks::forwards},
    // Danish, Norwegian, Swedish, Finnish
    {"sv", Marks::replies},
    {"vs", Marks::replies},
    {"ang", Marks::replies},
    {"vb", Marks::forwards},
    {"vl", Marks::forwards},
    // Dutch
    {"antw", Marks::replies},
    {"betr", Marks::replies},
    {"doorst", Marks::forwards},
    // French, Italian
    {"ref", Marks::replies},
    {"rif", Marks::replies},
    {"tr", Marks::forwards},
    {"inoltro", Marks::forwards},
    {"r", Marks::letters},
    {"i", Marks::letters},
    // Portuguese, Spanish
    {"res", Marks::replies},
    {"rsp", Marks::replies},
    {"enc", Marks::forwards},
    {"rv", Marks::forwards},
    // Polish, Turkish, Welsh
    {"odp", Marks::replies},
    {"pd", Marks::forwards},
    {"ynt", Marks::replies},
    {"ilt", Marks::forwards},
    {"atb", Marks::replies},
    // Russian
    {"Отв", Marks::replies},
    {"Ответ", Marks::replies},
    {"HA", Marks::replies},
    {"На", Marks::replies},
    // Greek, Hungarian
    {"Απ", Marks::replies},
    {"ΑΠ", Marks::replies},
    {"ΣΧΕΤ", Marks::replies},
    {"ΠΡΘ", Marks::forwards},
    {"Vá", Marks::replies},
    {"Továbbítás", Marks::forwards},
    // Chinese, Japanese
    {"回复", Marks::replies},
    {"回覆", Marks::replies},
    {"答复", Marks::replies},
    {"转发", Marks::forwards},
    {"轉寄", Marks::forwards},
};

constexpr std::string_view wide_colon = "：";

}  // namespace

void SubjectPrefix::space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

bool SubjectPrefix::blob() {
    if (!rest_.starts_with('[')) return false;
    const std::size_t end = rest_.find_first_of("[]", 1);
    if (end == std::string_view::npos || rest_[end] == '[') return false;
    rest_.remove_prefix(end + 1);
    space();
    return true;
}

bool SubjectPrefix::refwd() {
    const std::string_view before = rest_;
    if (word()) {
        space();
        count();
        blob();
        if (colon()) return true;
    }
    rest_ = before;
    return false;
}

// The longest: "fwd" before "fw".
bool SubjectPrefix::word() {
    std::size_t longest = 0;
    for (const Word& one : words) {
        const std::size_t size = one.text.size();
        if (has(marks_, one.marks) && rest_.size() > size && size > longest && iequals(rest_.substr(0, size), one.text)) longest = size;
    }
    rest_.remove_prefix(longest);
    return longest > 0;
}

// "Re(2):", "Re^2:", "Re*2:", "Re2:"; "Re[2]:" has a blob.
void SubjectPrefix::count() {
    if (has(marks_, Marks::rfc5256)) return;
    const std::string_view before = rest_;
    const bool parenthesis = rest_.starts_with('(');
    if (parenthesis || rest_.starts_with('^') || rest_.starts_with('*')) rest_.remove_prefix(1);
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    rest_.remove_prefix(digits);
    const bool closed = parenthesis && rest_.starts_with(')');
    if (closed) rest_.remove_prefix(1);
    if (digits == 0 || parenthesis != closed) rest_ = before;
    space();
}

bool SubjectPrefix::colon() {
    const bool wide = !has(marks_, Marks::rfc5256) && rest_.starts_with(wide_colon);
    const std::size_t size = rest_.starts_with(':') ? 1 : wide ? wide_colon.size() : 0;
    rest_.remove_prefix(size);
    return size > 0;
}

}  // namespace packetboat::mime
