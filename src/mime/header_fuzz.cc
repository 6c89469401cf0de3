#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/content.h"
#include "mime/header_lexer.h"
#include "mime/text.h"

namespace {

using namespace packetboat;
using namespace packetboat::mime;

void check(bool claim) {
    if (!claim) std::abort();
}

// Lines no longer than 998 bytes, and the same text when they are taken together again, except for spaces in words that are longer.
void check_fold(std::string_view name, std::string_view value) {
    const std::string folded = fold(name, value);
    check(folded.ends_with("\r\n"));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = folded.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
        check(end - begin <= 998);
        check(begin == 0 || folded[begin] == ' ' || folded[begin] == '\t');
    }
    std::string before(value);
    std::erase(before, '\0');
    before = unfold(before);
    std::string after = unfold(std::string_view(folded).substr(name.size() + 1));
    std::string_view rest = before;
    bool long_word = false;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
        long_word |= end > 900;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (long_word) {
        std::erase(before, ' ');
        std::erase(after, ' ');
    }
    check(before == after || before.size() > 20'000);
}

void check_words(std::string_view value) {
    const std::string text = without_controls(valid_utf8(value));
    for (const WordPlace place : {WordPlace::unstructured, WordPlace::phrase}) {
        const std::string words = encode_words(text, place);
        check(is_ascii(words));
        check(decode_words(words) == text);
        check(unstructured(words) == text);
        check_fold("Subject", words);
        check(unstructured(std::string_view(fold("Subject", words)).substr(8)) == text);
    }
    const std::string seen = unstructured(value);
    check(is_utf8(seen));
    check(without_controls(seen) == seen);
}

bool has_odd_boundary(std::string_view boundary) { return !is_ascii(boundary); }

void check_content(std::string_view value) {
    const ContentType type = content_type(value);
    check(type.parameters.size() <= parameters_max && is_token(type.type) && is_token(type.subtype));
    ContentType again = content_type(serialize(type));
    check(again.understood);
    again.understood = type.understood;
    check(again == type || has_odd_boundary(type.parameter("boundary")));

    const auto disposition = content_disposition(value);
    if (disposition)
        check(content_disposition(serialize(*disposition)) == disposition || has_odd_boundary(disposition->parameter("boundary")));
    const std::string safe = safe_file_name(file_name(type, disposition));
    check(!safe.empty() && safe.size() <= 200 && safe.find_first_of("/\\:") == std::string::npos && safe[0] != '.' && is_utf8(safe));
    check(safe_file_name(safe) == safe);
    check(safe_file_name(value).size() <= 200);
}

}  // namespace

// Every grammar reads every value, and what it understood is written so that it reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view value(reinterpret_cast<const char*>(data), size);
    check_words(value);
    check_fold("X-Name", value);
    check_content(value);
    check(message_ids(value).size() <= message_ids_max);
    for (const std::string& id : message_ids(value)) check(!id.empty() && without_controls(id) == id);
    for (const std::string& uri : list_uris(value)) check(uri.find_first_of(" \t\r\n<>") == std::string::npos || !uri.empty());
    if (const auto list = list_id(value)) check(!list->id.empty());
    static_cast<void>(transfer_encoding(value));
    static_cast<void>(content_language(value));
    static_cast<void>(is_one_click(value));
    return 0;
}
