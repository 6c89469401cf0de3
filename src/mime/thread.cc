#include "mime/thread.h"

#include <unicode/ucasemap.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "base/text.h"
#include "mime/subject_prefix.h"
#include "mime/text.h"
#include "mime/utf8.h"

namespace packetboat::mime {

namespace {

// Steps 2 to 6 of RFC 5256 §2.1.
class Subject {
public:
    Subject(std::string_view text, Marks marks) : text_(text), marks_(marks) {}

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
            SubjectPrefix prefix(text_, marks_);
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
    Marks marks_;
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
    const bool known = words == ReplyWords::known;
    return Subject(text, known ? Marks::replies | Marks::forwards | Marks::letters : Marks::rfc5256).base();
}

ThreadKey thread_key(const Index& index, std::string_view message) {
    // So that a thread is not one that any subject of the world may join.
    constexpr std::size_t subject_max_bytes = 1'000;
    ThreadKey key;
    std::unordered_set<std::string> seen;
    const Part& root = index.parts[0];
    // The last of a repeated one, as in the ENVELOPE.
    const auto last = [&](FieldName name) {
        const Field* out = nullptr;
        for (const Field& field : index.of(root)) {
            if (field.known == name) out = &field;
        }
        return out;
    };
    const Field* subject = last(FieldName::subject);
    if (subject != nullptr) {
        key.subject = folded(base_subject(subject->value.of(message)).text);
        std::erase(key.subject, ' ');
        if (key.subject.size() > subject_max_bytes)
            key.subject.resize(utf8_prefix(std::string_view(key.subject).substr(0, subject_max_bytes)));
    }
    for (const FieldName name : {FieldName::message_id, FieldName::in_reply_to, FieldName::references}) {
        if (const Field* field = last(name)) add_ids(key, seen, field->value.of(message));
    }
    return key;
}

}  // namespace packetboat::mime
