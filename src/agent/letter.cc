#include "agent/letter.h"

#include <algorithm>

#include "agent/terminal_text.h"
#include "base/text.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/reading.h"
#include "mime/text.h"

namespace packetboat::agent {

namespace {

constexpr std::size_t files_max = 10'000;

std::string decoded(const mime::EmailBodyPart& part, std::string_view message) {
    return mime::decode(part.encoding, part.body.of(message));
}

bool is_tnef(const mime::EmailBodyPart& part) {
    return part.type == "application/ms-tnef" || part.type == "application/vnd.ms-tnef" ||
           iequals(part.name.value_or(std::string()), "winmail.dat");
}

// Files that stand in a text, in the order of their lines.
std::vector<mime::EncodedFile> files_in(std::string_view raw) {
    std::vector<mime::EncodedFile> files;
    if (raw.contains("begin ")) files = mime::uuencoded_files(raw);
    if (raw.contains("=ybegin ")) std::ranges::move(mime::yencoded_files(raw), std::back_inserter(files));
    std::ranges::sort(files, {}, &mime::EncodedFile::begin);
    return files;
}

// Those that say "text" are read for files in them; others have been taken for what they are.
bool may_hold_files(const mime::EmailBodyPart& part) {
    using enum mime::TransferEncoding;
    return part.type == "text/plain" && part.encoding != uuencode && part.encoding != yenc;
}

std::string with_lf(std::string text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\r') {
            if (at + 1 < text.size() && text[at + 1] == '\n') continue;
            out += '\n';
            continue;
        }
        out += text[at];
    }
    return out;
}

}  // namespace

std::string name_for(const std::optional<std::string>& given, std::string_view type, std::uint32_t number) {
    if (given && !trim(*given).empty()) return *given;
    struct Known {
        std::string_view type, ending;
    };
    constexpr Known known[] = {{"message/rfc822", ".eml"},   {"message/global", ".eml"}, {"text/plain", ".txt"},
                               {"text/html", ".html"},       {"text/calendar", ".ics"},  {"image/jpeg", ".jpg"},
                               {"image/png", ".png"},        {"image/gif", ".gif"},      {"application/pdf", ".pdf"},
                               {"text/vcard", ".vcf"},       {"text/csv", ".csv"},       {"application/zip", ".zip"},
                               {"application/json", ".json"}};
    const auto* found = std::ranges::find(known, type, &Known::type);
    const std::string_view ending = found == std::end(known) ? std::string_view() : found->ending;
    return "attachment-" + std::to_string(number) + std::string(ending);
}

Letter::Letter(std::string bytes)
    : bytes_(std::move(bytes)), index_(mime::index(bytes_)), body_(mime::email_body(index_, bytes_, mime::DecodedSizes::counted)) {
    find_files();
}

void Letter::add(AttachedFile file) {
    if (files_.size() == files_max) return;
    file.number = static_cast<std::uint32_t>(files_.size() + 1);
    file.name = name_for(file.name, file.type, file.number);
    files_.push_back(std::move(file));
}

void Letter::find_files() {
    std::vector<bool> is_shown(body_.parts.size());
    for (const std::vector<std::uint32_t>* list : {&body_.text_body, &body_.html_body}) {
        for (const std::uint32_t number : *list) is_shown[number] = true;
    }
    // In the order of the message: pictures of the text are files, too.
    for (std::uint32_t number = 0; number < body_.parts.size(); ++number) {
        const mime::EmailBodyPart& part = body_.parts[number];
        if (part.is_multipart()) continue;
        const bool is_text = part.type == "text/plain" || part.type == "text/html";
        const bool shown = is_shown[number];
        if (!(shown && is_text)) {
            add({.section = part.part_id.value_or(""),
                 .name = part.name.value_or(""),
                 .type = part.type,
                 .size_bytes = part.size,
                 .in_line = shown || part.disposition == "inline",
                 .body_part = number});
        }
        const auto add_found = [&](std::string name, std::string type, std::string bytes) {
            const std::uint64_t size = bytes.size();
            add({.section = part.part_id.value_or(""),
                 .name = std::move(name),
                 .type = type.empty() ? "application/octet-stream" : std::move(type),
                 .size_bytes = size,
                 .body_part = number,
                 .bytes = std::move(bytes)});
        };
        if (is_tnef(part)) {
            const std::string stream = decoded(part, bytes_);
            mime::Tnef tnef = mime::read_tnef(stream);
            if (tnef.rtf) add_found("message.rtf", "application/rtf", std::move(*tnef.rtf));
            for (const mime::TnefAttachment& found : tnef.attachments) add_found(found.name, found.mime_type, std::string(found.bytes));
        } else if (shown && may_hold_files(part)) {
            for (mime::EncodedFile& found : files_in(decoded(part, bytes_)))
                add_found(mime::valid_utf8(found.name), "", std::move(found.bytes));
        }
    }
}

std::string Letter::field(mime::FieldName name) const {
    const mime::Field* found = index_.find(index_.parts[0], name);
    return found ? mime::unstructured(found->value.of(bytes_)) : std::string();
}

std::string Letter::content(const AttachedFile& file) const {
    return file.bytes ? *file.bytes : decoded(body_.parts[file.body_part], bytes_);
}

Result<std::string> Letter::part(std::string_view number) const {
    if (number.contains('.')) {
        for (const mime::EmailBodyPart& part : body_.parts) {
            if (part.part_id == number) return decoded(part, bytes_);
        }
    } else if (const auto wanted = parse_u64(number); wanted && *wanted >= 1 && *wanted <= files_.size()) {
        return content(files_[*wanted - 1]);
    }
    return fail(ErrorCode::not_found, "the message has no part " + printable(number) + " (it has " + std::to_string(files_.size()) +
                                          (files_.size() == 1 ? " attachment)" : " attachments)"));
}

std::string Letter::text_of(const mime::EmailBodyPart& part) const {
    if (may_hold_files(part)) {
        const std::string raw = decoded(part, bytes_);
        if (const std::vector<mime::EncodedFile> found = files_in(raw); !found.empty()) {
            std::string kept;
            std::size_t at = 0;
            for (const mime::EncodedFile& file : found) {
                if (file.begin < at) continue;
                kept += raw.substr(at, file.begin - at);
                at = file.end;
            }
            kept += raw.substr(at);
            return with_lf(mime::to_utf8(part.charset.value_or(""), kept));
        }
    }
    return mime::body_value(part, bytes_).value;
}

std::string Letter::html() const {
    std::string out;
    for (const std::uint32_t number : body_.html_body) {
        if (body_.parts[number].type == "text/html") out += mime::body_value(body_.parts[number], bytes_).value;
    }
    return out;
}

}  // namespace packetboat::agent
