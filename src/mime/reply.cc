#include "mime/reply.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "mime/address_fields.h"
#include "mime/builder_fields.h"
#include "mime/content.h"
#include "mime/date.h"
#include "mime/reply_text.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

// The original's header, each field asked for once.
class Original {
public:
    Original(const Index& index, std::string_view message) : index_(index), message_(message) {}

    std::string_view value(FieldName name) const { return of(index_.find(header(), name)); }
    std::string_view value(std::string_view name) const { return of(index_.find(header(), message_, name)); }
    std::string text(FieldName name) const { return unstructured(value(name)); }
    // Those that can be written to, with names that can be written.
    std::vector<Mailbox> mailboxes(const AddressList& list) const {
        std::vector<Mailbox> out = mime::mailboxes(list);
        std::erase_if(out, [](const Mailbox& mailbox) { return !is_sendable(mailbox); });
        for (Mailbox& mailbox : out) {
            if (mailbox.name.size() > draft_field_max_bytes) mailbox.name.clear();
        }
        return out;
    }
    std::vector<Mailbox> mailboxes(FieldName name) const { return mailboxes(list(name)); }
    AddressList list(FieldName name) const { return addresses_of(index_, header(), message_, name); }

private:
    const Part& header() const { return index_.parts.front(); }
    std::string_view of(const Field* field) const { return field == nullptr ? std::string_view() : field->value.of(message_); }

    const Index& index_;
    std::string_view message_;
};

// What counts as the same mailbox: nobody has two that differ in case only.
std::string key_of(const Mailbox& mailbox) { return lower(mailbox.address()); }

// Fills To and Cc with each address once, and none of ours.
class Recipients {
public:
    Recipients(Draft& draft, const ReplyOptions& options) : draft_(draft) {
        seen_.insert(key_of(options.from));
        for (const Mailbox& own : options.own) seen_.insert(key_of(own));
        own_ = seen_;
    }
    bool is_own(const Mailbox& mailbox) const { return own_.contains(key_of(mailbox)); }

    void to(const std::vector<Mailbox>& mailboxes) { add(draft_.to, mailboxes); }
    void cc(const std::vector<Mailbox>& mailboxes) { add(draft_.cc, mailboxes); }

private:
    void add(AddressList& list, const std::vector<Mailbox>& mailboxes) {
        for (Mailbox mailbox : mailboxes) {
            if (list.size() == addresses_max || !seen_.insert(key_of(mailbox)).second) continue;
            mailbox.route.clear();
            list.emplace_back(std::move(mailbox));
        }
    }

