#include "mime/builder.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "mime/builder_content.h"
#include "mime/builder_fields.h"
#include "mime/builder_parts.h"
#include "mime/decode.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t piece_max_bytes = 64 * 1024;
// Whole lines of base64 that fit into a piece, as bytes before encoding: 57 of them are a line of 76 and CRLF.
constexpr std::size_t base64_piece_bytes = piece_max_bytes / 78 * 57;

std::uint64_t size_of(const Segment& segment) {
    if (segment.content == nullptr) return segment.text.size();
    return segment.base64 ? base64_lines_bytes(segment.content_bytes) : segment.content_bytes;
}

}  // namespace

struct Composition::State {
    std::vector<Segment> segments;
    std::uint64_t size_bytes = 0;
    Transport needs = Transport::seven_bit;
    bool has_utf8_headers = false;

    std::size_t at = 0;                   // the segment that is being read
    std::optional<ContentReader> reader;  // of it, if it has content
    std::string piece;
    std::optional<Error> error;

    Result<std::string_view> next_piece();
    Result<std::string_view> next_of_content(const Segment& segment);
};

// Empty: the segment is at its end.
Result<std::string_view> Composition::State::next_of_content(const Segment& segment) {
    if (!reader) reader.emplace(*segment.content);
    if (reader->size_bytes() != segment.content_bytes) return fail(ErrorCode::unavailable, "an attachment has changed");
    if (reader->at_end()) return std::string_view();
    if (!segment.base64) return reader->next(piece_max_bytes);
    const Result<std::string_view> bytes = reader->next(base64_piece_bytes);
    if (!bytes) return fail(bytes.error());
    piece = encode_base64(*bytes);
    // The last line end belongs to what comes after.
    if (reader->at_end()) piece.resize(piece.size() - 2);
    return std::string_view(piece);
}

Result<std::string_view> Composition::State::next_piece() {
    while (at < segments.size()) {
        const Segment& segment = segments[at];
        if (segment.content == nullptr) {
            ++at;
            return std::string_view(segment.text);
        }
        Result<std::string_view> bytes = next_of_content(segment);
        if (!bytes || !bytes->empty()) return bytes;
        reader.reset();
        ++at;
    }
    return std::string_view();
}

Composition::Composition(std::unique_ptr<State> state) : state_(std::move(state)) {}
Composition::Composition(Composition&&) noexcept = default;
Composition& Composition::operator=(Composition&&) noexcept = default;
Composition::~Composition() = default;

std::uint64_t Composition::size_bytes() const { return state_->size_bytes; }
Transport Composition::needs() const { return state_->needs; }
bool Composition::has_utf8_headers() const { return state_->has_utf8_headers; }

Result<std::string_view> Composition::next() {
    if (state_->error) return fail(*state_->error);
    Result<std::string_view> bytes = state_->next_piece();
    if (!bytes) state_->error = bytes.error();
    return bytes;
}

Result<Composition> compose(const Draft& draft, const Made& made, const BuildOptions& options) {
    Result<std::string> header = header_of(draft, made, options);
    if (!header) return fail(header.error());
    Result<Parts> parts = parts_of(draft, made.id, options);
    if (!parts) return fail(parts.error());

    auto state = std::make_unique<Composition::State>();
    state->has_utf8_headers = parts->has_utf8_headers || !is_ascii(*header);
    state->needs = state->has_utf8_headers ? std::max(parts->needs, Transport::eight_bit) : parts->needs;
    *header += "MIME-Version: 1.0\r\n";
    state->segments = std::move(parts->segments);
    state->segments.insert(state->segments.begin(), Segment{.text = std::move(*header)});
    for (const Segment& segment : state->segments) state->size_bytes += size_of(segment);
    return Composition(std::move(state));
}

Result<std::string> build(const Draft& draft, const Made& made, const BuildOptions& options) {
    Result<Composition> composition = compose(draft, made, options);
    if (!composition) return fail(composition.error());
    std::string message;
    message.reserve(static_cast<std::size_t>(composition->size_bytes()));
    for (;;) {
        const Result<std::string_view> bytes = composition->next();
        if (!bytes) return fail(bytes.error());
        if (bytes->empty()) return message;
        message += *bytes;
    }
}

std::vector<Mailbox> recipients(const Draft& draft) {
    std::vector<Mailbox> out;
    std::unordered_set<std::string> seen;
    for (const AddressList* list : {&draft.to, &draft.cc, &draft.bcc}) {
        for (Mailbox& mailbox : mailboxes(*list)) {
            // The case of a local part is its host's affair (RFC 5321 §2.4).
            if (seen.insert(mailbox.local + "@" + lower(mailbox.domain)).second) out.push_back(std::move(mailbox));
        }
    }
    return out;
}

bool needs_utf8_headers(const Draft& draft) {
    const auto is_wide = [](const Mailbox& mailbox) { return !is_ascii(mailbox.local) || !is_ascii(mailbox.domain); };
    const auto has_wide = [&](const AddressList& list) { return std::ranges::any_of(mailboxes(list), is_wide); };
    return std::ranges::any_of(draft.from, is_wide) || (draft.sender && is_wide(*draft.sender)) || has_wide(draft.reply_to) ||
           has_wide(draft.to) || has_wide(draft.cc) || has_wide(draft.bcc);
}

}  // namespace packetboat::mime
