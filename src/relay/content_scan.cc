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

// Where BINARYMIME is not offered: all of it is looked at, as there may be nothing binary in it.
Task<Result<Body>> without_binary_mime(const Capabilities& can, delivery::ContentSource& content) {
    ContentScan seen;
    const Result<bool> whole = co_await scan(seen, content, ~std::uint64_t{0}, [](const ContentScan& scan) { return scan.binary(); });
    content.rewind();
    if (!whole) co_return fail(whole.error());
    co_return seen.binary() ? Body::binary_mime : text_body(seen.eight_bit(), can);
}

}  // namespace

Task<Result<Declared>> declare(const delivery::QueueEntry& entry, const Capabilities& can, delivery::ContentSource& content) {
    Declared out;
    if (entry.body == delivery::Body::binary_mime) {
        out.body = Body::binary_mime;
        if (!can.binary_mime || !can.chunking) {
            const Result<Body> body = co_await without_binary_mime(can, content);
            if (!body) co_return fail(body.error());
            out.body = *body;
        }
    } else if (entry.body == delivery::Body::eight_bit_mime && can.eight_bit_mime) {
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

}  // namespace packetboat::relay
