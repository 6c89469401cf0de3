#include "mime/thread.h"

#include <unicode/ucasemap.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "base/text.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

constexpr std::string_view rfc5256_words[] = {"re", "fw", "fwd"};

// Of mail programs in other languages.
constexpr std::string_view known_words[] = {
    "re",   "fw",     "fwd",                                  // English
    "aw",   "wg",                                             // German
    "sv",   "vs",     "vb",   "vl",    "ang",                 // Danish, Norwegian, Swedish, Finnish
    "antw", "doorst", "betr",                                 // Dutch
    "ref",  "tr",     "rif",  "r",     "i",    "inoltro",     // French, Italian
    "res",  "enc",    "rv",   "rsp",                          // Portuguese, Spanish
    "odp",  "pd",     "ynt",  "ilt",   "atb",                 // Polish, Turkish, Welsh
    "Отв",  "HA",     "На",   "Ответ",                        // Russian
    "Απ",   "ΑΠ",     "ΣΧΕΤ", "ΠΡΘ",   "Vá",   "Továbbítás",  // Greek, Hungarian
    "回复", "回覆",   "答复", "转发",  "轉寄",                // Chinese
};

constexpr std::string_view wide_colon = "：";

// Takes the beginning off a subject, or leaves it as it is.
class Prefix {
public:
    Prefix(std::string_view text, ReplyWords words) : rest_(text), words_(words) {}

    std::string_view rest() const { return rest_; }
    void space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

    // subj-blob = "[" *BLOBCHAR "]" *WSP, where BLOBCHAR is no bracket
    bool blob() {
        if (!rest_.starts_with('[')) return false;
        const std::size_t end = rest_.find_first_of("[]", 1);
        if (end == std::string_view::npos || rest_[end] == '[') return false;
        rest_.remove_prefix(end + 1);
        space();
        return true;
    }

    // subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
    bool refwd() {
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

private:
    bool word() {
        const std::span<const std::string_view> all = words_ == ReplyWords::rfc5256 ? std::span<const std::string_view>(rfc5256_words)
                                                                                    : std::span<const std::string_view>(known_words);
        // The longest that is followed by what may follow: "fwd" before "fw".
        std::size_t longest = 0;
        for (const std::string_view one : all) {
            if (rest_.size() > one.size() && one.size() > longest && iequals(rest_.substr(0, one.size()), one)) longest = one.size();
        }
        rest_.remove_prefix(longest);
        return longest > 0;
    }
    // "Re(2):", "Re^2:", "Re*2:", "Re2:"
    void count() {
        if (words_ == ReplyWords::rfc5256) return;
        const std::string_view before = rest_;
        const bool parenthesis = rest_.starts_with('(');
        if (parenthesis || rest_.starts_with('^') || rest_.starts_with('*')) rest_.remove_prefix(1);
        const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        rest_.remove_prefix(digits);
        if (parenthesis && rest_.starts_with(')')) {
            rest_.remove_prefix(1);
        } else if (parenthesis) {
            rest_ = before;
        }
        if (digits == 0) rest_ = before;
        space();
    }
    bool colon() {
        const std::size_t size = rest_.starts_with(':')                                         ? 1
                                 : words_ == ReplyWords::known && rest_.starts_with(wide_colon) ? wide_colon.size()
                                                                                                : 0;
        rest_.remove_prefix(size);
        return size > 0;
    }

    std::string_view rest_;
    ReplyWords words_;
};

// Steps 2 to 6 of RFC 5256 §2.1.
class Subject {
public:
    Subject(std::string_view text, ReplyWords words) : text_(text), words_(words) {}

    BaseSubject base() {
        do {
            trailers();
            leaders();
        } while (forward_brackets());
        return {.text = std::string(text_), .is_reply_or_forward = marked_};
    }

private:
    // (2) subj-trailer = "(fwd)" / WSP
    void trailers() {
        for (;;) {
            if (text_.ends_with(' ')) {
                text_.remove_suffix(1);
            } else if (text_.size() >= 5 && iequals(text_.substr(text_.size() - 5), "(fwd)")) {
                text_.remove_suffix(5);
                marked_ = true;
            } else {
                return;
            }
        }
    }