    Draft& draft_;
    std::unordered_set<std::string> own_;
    std::unordered_set<std::string> seen_;
};

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::optional<std::string> byte = text[i] == '%' ? unhex(text.substr(i + 1, 2)) : std::nullopt;
        if (byte && byte->size() == 1) {
            out += *byte;
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

// List-Post: <mailto:list@example.org>; "NO" is no URI                  RFC 2369 §3.4
std::vector<Mailbox> list_post(const Original& original) {
    for (const std::string& uri : list_uris(original.value(FieldName::list_post))) {
        constexpr std::string_view scheme = "mailto:";
        if (uri.size() <= scheme.size() || !iequals(std::string_view(uri).substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = std::string_view(uri).substr(scheme.size());
        const std::optional<Mailbox> mailbox = parse_address(percent_decoded(rest.substr(0, rest.find('?'))));
        if (mailbox) return {*mailbox};
    }
    return {};
}

void address(Draft& draft, const Original& original, const ReplyOptions& options) {
    Recipients recipients(draft, options);
    Audience audience = options.audience;
    if (audience == Audience::list) {
        const std::vector<Mailbox> list = list_post(original);
        recipients.to(list);
        if (!draft.to.empty()) return;
        audience = Audience::everyone;
    }
    if (audience == Audience::everyone) {
        // Not of an RFC: the author says who wants the answers, because some have them from a list already.
        recipients.to(original.mailboxes(addresses(original.value("Mail-Followup-To"))));
        if (!draft.to.empty()) return;
    }
    const std::vector<Mailbox> authors = original.mailboxes(FieldName::from);
    std::vector<Mailbox> answer_to = original.mailboxes(FieldName::reply_to);
    if (answer_to.empty()) answer_to = authors;
    const bool ours = !authors.empty() && std::ranges::all_of(authors, [&](const Mailbox& author) { return recipients.is_own(author); });
    if (!ours) recipients.to(answer_to);
    if (ours || audience == Audience::everyone) recipients.to(original.mailboxes(FieldName::to));
    if (audience == Audience::everyone) recipients.cc(original.mailboxes(FieldName::cc));
    if (draft.to.empty()) std::swap(draft.to, draft.cc);
    // A note to ourselves.
    if (draft.to.empty() && !answer_to.empty()) draft.to.emplace_back(answer_to.front());
}

std::vector<std::string> usable_ids(std::string_view value) {
    std::vector<std::string> ids = message_ids(value);
    std::erase_if(ids, [](const std::string& id) { return !is_id(id) || !is_ascii(id); });
    return ids;
}

// RFC 5322 §3.6.4: the parent's References, or its In-Reply-To if that names one, and its Message-ID.
void thread(Draft& draft, const Original& original) {
    const std::vector<std::string> own = usable_ids(original.value(FieldName::message_id));
    std::vector<std::string> chain = usable_ids(original.value(FieldName::references));
    if (chain.empty()) chain = usable_ids(original.value(FieldName::in_reply_to));
    if (original.value(FieldName::references).empty() && chain.size() > 1) chain.clear();
    if (!own.empty()) {
        draft.in_reply_to = {own.front()};
        std::erase(chain, own.front());
        chain.push_back(own.front());
    }
    std::unordered_set<std::string_view> seen;
    for (const std::string& id : chain) {
        if (seen.insert(id).second) draft.references.push_back(id);
    }
    if (draft.references.size() <= reply_references_max) return;
    const auto surplus = static_cast<std::ptrdiff_t>(draft.references.size() - reply_references_max);
    draft.references.erase(draft.references.begin() + 1, draft.references.begin() + 1 + surplus);
}

std::string date_text(const Original& original) {
    const std::optional<Date> when = date(original.value(FieldName::date));
    return when ? serialize(*when) : std::string();
}

std::string attribution(const Original& original) {
    const std::vector<Mailbox> authors = mailboxes(original.list(FieldName::from));
    const std::string when = date_text(original);
    std::string who = "somebody";
    if (!authors.empty()) who = authors.front().name.empty() ? authors.front().address() : authors.front().name;
    return (when.empty() ? "" : "On " + when + ", ") + who + " wrote:";
}

// Names and addresses as a person reads them, not as a header needs them.
std::string shown(const std::vector<Mailbox>& mailboxes) {
    std::string out;
    for (const Mailbox& mailbox : mailboxes) {
        if (!out.empty()) out += ", ";
        out += mailbox.name.empty() ? mailbox.address() : mailbox.name + " <" + mailbox.address() + ">";
    }
    return out;
}

std::string summary(const Original& original) {
    std::string out = "---------- Forwarded message ----------\n";
    const auto line = [&out](std::string_view name, const std::string& value) {
        if (!value.empty()) out.append(name).append(": ").append(value) += '\n';
    };
    line("From", shown(mailboxes(original.list(FieldName::from))));
    line("Date", date_text(original));
    line("Subject", original.text(FieldName::subject));
    line("To", shown(mailboxes(original.list(FieldName::to))));
    line("Cc", shown(mailboxes(original.list(FieldName::cc))));
    return out;
}

// At the end of a line, or of a character at least.
std::string cut(std::string text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    const std::size_t line = text.rfind('\n', max_bytes - 1);
    std::size_t end = line != std::string::npos ? line + 1 : max_bytes;
    while (line == std::string::npos && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text;
}

}  // namespace

Draft reply(const Index& index, std::string_view message, const ReplyOptions& options) {
    const Original original(index, message);
    Draft draft;
    draft.from = {options.from};
    draft.subject = reply_subject(original.text(FieldName::subject));
    address(draft, original, options);
    thread(draft, original);
    draft.text = "";
    if (options.quote) {
        const std::string quote = quoted(readable_text(index, message));
        if (!quote.empty()) draft.text = (options.attribution.empty() ? attribution(original) : options.attribution) + "\n" + quote;
    }
    return draft;
}

Draft forward(const Index& index, std::string_view message, const Mailbox& from, ForwardAs how) {
    const Original original(index, message);
    Draft draft;
    draft.from = {from};
    draft.subject = forward_subject(original.text(FieldName::subject));
    if (how == ForwardAs::attachment) {
        draft.text = "";
        const std::string subject = original.text(FieldName::subject);
        const std::string name = safe_file_name(subject.empty() ? "message" : subject);
        draft.attachments.push_back({.name = name + ".eml", .type = "message/rfc822", .bytes = std::string(message)});
        return draft;
    }
    draft.text = cut(summary(original) + "\n" + readable_text(index, message), draft_text_max_bytes);
    draft.attachments = files_of(index, message);
    return draft;
}

}  // namespace packetboat::mime
