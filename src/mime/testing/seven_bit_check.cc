#include "mime/testing/seven_bit_check.h"

#include "base/text.h"
#include "mime/decode.h"
#include "mime/index.h"

namespace packetboat::mime::testing {

namespace {

TransferEncoding encoding_of(const Index& index, const Part& part, std::string_view message) {
    const Field* field = index.find(part, FieldName::content_transfer_encoding);
    return field == nullptr ? TransferEncoding::identity : transfer_encoding(field->value.of(message));
}

bool is_binary(std::string_view body, bool lines_count) {
    std::size_t line = 0;
    for (std::size_t i = 0; i < body.size(); ++i) {
        const char c = body[i];
        if (c == '\0') return true;
        if (c == '\r' && (i + 1 == body.size() || body[i + 1] != '\n')) return true;
        if (c == '\n' && (i == 0 || body[i - 1] != '\r')) return true;
        line = c == '\n' ? 0 : line + 1;
        if (lines_count && line > 1000) return true;
    }
    return false;
}

std::string at(std::size_t part, std::string_view what) { return "part " + std::to_string(part) + ": " + std::string(what); }

std::string leaf_mistake(std::string_view before, TransferEncoding was, std::string_view after, TransferEncoding is) {
    const bool replaced = was != is;
    const std::string wanted = replaced ? std::string(before) : decode(was, before);
    return decode(is, after) == wanted ? "" : "it does not decode to the same bytes";
}

}  // namespace

Converted convert(std::string_view message, SevenBitNeeds needs, std::size_t piece_bytes, PartWalk::Limits limits) {
    SevenBitSurvey survey(needs, limits);
    for (std::size_t i = 0; i < message.size(); i += piece_bytes) survey.next(message.substr(i, piece_bytes));
    Converted out{.plan = survey.finish(), .text = {}};
    SevenBitConverter converter(out.plan, limits);
    for (std::size_t i = 0; i < message.size(); i += piece_bytes) converter.next(message.substr(i, piece_bytes), out.text);
    converter.finish(out.text);
    return out;
}

std::string conversion_mistake(std::string_view message, const Converted& converted, SevenBitNeeds needs, PartWalk::Limits limits) {
    const std::string_view text = converted.text;
    if (!converted.plan.needed()) return text == message ? "" : "nothing was to be done, and something was";
    const Limits index_limits{.parts_max = limits.parts_max, .nesting_max = limits.nesting_max};
    const Index before = index(message, index_limits);
    const Index after = index(text, index_limits);
    if (before.parts.size() != after.parts.size()) return "it has other parts";
    for (std::size_t i = 0; i < before.parts.size(); ++i) {
        const Part& was = before.parts[i];
        const Part& is = after.parts[i];
        if (was.kind != is.kind || was.parent != is.parent) return at(i, "it is another one");
        if (was.kind != Kind::leaf) continue;
        const std::string_view body = is.body.of(text);
        const TransferEncoding encoding = encoding_of(after, is, text);
        const std::string wrong = leaf_mistake(was.body.of(message), encoding_of(before, was, message), body, encoding);
        if (!wrong.empty()) return at(i, wrong);
        if (!converted.plan.complete()) continue;
        if (needs.eight_bit && !is_ascii(body)) return at(i, "it is not in seven bits");
        // Line ends, and long lines, in what was quoted-printable before are let alone.
        const bool was_quoted = encoding_of(before, was, message) == TransferEncoding::quoted_printable;
        if (needs.binary && was_quoted && body.contains('\0')) return at(i, "it has a NUL");
        const bool was_base64 = encoding_of(before, was, message) == TransferEncoding::base64;
        if (needs.binary && !was_quoted && !was_base64 && is_binary(body, true)) return at(i, "it is binary");
    }
    return "";
}

}  // namespace packetboat::mime::testing