    // (3) subj-leader = (*subj-blob subj-refwd) / WSP, (4) a subj-blob before a subj-base that is not empty, (5) as long as there are any.
    // Blobs that no subj-refwd follows go one by one, which is all at once but for one that is the whole of the rest.
    void leaders() {
        for (;;) {
            Prefix prefix(text_, words_);
            prefix.space();
            text_ = prefix.rest();
            std::string_view before_last = text_;
            bool blobs = false;
            while (prefix.blob()) {
                blobs = true;
                if (!prefix.rest().empty()) before_last = prefix.rest();
            }
            if (prefix.refwd()) {
                marked_ = true;
                text_ = prefix.rest();
            } else {
                if (blobs) text_ = before_last;
                return;
            }
        }
    }

    // (6) subj-fwd = subj-fwd-hdr subject subj-fwd-trl, "[fwd:" and "]"
    bool forward_brackets() {
        constexpr std::string_view header = "[fwd:";
        if (text_.size() <= header.size() || !text_.ends_with(']') || !iequals(text_.substr(0, header.size()), header)) return false;
        text_.remove_prefix(header.size());
        text_.remove_suffix(1);
        marked_ = true;
        return true;
    }

    std::string_view text_;
    ReplyWords words_;
    bool marked_ = false;
};

std::string collapsed(std::string text) {
    std::ranges::replace(text, '\t', ' ');
    text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }), text.end());
    return text;
}

std::string folded(std::string_view utf8) {
    if (is_ascii(utf8)) return lower(utf8);
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<UCaseMap, decltype(&ucasemap_close)> map(ucasemap_open("", U_FOLD_CASE_DEFAULT, &status), &ucasemap_close);
    // A character may become three of up to four bytes.
    std::string out(utf8.size() * 3 + 16, '\0');
    const auto size = [](std::size_t bytes) { return static_cast<std::int32_t>(bytes); };
    const std::int32_t written =
        U_FAILURE(status) ? 0 : ucasemap_utf8FoldCase(map.get(), out.data(), size(out.size()), utf8.data(), size(utf8.size()), &status);
    if (U_FAILURE(status)) return lower(utf8);
    out.resize(static_cast<std::size_t>(written));
    return out;
}

void add_ids(ThreadKey& key, std::unordered_set<std::string>& seen, std::string_view value) {
    for (std::string& id : message_ids(value)) {
        if (seen.insert(id).second) key.ids.push_back(std::move(id));
    }
}

}  // namespace

BaseSubject base_subject(std::string_view value, ReplyWords words) {
    // (1) encoded words, folds and white space
    const std::string text = collapsed(unstructured(value));
    return Subject(text, words).base();
}

ThreadKey thread_key(const Index& index, std::string_view message) {
    // So that a thread is not one that any subject of the world may join.
    constexpr std::size_t subject_max_bytes = 1'000;
    ThreadKey key;
    std::unordered_set<std::string> seen;
    const Part& root = index.parts[0];
    const Field* subject = nullptr;
    // The last of a repeated one, as everywhere.
    for (const Field& field : index.of(root)) {
        if (field.known == FieldName::subject) subject = &field;
    }
    if (subject != nullptr) {
        key.subject = folded(base_subject(subject->value.of(message)).text);
        std::erase(key.subject, ' ');
        if (key.subject.size() > subject_max_bytes) key.subject.resize(subject_max_bytes);
    }
    for (const FieldName name : {FieldName::message_id, FieldName::in_reply_to, FieldName::references}) {
        if (const Field* field = index.find(root, name)) add_ids(key, seen, field->value.of(message));
    }
    return key;
}

}  // namespace packetboat::mime
