#include "relay/content_scan.h"

#include "base/text.h"

namespace packetboat::relay {

using smtp::wire::Body;
using smtp::wire::Capabilities;

void ContentScan::take(char c) {
    if (after_cr_ && c != '\n') binary_ = true;
    if (c == '\n') {
        if (!after_cr_) binary_ = true;
        // An empty line, and a bare LF is a line's end to those who read headers.
        if (line_bytes_ == 0) header_ended_ = true;
        line_bytes_ = 0;
    } else if (c != '\r') {
        ++line_bytes_;
    }
    after_cr_ = c == '\r';
    if (c == '\0' || line_bytes_ > line_max_bytes) binary_ = true;
    if (static_cast<unsigned char>(c) >= 0x80) {
        eight_bit_ = true;
        if (!header_ended_) header_eight_bit_ = true;
    }
}

void ContentScan::next(std::string_view piece) {
    for (const char c : piece) take(c);
}

namespace {

// Until `enough`, the end, or so many bytes. False: the end was not seen.
template <class Enough>
Task<Result<bool>> scan(ContentScan& out, delivery::ContentSource& content, std::uint64_t max_bytes, Enough enough) {
    std::uint64_t bytes = 0;
    while (!enough(out)) {
        if (bytes >= max_bytes) co_return false;
        const Result<std::string_view> piece = co_await content.next();
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) break;
        out.next(*piece);
        bytes += piece->size();
    }
    co_return true;
}

Task<Result<bool>> header_needs_utf8(delivery::ContentSource& content) {
    ContentScan seen;
    const Result<bool> whole = co_await scan(seen, content, content_scan_max_bytes,
                                             [](const ContentScan& scan) { return scan.header_ended() || scan.header_eight_bit(); });
    content.rewind();
    if (!whole) co_return fail(whole.error());
    co_return !*whole || seen.header_eight_bit();
}

Task<Result<bool>> has_eight_bit(delivery::ContentSource& content) {
    ContentScan seen;
    const Result<bool> whole =
        co_await scan(seen, content, content_scan_max_bytes, [](const ContentScan& scan) { return scan.eight_bit(); });
    content.rewind();
    if (!whole) co_return fail(whole.error());
    co_return !*whole || seen.eight_bit();
}

Body text_body(bool eight_bit, const Capabilities& can) { return eight_bit && can.eight_bit_mime ? Body::eight_bit_mime : Body::seven_bit; }

Task<Result<mime::SevenBitPlan>> survey(mime::SevenBitNeeds needs, delivery::ContentSource& content) {
    mime::SevenBitSurvey survey(needs);
    for (;;) {
        const Result<std::string_view> piece = co_await content.next();
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) break;
        survey.next(*piece);
    }
    content.rewind();
    co_return survey.finish();
}

// How long it will be: a dry run, as no bound would be near enough to refuse a message by it.
Task<Result<std::uint64_t>> converted_size(const mime::SevenBitPlan& plan, delivery::ContentSource& content) {
    ConvertedContent converted(plan, content);
    std::uint64_t bytes = 0;
    for (;;) {
        const Result<std::string_view> piece = co_await converted.next();
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) break;
        bytes += piece->size();
    }
    content.rewind();
    co_return bytes;
}

// For a server that may not be able to take it: all of it is looked at.
Task<Result<Declared>> declare_for_less(const delivery::QueueEntry& entry, const Capabilities& can, delivery::ContentSource& content) {
    const mime::SevenBitNeeds needs{.eight_bit = !can.eight_bit_mime, .binary = entry.body == delivery::Body::binary_mime};
    Result<mime::SevenBitPlan> plan = co_await survey(needs, content);
    if (!plan) co_return fail(plan.error());
    Declared out;
    // NUL in a header, and what is binary beyond the limits of what we take apart, cannot be helped. 8-bit text there goes as it is.
    if (needs.binary && (plan->header_binary() || (plan->binary() && !plan->complete()))) {
        out.body = Body::binary_mime;
        co_return out;
    }
    out.body = text_body(plan->eight_bit() || plan->header_eight_bit(), can);
    if (!plan->needed()) co_return out;
    if (can.size) {
        const Result<std::uint64_t> bytes = co_await converted_size(*plan, content);
        if (!bytes) co_return fail(bytes.error());
        out.size_bytes = *bytes;
    }
    out.conversion = *std::move(plan);
    co_return out;
}

}  // namespace

Task<Result<Declared>> declare(const delivery::QueueEntry& entry, const Capabilities& can, delivery::ContentSource& content) {
    Declared out;
    const bool binary = entry.body == delivery::Body::binary_mime;
    if (binary && can.binary_mime && can.chunking) {
        out.body = Body::binary_mime;
    } else if (binary || !can.eight_bit_mime) {
        Result<Declared> less = co_await declare_for_less(entry, can, content);
        if (!less) co_return fail(less.error());
        out = *std::move(less);
    } else if (entry.body == delivery::Body::eight_bit_mime) {
        const Result<bool> eight_bit = co_await has_eight_bit(content);
        if (!eight_bit) co_return fail(eight_bit.error());
        out.body = text_body(*eight_bit, can);
    }
    if (entry.smtputf8) {
        const Result<bool> needed = co_await header_needs_utf8(content);
        if (!needed) co_return fail(needed.error());
        out.smtputf8 = *needed;
    }
    co_return out;
}

Task<Result<std::string_view>> ConvertedContent::next() {
    // A piece may be held back whole.
    for (out_.clear(); out_.empty() && !at_end_;) {
        const Result<std::string_view> piece = co_await content_.next();
        if (!piece) co_return fail(piece.error());
        at_end_ = piece->empty();
        if (at_end_) {
            converter_.finish(out_);
        } else {
            converter_.next(*piece, out_);
        }
    }
    co_return std::string_view(out_);
}

}  // namespace packetboat::relay
