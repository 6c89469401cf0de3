#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mime/body_encoder.h"
#include "mime/part_walk.h"

// A message for a host that does not take it as it is: 8-bit text where 8BITMIME is not offered (RFC 6152 §3), binary where BINARYMIME is
// not (RFC 3030 §3). Two readings: a survey finds which parts have what the host cannot take, the conversion encodes these and leaves all
// others byte for byte. What it makes of a body:
// - Texts become quoted-printable, others base64. (message/partial and the like, which RFC 2046 wants in 7 bits from the beginning, too.)
//   An encoding that nobody knows, which is read as none, is replaced.
// - Where a text has no Content-Type, it gets "text/plain; charset=unknown-8bit" (RFC 1428 §3), and its message MIME-Version.
// - What was quoted-printable or base64 already, and the preamble and epilogue of a multipart, lose their stray bytes: see BodyForm.
// - Labels that say more than the host takes say what is left, also those of multiparts and messages.
// - A multipart/signed in which something has to be encoded is encoded, and its signature breaks: RFC 1847 §2.1 wants what is signed in 7
//   bits from the beginning. One in which nothing has to be is left alone, labels too.
// - Header fields are not touched: 8-bit ones are SMTPUTF8's affair (RFC 6531).
// - Beyond the limits of PartWalk things are left as they are, and complete() is false.
// Pure; any bytes may come. Linear in time; memory is a few bytes for each part, of which there are at most PartWalk::Limits::parts_max.
namespace packetboat::mime {

// What the next host cannot take: 8-bit bytes; NUL, a CR or LF by itself, lines over 998 octets (RFC 2045 §2.7, §2.8).
struct SevenBitNeeds {
    bool eight_bit = true;
    bool binary = true;
};

// What is done to each part.
class SevenBitPlan {
public:
    struct Part {
        BodyForm form = BodyForm::as_is;
        bool relabelled = false;    // its Content-Transfer-Encoding is replaced
        bool unknown_8bit = false;  // its charset, if it has no Content-Type
    };

    // Something has to be done.
    bool needed() const { return needed_; }
    // And then everything in the bodies can be taken.
    bool complete() const { return complete_; }
    // In bodies, before anything is done; what is in headers is told by itself.
    bool eight_bit() const { return eight_bit_; }
    bool binary() const { return binary_; }
    bool header_eight_bit() const { return header_eight_bit_; }
    bool header_binary() const { return header_binary_; }  // NUL, a bare CR, or a line over 998 octets
    // As it is when a survey has not seen it.
    Part part(std::uint32_t number) const { return number < parts_.size() ? parts_[number] : Part(); }
    // For labels of what is not encoded.
    std::string_view label() const { return needs_.eight_bit ? "7bit" : "8bit"; }

private:
    friend class SevenBitSurvey;
    SevenBitNeeds needs_;
    std::vector<Part> parts_;
    bool needed_ = false;
    bool complete_ = true;
    bool eight_bit_ = false;
    bool binary_ = false;
    bool header_eight_bit_ = false;
    bool header_binary_ = false;
};

// The first reading.
class SevenBitSurvey final : private PartEvents {
public:
    explicit SevenBitSurvey(SevenBitNeeds needs, PartWalk::Limits limits = {}) : needs_(needs), walk_(*this, limits) {}
    SevenBitSurvey(const SevenBitSurvey&) = delete;
    SevenBitSurvey& operator=(const SevenBitSurvey&) = delete;

    void next(std::string_view piece) { walk_.next(piece); }
    // Once, when that was all.
    SevenBitPlan finish();

private:
    struct Seen {
        PartHead head;
        bool eight_bit = false;
        bool binary = false;
    };

    void part(std::uint32_t number) override;
    void field(FieldName known, bool first, std::string_view bytes) override;
    void header_end(const PartHead& head) override;
    void structure(std::string_view bytes) override;
    void text(std::string_view bytes) override;
    void line_end(std::string_view crlf_or_lf) override;
    void body_end(bool last) override;
    void resume(std::uint32_t number) override;
    void too_many() override;
    bool hit(const Seen& seen) const { return (needs_.eight_bit && seen.eight_bit) || (needs_.binary && seen.binary); }
    bool label_too_high(const Seen& seen) const;
    BodyForm form_for(const Seen& seen) const;

    SevenBitNeeds needs_;
    SevenBitPlan plan_;
    std::vector<Seen> parts_;
    std::uint32_t current_ = 0;
    std::size_t line_bytes_ = 0;         // of a body's line
    std::size_t header_line_bytes_ = 0;  // of another line
    bool header_after_cr_ = false;
    PartWalk walk_;  // last: it tells of a part at once
};

// The second.
class SevenBitConverter final : private PartEvents {
public:
    // `plan` outlives the converter; the limits are those of the survey.
    explicit SevenBitConverter(const SevenBitPlan& plan, PartWalk::Limits limits = {}) : plan_(plan), walk_(*this, limits) {}
    SevenBitConverter(const SevenBitConverter&) = delete;
    SevenBitConverter& operator=(const SevenBitConverter&) = delete;

    // Adds to `out` what there is for the piece, which may be nothing, and is at most a few times its size.
    void next(std::string_view piece, std::string& out);
    // Once, when that was all.
    void finish(std::string& out);

private:
    void part(std::uint32_t number) override;
    void field(FieldName known, bool first, std::string_view bytes) override;
    void header_end(const PartHead& head) override;
    void structure(std::string_view bytes) override;
    void text(std::string_view bytes) override;
    void line_end(std::string_view crlf_or_lf) override;
    void body_end(bool last) override;
    void resume(std::uint32_t number) override;
    void too_many() override {}
    void append_label();

    const SevenBitPlan& plan_;
    std::string* out_ = nullptr;
    SevenBitPlan::Part now_;
    bool labelled_ = false;       // the part's header has its new label
    bool separator_due_ = false;  // an empty line before the body, which came without
    BodyEncoder encoder_;
    PartWalk walk_;  // last: it tells of a part at once
};

}  // namespace packetboat::mime
