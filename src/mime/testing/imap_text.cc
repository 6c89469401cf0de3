#include "mime/testing/imap_text.h"

#include "base/cursor.h"

namespace packetboat::mime::testing {

namespace {

using Kind = ImapValue::Kind;

class Parser {
public:
    explicit Parser(std::string_view text) : in_(text) {}

    std::optional<ImapValue> whole() {
        ImapValue root = one();
        // The lists that are open, innermost last: nesting costs no stack.
        std::vector<ImapValue> open;
        for (;;) {
            if (in_.failed()) return std::nullopt;
            if (root.is(Kind::list) && !closed_) {
                open.push_back(std::move(root));
            } else if (open.empty()) {
                break;
            } else {
                open.back().items.push_back(std::move(root));
            }
            if (in_.take(')')) {
                root = std::move(open.back());
                open.pop_back();
                closed_ = true;
                continue;
            }
            // Bodies and addresses stand beside each other without a space.
            if (!open.back().items.empty() && !in_.take(' ') && in_.peek() != '(') return std::nullopt;
            root = one();
        }
        if (!in_.ok_and_done()) return std::nullopt;
        return root;
    }

private:
    // A list is taken up to its "(" only.
    ImapValue one() {
        closed_ = false;
        ImapValue value;
        if (in_.take('(')) {
            value.kind = Kind::list;
        } else if (in_.take('"')) {
            value.kind = Kind::string;
            while (!in_.failed() && !in_.take('"')) {
                if (in_.take('\\') && in_.peek() != '"' && in_.peek() != '\\') in_.fail();
                const std::string_view byte = in_.take_bytes(1);
                if (byte == "\r" || byte == "\n") in_.fail();
                value.text += byte;
            }
        } else if (in_.take('{')) {
            value.kind = Kind::string;
            const std::uint64_t size = in_.number();
            in_.expect_word("}\r\n");
            value.text = in_.take_bytes(size);
        } else if (!in_.take_word("NIL")) {
            value.kind = Kind::number;
            value.text = std::to_string(in_.number());
        }
        return value;
    }

