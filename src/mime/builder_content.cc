#include "mime/builder_content.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mime/header_lexer.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t line_max_bytes = 998;            // RFC 5322 §2.1.1
constexpr std::size_t header_max_bytes = 1024 * 1024;  // what is read of a header to tell whether it is UTF-8

// Sees a message piece by piece. The headers of its parts count for its body, as they do for the servers on the way.
class Survey {
public:
    void add(std::string_view piece) {
        for (const char c : piece) add(c);
    }
    MessageForm finish() const {
        const bool binary = nul_ || bare_ || last_ == '\r' || line_ > line_max_bytes || long_line_;
        return {.needs = binary ? Transport::binary : (has_8bit_ ? Transport::eight_bit : Transport::seven_bit),
                .has_8bit_header = header_8bit_,
                .has_utf8_header = whole_header_ && is_utf8(header_),
                .ends_with_crlf = empty_ || line_ == 0,
                .is_whole = !in_header_ && dashes_ < 2};
    }

private:
    void add(char c) {
        empty_ = false;
        nul_ |= c == '\0';
        bare_ |= (c == '\n') != (last_ == '\r');
        if (is_8bit(c)) {
            has_8bit_ = true;
            header_8bit_ |= in_header_;
        }
        if (in_header_) {
            whole_header_ &= header_.size() < header_max_bytes;
            if (whole_header_) header_ += c;
        }
        last_ = c;
        if (c == '\r') return;
        if (c == '-' && line_ == dashes_) ++dashes_;
        if (c != '\n') {
            ++line_;
            return;
        }
        long_line_ |= line_ > line_max_bytes;
        if (line_ == 0) in_header_ = false;
        line_ = dashes_ = 0;
    }

    std::string header_;
    std::size_t line_ = 0;
    std::size_t dashes_ = 0;  // that it begins with
    char last_ = ' ';
    bool empty_ = true;
    bool in_header_ = true;
    bool whole_header_ = true;
    bool header_8bit_ = false;
    bool has_8bit_ = false;
    bool nul_ = false;
    bool bare_ = false;
    bool long_line_ = false;
};

}  // namespace

ContentReader::ContentReader(const Attachment& attachment)
    : attachment_(&attachment), size_(attachment.source != nullptr ? attachment.source->size_bytes() : attachment.bytes.size()) {}

Result<std::string_view> ContentReader::next(std::size_t count) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - at_));
    if (attachment_->source == nullptr) {
        const std::string_view bytes = std::string_view(attachment_->bytes).substr(static_cast<std::size_t>(at_), wanted);
        at_ += wanted;
        return bytes;
    }
    buffer_.resize(wanted);
    for (std::size_t filled = 0; filled < wanted;) {
        const Result<std::size_t> got = attachment_->source->read(at_ + filled, std::span(buffer_).subspan(filled));
        if (!got) return fail(got.error());
        if (*got == 0 || *got > wanted - filled) return fail(ErrorCode::unavailable, "an attachment is shorter than it was");
        filled += *got;
    }
    at_ += wanted;
    if (at_end() && attachment_->source->size_bytes() != size_) return fail(ErrorCode::unavailable, "an attachment has changed");
    return std::string_view(buffer_);
}

Result<MessageForm> message_form(const Attachment& attachment) {
    Survey survey;
    for (ContentReader reader(attachment); !reader.at_end();) {
        const Result<std::string_view> piece = reader.next(piece_bytes);
        if (!piece) return fail(piece.error());
        survey.add(*piece);
    }
    return survey.finish();
}

Result<bool> contains(const Attachment& attachment, std::string_view token) {
    std::string seen;  // the end of what came before, where the token may begin
    for (ContentReader reader(attachment); !reader.at_end();) {
        const Result<std::string_view> piece = reader.next(piece_bytes);
        if (!piece) return fail(piece.error());
        seen += *piece;
        if (seen.contains(token)) return true;
        seen.erase(0, seen.size() - std::min(seen.size(), token.size()));
    }
    return false;
}

}  // namespace packetboat::mime
