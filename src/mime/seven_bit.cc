#include "mime/seven_bit.h"

#include <utility>

namespace packetboat::mime {

void SevenBitConverter::next(std::string_view piece, std::string& out) {
    out_ = &out;
    walk_.next(piece);
}

void SevenBitConverter::finish(std::string& out) {
    out_ = &out;
    walk_.finish();
}

void SevenBitConverter::part(std::uint32_t number) {
    now_ = plan_.part(number);
    labelled_ = separator_due_ = false;
}

void SevenBitConverter::append_label() {
    labelled_ = true;
    *out_ += "Content-Transfer-Encoding: ";
    switch (now_.form) {
        case BodyForm::quoted_printable: *out_ += "quoted-printable"; break;
        case BodyForm::base64: *out_ += "base64"; break;
        default: *out_ += plan_.label(); break;
    }
    *out_ += "\r\n";
}

void SevenBitConverter::field(FieldName known, bool first, std::string_view bytes) {
    if (!now_.relabelled || known != FieldName::content_transfer_encoding) {
        *out_ += bytes;
    } else if (first && !labelled_) {
        append_label();
    }
}

void SevenBitConverter::header_end(const PartHead& head) {
    if (now_.relabelled) {
        const bool encoded = now_.form == BodyForm::quoted_printable || now_.form == BodyForm::base64;
        if (encoded && head.is_message && !head.has_version) *out_ += "MIME-Version: 1.0\r\n";
        if (now_.unknown_8bit && !head.has_type) *out_ += "Content-Type: text/plain; charset=unknown-8bit\r\n";
        if (!labelled_) append_label();
    }
    // A first line that was no field for what has changed in it now could be one.
    separator_due_ = !head.ended && now_.form != BodyForm::as_is;
    encoder_.begin(now_.form);
    if (head.ended || head.kind != Kind::message) return;
    // The header of the message inside would go on with this one, and what it gets would be this one's.
    const SevenBitPlan::Part inside = plan_.part(head.number + 1);
    if (inside.form != BodyForm::as_is || inside.relabelled) *out_ += "\r\n";
}

void SevenBitConverter::structure(std::string_view bytes) { *out_ += bytes; }

void SevenBitConverter::text(std::string_view bytes) {
    if (std::exchange(separator_due_, false)) *out_ += "\r\n";
    encoder_.text(bytes, *out_);
}

void SevenBitConverter::line_end(std::string_view crlf_or_lf) {
    if (std::exchange(separator_due_, false)) *out_ += "\r\n";
    encoder_.line_end(crlf_or_lf, *out_);
}

void SevenBitConverter::body_end(bool last) { encoder_.end(last, *out_); }

void SevenBitConverter::resume(std::uint32_t number) {
    now_ = plan_.part(number);
    separator_due_ = false;
    encoder_.begin(now_.form);
}

}  // namespace packetboat::mime
