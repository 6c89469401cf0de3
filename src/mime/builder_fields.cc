#include "mime/builder_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "mime/address_pieces.h"
#include "mime/charset.h"
#include "mime/field_name.h"
#include "mime/header_lexer.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

// What fold() can fold without a space that was not there: lines have 998 bytes, and a name is in them too.
constexpr std::size_t word_max_bytes = 900;
constexpr std::size_t name_max_bytes = 77;      // RFC 5322 §2.1.1: with its colon in a line of 78
constexpr std::size_t address_max_bytes = 320;  // 64 "@" 255 of RFC 5321 §4.5.3.1; longer local parts are in use
constexpr std::size_t raw_word_max_bytes = 200;

// In UTF-8 as it is (RFC 6532 §3.2), where it would not be read as something else and every line can be folded.
bool may_be_raw(std::string_view text) {
    if (text.contains("=?") || text.starts_with(' ') || text.ends_with(' ') || text.contains('\t')) return false;
    std::size_t word = 0;
    std::size_t blanks = 0;
    for (const char c : text) {
        blanks = c == ' ' ? blanks + 1 : 0;
        word = c == ' ' ? 0 : word + 1;
        if (word > raw_word_max_bytes || blanks > 1) return false;
    }
    return true;
}

bool is_phrase_of_atoms(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return is_atext(c) || c == ' '; });
}

// Of words and of the white space between them.
std::size_t longest_run(std::string_view text) {
    std::size_t longest = 0;
    std::size_t run = 0;
    bool blank = false;
    for (const char c : text) {
        const bool was_blank = std::exchange(blank, c == ' ' || c == '\t');
        run = blank == was_blank ? run + 1 : 1;
        longest = std::max(longest, run);
    }
    return longest;
}

