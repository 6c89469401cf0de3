#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mime/seven_bit.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t line_max_bytes = 998;  // RFC 2045 §2.7

bool has_nul_or_cr(std::string_view text) { return text.find_first_of(std::string_view("\0\r", 2)) != std::string_view::npos; }

}  // namespace

void SevenBitSurvey::part(std::uint32_t number) {
    current_ = number;
    parts_.emplace_back();
}

void SevenBitSurvey::header_end(const PartHead& head) {
    parts_[head.number].head = head;
    line_bytes_ = 0;
}

void SevenBitSurvey::field(FieldName, bool, std::string_view bytes) { structure(bytes); }

// Line ends are no matter: SMTP's are made of them.
void SevenBitSurvey::structure(std::string_view bytes) {
    if (!is_ascii(bytes)) plan_.header_eight_bit_ = true;
    for (const char c : bytes) {
        if (c == '\0' || (header_after_cr_ && c != '\n')) plan_.header_binary_ = true;
        header_after_cr_ = c == '\r';
        if (c == '\n') {
            header_line_bytes_ = 0;
        } else if (c != '\r' && ++header_line_bytes_ > line_max_bytes) {
            plan_.header_binary_ = true;
        }
    }
}

void SevenBitSurvey::text(std::string_view bytes) {
    Seen& seen = parts_[current_];
    line_bytes_ += bytes.size();
    if (!is_ascii(bytes)) seen.eight_bit = true;
    if (line_bytes_ > line_max_bytes || has_nul_or_cr(bytes)) seen.binary = true;
}

void SevenBitSurvey::line_end(std::string_view crlf_or_lf) {
    line_bytes_ = 0;
    if (crlf_or_lf.size() == 1) parts_[current_].binary = true;
}

void SevenBitSurvey::body_end(bool) {}

void SevenBitSurvey::resume(std::uint32_t number) {
    current_ = number;
    line_bytes_ = 0;
}

void SevenBitSurvey::too_many() { parts_[current_].head.beyond = true; }

BodyForm SevenBitSurvey::form_for(const Seen& seen) const {
    if (!hit(seen) || seen.head.beyond) return BodyForm::as_is;
    if (seen.head.kind != Kind::leaf) return BodyForm::stray;
    if (seen.head.encoding == TransferEncoding::base64) return BodyForm::stray;
    if (seen.head.encoding == TransferEncoding::quoted_printable) return BodyForm::stray_in_quoted_printable;
    return seen.head.is_text ? BodyForm::quoted_printable : BodyForm::base64;
}

bool SevenBitSurvey::label_too_high(const Seen& seen) const {
    // What is neither encoded nor to be keeps its true label.
    if (seen.head.beyond || (seen.binary && !needs_.binary && seen.head.domain == Domain::binary)) return false;
    if (seen.head.encoding != TransferEncoding::identity) return false;
    if (needs_.eight_bit) return seen.head.domain != Domain::seven_bit;
    return needs_.binary && seen.head.domain == Domain::binary;
}

SevenBitPlan SevenBitSurvey::finish() {
    walk_.finish();
    plan_.needs_ = needs_;
    std::vector<bool> broken(parts_.size());  // multipart/signed by number: something in it is encoded
    for (const Seen& seen : parts_) {
        plan_.eight_bit_ |= seen.eight_bit;
        plan_.binary_ |= seen.binary;
        if (!hit(seen)) continue;
        if (seen.head.beyond) plan_.complete_ = false;
        if (form_for(seen) == BodyForm::as_is) continue;
        plan_.needed_ = true;
        if (seen.head.signed_in != PartHead::none) broken[seen.head.signed_in] = true;
    }
    if (!plan_.needed_) return std::move(plan_);
    plan_.parts_.reserve(parts_.size());
    for (const Seen& seen : parts_) {
        const BodyForm form = form_for(seen);
        const bool encoded = form == BodyForm::quoted_printable || form == BodyForm::base64;
        const bool alone = seen.head.signed_in != PartHead::none && !broken[seen.head.signed_in];
        plan_.parts_.push_back(
            {.form = form, .relabelled = encoded || (!alone && label_too_high(seen)), .unknown_8bit = encoded && seen.eight_bit});
    }
    return std::move(plan_);
}

}  // namespace packetboat::mime