    Cursor in_;
    bool closed_ = false;
};

std::optional<std::string> text_of(const ImapValue& value) { return value.is(Kind::nil) ? std::nullopt : std::optional(value.text); }
bool is_nstring(const ImapValue& value) { return value.is(Kind::nil) || value.is(Kind::string); }

bool read_addresses(const ImapValue& list, EnvelopeAddresses& out) {
    if (list.is(Kind::nil)) return true;
    if (!list.is(Kind::list) || list.items.empty()) return false;
    for (const ImapValue& item : list.items) {
        if (item.items.size() != 4) return false;
        for (const ImapValue& field : item.items) {
            if (!is_nstring(field)) return false;
        }
        EnvelopeAddress address{.name = item.items[0].text, .adl = item.items[1].text, .mailbox = {}, .host = {}};
        const ImapValue& mailbox = item.items[2];
        const ImapValue& host = item.items[3];
        if (host.is(Kind::nil))
            address.kind = mailbox.is(Kind::nil) ? EnvelopeAddress::Kind::group_end : EnvelopeAddress::Kind::group_begin;
        if (mailbox.text != "MISSING_MAILBOX") address.mailbox = mailbox.text;
        if (host.text != "MISSING_DOMAIN") address.host = host.text;
        out.push_back(std::move(address));
    }
    return true;
}

bool is_parameters(const ImapValue& value) {
    if (value.is(Kind::nil)) return true;
    if (!value.is(Kind::list) || value.items.empty() || value.items.size() % 2 != 0) return false;
    for (const ImapValue& item : value.items) {
        if (!item.is(Kind::string)) return false;
    }
    return true;
}

bool is_disposition(const ImapValue& value) {
    if (value.is(Kind::nil)) return true;
    return value.items.size() == 2 && value.items[0].is(Kind::string) && is_parameters(value.items[1]);
}

// body-fld-dsp SP body-fld-lang SP body-fld-loc
bool is_extension(const std::vector<ImapValue>& items, std::size_t at) {
    if (items.size() != at + 3 || !is_disposition(items[at]) || !is_nstring(items[at + 2])) return false;
    for (const ImapValue& language : items[at + 1].items) {
        if (!language.is(Kind::string)) return false;
    }
    return true;
}

std::string multipart_mistake(const ImapValue& value, bool extension, std::size_t parts) {
    const std::vector<ImapValue>& items = value.items;
    if (items.size() <= parts || !items[parts].is(Kind::string)) return "no subtype";
    if (!extension) return items.size() == parts + 1 ? "" : "extension data";
    if (items.size() <= parts + 1 || !is_parameters(items[parts + 1])) return "no parameters";
    return is_extension(items, parts + 2) ? "" : "extension data";
}

std::string part_mistake(const ImapValue& value, bool extension) {
    const std::vector<ImapValue>& items = value.items;
    if (items.size() < 7 || !items[0].is(Kind::string) || !items[1].is(Kind::string)) return "too few fields";
    if (!is_parameters(items[2]) || !is_nstring(items[3]) || !is_nstring(items[4]) || !items[5].is(Kind::string) ||
        !items[6].is(Kind::number))
        return "body-fields";
    const bool message = iequals(items[0].text, "message") && (iequals(items[1].text, "rfc822") || iequals(items[1].text, "global"));
    std::size_t at = 7;
    if (message) {
        if (items.size() < 10 || !parse_envelope(items[7]) || !items[8].is(Kind::list)) return "body-type-msg";
        at = 9;
    }
    if (message || iequals(items[0].text, "text")) {
        if (items.size() <= at || !items[at].is(Kind::number)) return "no lines";
        ++at;
    }
    if (!extension) return items.size() == at ? "" : "extension data";
    return items.size() > at && is_nstring(items[at]) && is_extension(items, at + 1) ? "" : "extension data";
}

}  // namespace

std::optional<ImapValue> parse_imap(std::string_view text) { return Parser(text).whole(); }

std::string to_string(const ImapValue& value) {
    switch (value.kind) {
        case Kind::nil: return "NIL";
        case Kind::string: return "\"" + value.text + "\"";
        case Kind::number: return value.text;
        case Kind::list: break;
    }
    std::string out = "(";
    for (const ImapValue& item : value.items) {
        if (&item != value.items.data()) out += ' ';
        out += to_string(item);
    }
    return out + ")";
}

std::optional<Envelope> parse_envelope(const ImapValue& value) {
    const std::vector<ImapValue>& items = value.items;
    if (!value.is(Kind::list) || items.size() != 10) return std::nullopt;
    for (const std::size_t at : {0U, 1U, 8U, 9U}) {
        if (!is_nstring(items[at])) return std::nullopt;
    }
    Envelope out{.date = text_of(items[0]), .subject = text_of(items[1])};
    out.in_reply_to = text_of(items[8]);
    out.message_id = text_of(items[9]);
    const bool read = read_addresses(items[2], out.from) && read_addresses(items[3], out.sender) &&
                      read_addresses(items[4], out.reply_to) && read_addresses(items[5], out.to) && read_addresses(items[6], out.cc) &&
                      read_addresses(items[7], out.bcc);
    return read ? std::optional(std::move(out)) : std::nullopt;
}

std::string body_mistake(const ImapValue& value, bool extension) {
    std::vector<const ImapValue*> todo{&value};
    while (!todo.empty()) {
        const ImapValue& body = *todo.back();
        todo.pop_back();
        if (!body.is(Kind::list) || body.items.empty()) return "not a body";
        std::size_t parts = 0;
        while (parts < body.items.size() && body.items[parts].is(Kind::list)) todo.push_back(&body.items[parts++]);
        const std::string mistake = parts > 0 ? multipart_mistake(body, extension, parts) : part_mistake(body, extension);
        if (!mistake.empty()) return mistake + " in " + to_string(body);
        if (parts == 0 && body.items.size() > 8 && body.items[8].is(Kind::list) && body.items[7].is(Kind::list))
            todo.push_back(&body.items[8]);
    }
    return {};
}

}  // namespace packetboat::mime::testing