// field-name = 1*ftext                                                  RFC 5322 §3.6.8
bool is_field_name(std::string_view name) {
    return !name.empty() && name.size() <= name_max_bytes &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

// Fields that the draft's own members decide, and those that may be added on the way only.
bool is_ours(std::string_view name) {
    switch (known_field(name)) {
        case FieldName::return_path:
        case FieldName::date:
        case FieldName::from:
        case FieldName::sender:
        case FieldName::reply_to:
        case FieldName::to:
        case FieldName::cc:
        case FieldName::bcc:
        case FieldName::subject:
        case FieldName::message_id:
        case FieldName::in_reply_to:
        case FieldName::references:
        case FieldName::mime_version: return true;
        default: return lower(name).starts_with("content-") || iequals(name, "resent-bcc") || iequals(name, "user-agent");
    }
}

class HeaderWriter {
public:
    HeaderWriter(const Made& made, const BuildOptions& options) : made_(made), options_(options) {}

    Result<std::string> write(const Draft& draft);

private:
    Result<> originators(const Draft& draft);
    Result<> destinations(const Draft& draft);
    Result<> message_id(const Draft& draft);
    Result<> ids(std::string_view name, const std::vector<std::string>& ids);
    Result<> text(std::string_view name, std::string_view value);
    Result<> other(const std::string& name, const std::string& value);
    Result<> list(std::string_view name, const AddressList& list);
    Result<std::string> mailbox(const Mailbox& mailbox) const;
    std::string phrase(const std::string& name) const;
    void add(std::string_view name, std::string_view value) { out_ += fold(name, value); }

    const Made& made_;
    const BuildOptions& options_;
    std::string out_;
};

std::string HeaderWriter::phrase(const std::string& name) const {
    const std::string text = without_controls(valid_utf8(name));
    if (text.empty()) return quote(text);
    // serialize() knows what ASCII needs; encode_words() writes all else.
    if (!options_.utf8_headers || is_ascii(text) || !may_be_raw(text)) {
        std::string empty_address = serialize(Mailbox{.name = text, .route = {}, .local = {}, .domain = {}});
        empty_address.resize(empty_address.size() - std::string_view(" <>").size());
        return empty_address;
    }
    return is_phrase_of_atoms(text) ? text : quote(text);
}

Result<std::string> HeaderWriter::mailbox(const Mailbox& mailbox) const {
    if (mailbox.name.size() > draft_field_max_bytes) return fail(ErrorCode::too_large, "a display name is too long");
    if (!is_sendable(mailbox)) return fail(ErrorCode::invalid, "not an address: " + escape_control(mailbox.address()));
    const std::string address = mailbox.address();
    if (!options_.utf8_headers && !is_ascii(address)) return fail(ErrorCode::invalid, "needs SMTPUTF8: " + address);
    if (without_controls(valid_utf8(mailbox.name)).empty()) {
        return serialize(Mailbox{.name = {}, .route = {}, .local = mailbox.local, .domain = mailbox.domain});
    }
    return phrase(mailbox.name) + " <" + address + ">";
}

Result<> HeaderWriter::list(std::string_view name, const AddressList& list) {
    if (list.empty()) return {};
    if (mailboxes(list).size() > addresses_max || list.size() > addresses_max) return fail(ErrorCode::too_many, "too many addresses");
    std::string value;
    const auto append = [this](std::string& out, const Mailbox& one) -> Result<> {
        const Result<std::string> text = mailbox(one);
        if (!text) return fail(text.error());
        if (!out.empty()) out += ", ";
        out += *text;
        return {};
    };
    for (const Address& address : list) {
        if (const Mailbox* one = std::get_if<Mailbox>(&address)) {
            if (const Result<> done = append(value, *one); !done) return done;
            continue;
        }
        const Group& group = std::get<Group>(address);
        if (group.name.size() > draft_field_max_bytes) return fail(ErrorCode::too_large, "the name of a group is too long");
        std::string members;
        for (const Mailbox& member : group.members) {
            if (const Result<> done = append(members, member); !done) return done;
        }
        if (!value.empty()) value += ", ";
        value += phrase(group.name) + ":" + (members.empty() ? "" : " ") + members + ";";
    }
    add(name, value);
    return {};
}

// RFC 5322 §3.6.2: several authors need a Sender, and a single one who sends needs none.
Result<> HeaderWriter::originators(const Draft& draft) {
    if (draft.from.empty()) return fail(ErrorCode::invalid, "a message needs a From");
    if (const Result<> done = list("From", {draft.from.begin(), draft.from.end()}); !done) return done;
    const Mailbox& sender = draft.sender ? *draft.sender : draft.from.front();
    if (draft.from.size() > 1 || sender.address() != draft.from.front().address()) {
        if (const Result<> done = list("Sender", {sender}); !done) return done;
    }
    return list("Reply-To", draft.reply_to);
}

Result<> HeaderWriter::destinations(const Draft& draft) {
    // Addresses of Bcc are held to the same rules: they go into the envelope.
    for (const Mailbox& hidden : mailboxes(draft.bcc)) {
        if (const Result<std::string> text = mailbox(hidden); !text) return fail(text.error());
    }
    if (draft.bcc.size() > addresses_max) return fail(ErrorCode::too_many, "too many addresses");
    // Many filters take a message without any destination for spam.
    if (draft.to.empty() && draft.cc.empty() && !draft.bcc.empty()) {
        add("To", "undisclosed-recipients:;");
        return {};
    }
    if (const Result<> done = list("To", draft.to); !done) return done;
    return list("Cc", draft.cc);
}

// message-id = "Message-ID:" msg-id CRLF                                RFC 5322 §3.6.4
Result<> HeaderWriter::message_id(const Draft& draft) {
    std::string id = draft.message_id;
    if (id.empty()) id = made_.id.text() + "@" + (made_.domain.empty() ? draft.from.front().domain : made_.domain);
    if (!id.contains('@')) return fail(ErrorCode::invalid, "not a message-id: " + escape_control(id));
    return ids("Message-ID", {id});
}

Result<> HeaderWriter::ids(std::string_view name, const std::vector<std::string>& ids) {
    if (ids.empty()) return {};
    if (ids.size() > message_ids_max) return fail(ErrorCode::too_many, "too many message-ids");
    std::string value;
    for (const std::string& id : ids) {
        if (!is_id(id) || (!options_.utf8_headers && !is_ascii(id)))
            return fail(ErrorCode::invalid, "not a message-id: " + escape_control(id));
        value += (value.empty() ? "<" : " <") + id + ">";
    }
    add(name, value);
    return {};
}

Result<> HeaderWriter::text(std::string_view name, std::string_view value) {
    if (value.size() > draft_field_max_bytes) return fail(ErrorCode::too_large, std::string(name) + " is too long");
    const std::string clean = without_controls(valid_utf8(value));
    add(name, options_.utf8_headers && may_be_raw(clean) ? clean : encode_words(clean, WordPlace::unstructured));
    return {};
}

Result<> HeaderWriter::other(const std::string& name, const std::string& value) {
    if (!is_field_name(name)) return fail(ErrorCode::invalid, "not the name of a field: " + escape_control(name));
    if (is_ours(name)) return fail(ErrorCode::invalid, name + " cannot be set by name");
    if (value.size() > draft_field_max_bytes) return fail(ErrorCode::too_large, name + " is too long");
    if (!is_utf8(value) || std::ranges::any_of(value, [](char c) { return is_control(c) && c != '\t'; })) {
        return fail(ErrorCode::invalid, name + " is not a line of text");
    }
    if (!is_ascii(value)) return text(name, value);
    if (longest_run(trim(value)) > word_max_bytes / 2) return fail(ErrorCode::invalid, name + " cannot be folded into lines");
    add(name, value);
    return {};
}

Result<std::string> HeaderWriter::write(const Draft& draft) {
    add("Date", serialize(made_.date));
    if (const Result<> done = originators(draft); !done) return fail(done.error());
    if (const Result<> done = destinations(draft); !done) return fail(done.error());
    if (!draft.subject.empty()) {
        if (const Result<> done = text("Subject", draft.subject); !done) return fail(done.error());
    }
    if (const Result<> done = message_id(draft); !done) return fail(done.error());
    if (const Result<> done = ids("In-Reply-To", draft.in_reply_to); !done) return fail(done.error());
    if (const Result<> done = ids("References", draft.references); !done) return fail(done.error());
    if (!draft.user_agent.empty()) {
        if (const Result<> done = text("User-Agent", draft.user_agent); !done) return fail(done.error());
    }
    if (draft.fields.size() > draft_fields_max) return fail(ErrorCode::too_many, "too many fields");
    for (const auto& [name, value] : draft.fields) {
        if (const Result<> done = other(name, value); !done) return fail(done.error());
    }
    return std::move(out_);
}

}  // namespace

bool is_sendable(const Mailbox& mailbox) {
    const std::string address = mailbox.address();
    const bool has_domain = is_dot_atom(mailbox.domain) || (!mailbox.domain.empty() && domain_literal(mailbox.domain) == mailbox.domain);
    return !mailbox.local.empty() && has_domain && !mailbox.domain.contains(' ') && address.size() <= address_max_bytes &&
           is_utf8(address) && std::ranges::none_of(address, [](char c) { return is_control(c); });
}

bool is_id(std::string_view id) {
    return !id.empty() && id.size() <= word_max_bytes && is_utf8(id) &&
           std::ranges::none_of(id, [](char c) { return is_control(c) || c == ' ' || c == '<' || c == '>'; });
}

Result<std::string> header_of(const Draft& draft, const Made& made, const BuildOptions& options) {
    return HeaderWriter(made, options).write(draft);
}

}  // namespace packetboat::mime
