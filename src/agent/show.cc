#include "agent/show.h"

#include <algorithm>
#include <ctime>

#include "agent/calendar.h"
#include "agent/table.h"
#include "agent/terminal_text.h"
#include "base/text.h"
#include "mime/address_fields.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/decode.h"
#include "mime/reading.h"
#include "mime/text.h"

namespace packetboat::agent {

namespace {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\xc2\xa0") == std::string_view::npos; }

void add_block(std::string& out, std::string_view block) {
    while (block.ends_with('\n')) block.remove_suffix(1);
    if (is_blank(block)) return;
    if (!out.empty()) out += "\n";
    out += block;
    out += "\n";
}

const AttachedFile* file_of(const Letter& letter, std::uint32_t body_part) {
    // They stand in the order of their parts, and a part before what was found in it.
    const auto found = std::ranges::lower_bound(letter.files(), body_part, {}, &AttachedFile::body_part);
    return found == letter.files().end() || found->body_part != body_part || found->bytes ? nullptr : &*found;
}

// A part of the text body.
std::string text_block(const Letter& letter, std::uint32_t number) {
    const mime::EmailBodyPart& part = letter.body().parts[number];
    if (part.type == "text/html") return mime::html_text(mime::body_value(part, letter.bytes()).value);
    if (part.type == "text/plain") return part.flowed ? mime::unflow(letter.text_of(part), part.delsp) : letter.text_of(part);
    const AttachedFile* file = file_of(letter, number);
    return file ? "[" + file->type + ": " + file->name + ", attachment " + std::to_string(file->number) + "]\n" : std::string();
}

std::string tnef_text(const Letter& letter) {
    for (const AttachedFile& file : letter.files()) {
        if (file.bytes) continue;
        const std::string bytes = letter.content(file);
        const mime::Tnef tnef = mime::read_tnef(bytes);
        if (!tnef.is_tnef) continue;
        if (!is_blank(tnef.body)) return tnef.body;
        if (!is_blank(tnef.html)) return mime::html_text(tnef.html);
    }
    return {};
}

bool is_message(std::string_view type) { return type == "message/rfc822" || type == "message/global"; }

void add_line(std::string& out, std::string_view label, std::string_view value) {
    if (!value.empty()) out += std::string(label) + ": " + std::string(value) + "\n";
}

std::string address_field(const Letter& letter, mime::FieldName name) {
    const std::string list = addresses_text(mime::addresses_of(letter.index(), letter.index().parts[0], letter.bytes(), name));
    return list.empty() ? letter.field(name) : list;
}

// The few lines that matter to a reader.
std::string short_header(const Letter& letter) {
    using enum mime::FieldName;
    std::string out;
    const std::string author = address_field(letter, from);
    add_line(out, "From", author);
    if (const std::string answers = address_field(letter, reply_to); answers != author) add_line(out, "Reply-To", answers);
    add_line(out, "To", address_field(letter, to));
    add_line(out, "Cc", address_field(letter, cc));
    add_line(out, "Date", letter.field(date));
    add_line(out, "Subject", letter.field(subject));
    return out;
}

std::string whole_header(const Letter& letter) {
    std::string out;
    for (const mime::Field& field : letter.index().of(letter.index().parts[0]))
        out += std::string(field.name.of(letter.bytes())) + ": " + mime::unstructured(field.value.of(letter.bytes())) + "\n";
    return out;
}

std::string text_at_depth(const Letter& letter, std::size_t depth);

// What comes with the text and is text, too: messages that are forwarded, and invitations.
void add_readable_attachments(std::string& out, const Letter& letter, std::size_t depth) {
    for (const AttachedFile& file : letter.files()) {
        if (out.size() > shown_max_bytes) return;
        if (is_message(file.type) && depth < shown_nesting_max) {
            const Letter inner(letter.content(file));
            add_block(out, "---------- Forwarded message ----------\n" + short_header(inner) + "\n" + text_at_depth(inner, depth + 1) +
                               "---------- End of forwarded message ----------\n");
        } else if (file.type == "text/calendar" && !file.bytes) {
            const mime::EmailBodyPart& part = letter.body().parts[file.body_part];
            add_block(out, calendar_text(read_calendar(mime::to_utf8(part.charset.value_or("utf-8"), letter.content(file)))));
        }
    }
}

std::string text_at_depth(const Letter& letter, std::size_t depth) {
    std::string out;
    for (const std::uint32_t number : letter.body().text_body) add_block(out, text_block(letter, number));
    // Some programs send an empty plain text beside their HTML.
    if (out.empty()) {
        for (const std::uint32_t number : letter.body().html_body) add_block(out, text_block(letter, number));
    }
    if (out.empty()) add_block(out, tnef_text(letter));
    add_readable_attachments(out, letter, depth);
    if (out.size() > shown_max_bytes) {
        out = mime::valid_utf8(std::string_view(out).substr(0, shown_max_bytes));
        out += "\n[The rest of the text is left out.]\n";
    }
    return out;
}

std::string attachment_list(const Letter& letter, std::size_t columns) {
    std::vector<std::vector<std::string>> rows;
    for (const AttachedFile& file : letter.files())
        rows.push_back({std::to_string(file.number), file.name, file.type, size_text(file.size_bytes)});
    constexpr Column head[] = {{.title = "ATTACHMENT", .to_the_right = true},
                               {.title = "NAME", .shrinks_to = 8},
                               {.title = "TYPE", .shrinks_to = 8, .left_out = 1},
                               {.title = "SIZE", .left_out = 2}};
    return table(head, rows, columns);
}

// A name that could be taken for something else stands in quotes.
std::string mailbox_text(const mime::Mailbox& mailbox) {
    const std::string address = mailbox.address();
    if (mailbox.name.empty()) return address;
    if (mailbox.name.find_first_of("<>,;:\"@") == std::string::npos) return mailbox.name + " <" + address + ">";
    std::string quoted;
    for (const char c : mailbox.name) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return "\"" + quoted + "\" <" + address + ">";
}

}  // namespace

std::string readable_text(const Letter& letter) { return text_at_depth(letter, 0); }

std::string show(const Letter& letter, const ShowOptions& options) {
    std::string out = options.all_headers ? whole_header(letter) : short_header(letter);
    const std::string text = readable_text(letter);
    out += "\n" + (text.empty() ? std::string("(no text)\n") : text);
    out = printable(out, Lines::many);
    if (options.columns > 0) out = wrap(out, options.columns);
    if (!letter.files().empty()) out += "\n" + attachment_list(letter, options.columns);
    return out;
}

std::string addresses_text(const mime::AddressList& list) {
    std::string out;
    const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
    for (const mime::Address& address : list) {
        if (const auto* mailbox = std::get_if<mime::Mailbox>(&address)) {
            add(mailbox_text(*mailbox));
            continue;
        }
        const auto& group = std::get<mime::Group>(address);
        std::string members;
        for (const mime::Mailbox& member : group.members) members += (members.empty() ? " " : ", ") + mailbox_text(member);
        add(group.name + ":" + members + ";");
    }
    return out;
}

std::string sender_text(std::string_view from_value) {
    const std::vector<mime::Mailbox> from = mime::mailboxes(mime::addresses(from_value));
    if (from.empty()) return mime::unstructured(from_value);
    return is_blank(from.front().name) ? from.front().address() : from.front().name;
}

std::string date_text(std::string_view date_value) {
    const std::optional<mime::Date> date = mime::date(date_value);
    if (!date) return mime::unstructured(date_value);
    const std::time_t seconds = date->seconds;
    std::tm local{};
    char text[32];
    if (localtime_r(&seconds, &local) == nullptr) return mime::unstructured(date_value);
    return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local));
}

}  // namespace packetboat::agent
