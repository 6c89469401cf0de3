#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mime/index.h"

namespace packetboat::mime {

// What a subject says without its "Re:" and "Fwd:".                                        RFC 5256 §2.1
struct BaseSubject {
    std::string text;  // UTF-8, white space collapsed, letters as they are
    bool is_reply_or_forward = false;
    friend bool operator==(const BaseSubject&, const BaseSubject&) = default;
};

// Which words mark a reply or a forward.
enum class ReplyWords : unsigned char {
    rfc5256,  // "re", "fw" and "fwd", for SORT and THREAD
    known,    // those of other languages as well: "AW:", "SV:", "Antw:" …, and counts as in "Re(2):"
};
// `value`: a Subject field's, as it came. Linear.
BaseSubject base_subject(std::string_view value, ReplyWords words = ReplyWords::known);

// What threads are made by: messages are of one thread that share an id and have the same subject.
struct ThreadKey {
    std::string subject;           // the base subject, case-folded and without white space; empty when there is none
    std::vector<std::string> ids;  // Message-ID, In-Reply-To and References in this order, each once; the own one first if there is one
    friend bool operator==(const ThreadKey&, const ThreadKey&) = default;
};
ThreadKey thread_key(const Index& index, std::string_view message);

}  // namespace packetboat::mime
