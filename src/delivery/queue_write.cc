#include "delivery/queue_write.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "delivery/queue_read.h"

namespace packetboat::delivery {
namespace {

constexpr std::size_t status_max_bytes = 16;

// Two wishes about one place (RFC 3461: NOTIFY, ORCPT) are two recipients.
bool same_destination(const QueuedRecipient& a, const QueuedRecipient& b) {
    if (a.local != b.local || a.notify != b.notify || a.orcpt != b.orcpt) return false;
    return a.local ? a.account == b.account : a.address == b.address;
}

// Not in the middle of a UTF-8 sequence, for it is shown to people.
void cut_text(std::string& text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return;
    while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xc0) == 0x80) --max_bytes;
    text.resize(max_bytes);
}

// Of what was said the end decides; it begins with a whole line.
void keep_end(std::string& text, std::size_t max_bytes) {
    constexpr std::string_view left_out = "(what was said before is left out)\n";
    if (text.size() <= max_bytes) return;
    std::size_t from = text.find('\n', text.size() - max_bytes + std::min(left_out.size(), max_bytes));
    from = from == std::string::npos ? text.size() - max_bytes : from + 1;
    text.replace(0, from, left_out);
}

// New recipients get the next numbers; a number that was never given is a mistake of the caller's.
Result<> number_recipients(QueueEnvelope& envelope) {
    std::set<std::uint32_t> seen;
    for (QueuedRecipient& recipient : envelope.entry.recipients) {
        if (recipient.number == 0) recipient.number = envelope.next_number++;
        if (recipient.number >= envelope.next_number || !seen.insert(recipient.number).second) {
            return fail(ErrorCode::invalid, "two recipients of a queued message have the same number, or one that was never given");
        }
    }
    return {};
}

void write_envelope(store::Transaction& transaction, const QueueEnvelope& before, const QueueEnvelope& after) {
    const std::string record = encode_envelope(after);
    if (encode_envelope(before) != record) transaction.put(entry_key(after.entry.arrived, after.entry.id), record);
}

void write_recipients(store::Transaction& transaction, const QueueEntry& before, const QueueEntry& after) {
    std::map<std::uint32_t, const QueuedRecipient*> gone;
    for (const QueuedRecipient& recipient : before.recipients) gone.emplace(recipient.number, &recipient);
    for (const QueuedRecipient& recipient : after.recipients) {
        const auto was = gone.find(recipient.number);
        const bool same = was != gone.end() && *was->second == recipient;
        if (!same) transaction.put(recipient_key(after.id, recipient.number), encode_recipient(recipient));
        if (was != gone.end()) gone.erase(was);
    }
    for (const auto& [number, recipient] : gone) transaction.erase(recipient_key(after.id, number));
}

void write_due(store::Transaction& transaction, const QueueEntry& before, const QueueEntry& after) {
    const std::map<std::string, std::string> was = due_records(before);
    const std::map<std::string, std::string> is = due_records(after);
    for (const auto& [key, record] : was) {
        if (!is.contains(key)) transaction.erase(key);
    }
    for (const auto& [key, record] : is) {
        const auto old = was.find(key);
        if (old == was.end() || old->second != record) transaction.put(key, record);
    }
}

void write_changes(store::Transaction& transaction, const QueueEnvelope& before, const QueueEnvelope& after) {
    write_envelope(transaction, before, after);
    write_recipients(transaction, before.entry, after.entry);
    write_due(transaction, before.entry, after.entry);
}

Result<> add_to_count(store::Transaction& transaction, std::int64_t difference) {
    const Result<std::uint64_t> count = read_count(transaction);
    if (!count) return fail(count.error());
    transaction.put(count_key, encode_number(*count + static_cast<std::uint64_t>(difference)));
    return {};
}

Result<> create_entry(store::Transaction& transaction, const QueueEntry& entry, const mailbox::Content& content,
                      const QueueLimits& limits) {
    const Result<std::uint64_t> count = read_count(transaction);
    if (!count) return fail(count.error());
    if (*count >= limits.entries_max) return fail(ErrorCode::too_many, "the queue is full");

    QueueEnvelope envelope{entry};
    if (Result<> numbered = number_recipients(envelope); !numbered) return numbered;
    transaction.put(entry_key(entry.arrived, entry.id), encode_envelope(envelope));
    transaction.put(id_key(entry.id), encode_number(static_cast<std::uint64_t>(entry.arrived.micros)));
    write_recipients(transaction, {}, envelope.entry);
    write_due(transaction, {}, envelope.entry);
    if (entry.blob) {
        transaction.refer(*entry.blob);
    } else {
        transaction.put(content_key(entry.id), *content.bytes);
    }
    return add_to_count(transaction, 1);
}

Result<> merge_entry(store::Transaction& transaction, const QueueEnvelope& before, const QueueEntry& more, const QueueLimits& limits) {
    QueueEnvelope after = before;
    std::vector<QueuedRecipient>& recipients = after.entry.recipients;
    for (const QueuedRecipient& recipient : more.recipients) {
        const bool there =
            std::ranges::any_of(before.entry.recipients, [&](const QueuedRecipient& other) { return same_destination(recipient, other); });
        if (!there) recipients.push_back(recipient);
    }
    if (Result<> checked = check_entry(after.entry, limits); !checked) return checked;
    if (Result<> numbered = number_recipients(after); !numbered) return numbered;
    write_changes(transaction, before, after);
    return {};
}

Result<> erase_entry(store::Transaction& transaction, const QueueEntry& entry) {
    transaction.erase(entry_key(entry.arrived, entry.id));
    transaction.erase(id_key(entry.id));
    write_recipients(transaction, entry, {.id = entry.id});
    write_due(transaction, entry, {.id = entry.id});
    if (transaction.contains(dialogue_key(entry.id))) transaction.erase(dialogue_key(entry.id));
    if (entry.blob) {
        transaction.release(*entry.blob);
    } else {
        transaction.erase(content_key(entry.id));
    }
    return add_to_count(transaction, -1);
}

}  // namespace

Result<> check_entry(QueueEntry& entry, const QueueLimits& limits) {
    if (entry.recipients.empty()) return fail(ErrorCode::invalid, "a queued message without a recipient");
    if (entry.recipients.size() > limits.recipients_max) return fail(ErrorCode::too_many, "too many recipients for one queued message");
    const auto too_long = [](const std::string& text) { return text.size() > queue_text_max_bytes; };
    bool fits = !too_long(entry.reverse_path) && !too_long(entry.envid) && !too_long(entry.ret);
    for (QueuedRecipient& recipient : entry.recipients) {
        cut_text(recipient.last_error, limits.error_max_bytes);
        cut_text(recipient.diagnostic, limits.error_max_bytes);
        cut_text(recipient.status, status_max_bytes);
        cut_text(recipient.remote, limits.error_max_bytes);
        fits = fits && !too_long(recipient.address) && !too_long(recipient.original) && !too_long(recipient.orcpt);
    }
    if (!fits) return fail(ErrorCode::invalid, "a path, ENVID or ORCPT of a queued message is too long");
    return {};
}

Result<> add_entry(store::Transaction& transaction, const QueueEntry& entry, const mailbox::Content& content, const QueueLimits& limits) {
    const Result<QueueEnvelope> there = find_entry(transaction, entry.id);
    if (there) return merge_entry(transaction, *there, entry, limits);
    if (there.error().code != ErrorCode::not_found) return fail(there.error());
    return create_entry(transaction, entry, content, limits);
}

Result<QueueEntry> change_entry(store::Transaction& transaction, const Id128& id, Queue::Change& change, const QueueLimits& limits) {
    const Result<QueueEnvelope> before = find_entry(transaction, id);
    if (!before) return fail(before.error());
    QueueEnvelope after = *before;
    if (Result<> changed = change(after.entry); !changed) return fail(std::move(changed).error());
    if (after.entry.recipients.empty()) {
        if (Result<> erased = erase_entry(transaction, before->entry); !erased) return fail(std::move(erased).error());
        return std::move(after.entry);
    }

    after.entry.id = before->entry.id;
    after.entry.arrived = before->entry.arrived;
    after.entry.held_until = before->entry.held_until;
    after.entry.size_bytes = before->entry.size_bytes;
    after.entry.skip_bytes = before->entry.skip_bytes;
    after.entry.blob = before->entry.blob;
    if (Result<> checked = check_entry(after.entry, limits); !checked) return fail(std::move(checked).error());
    if (Result<> numbered = number_recipients(after); !numbered) return fail(std::move(numbered).error());
    write_changes(transaction, *before, after);
    return std::move(after.entry);
}

void write_dialogue(store::Transaction& transaction, const Id128& id, QueueDialogue dialogue, const QueueLimits& limits) {
    keep_end(dialogue.text, limits.dialogue_max_bytes);
    const std::string key = dialogue_key(id);
    std::vector<QueueDialogue> all = decode_dialogues(transaction.get(key).value_or(std::string()));
    std::erase_if(all, [&](const QueueDialogue& one) { return one.domain == dialogue.domain; });
    if (!dialogue.text.empty()) all.push_back(std::move(dialogue));
    std::size_t bytes = 0;
    auto first = all.end();
    while (first != all.begin() && bytes + std::prev(first)->text.size() <= limits.dialogues_max_bytes) bytes += (--first)->text.size();
    all.erase(all.begin(), first);
    if (!all.empty()) return transaction.put(key, encode_dialogues(all));
    if (transaction.contains(key)) transaction.erase(key);
}

Result<> remove_entry(store::Transaction& transaction, const Id128& id) {
    const Result<QueueEnvelope> entry = find_entry(transaction, id);
    if (!entry) return fail(entry.error());
    return erase_entry(transaction, entry->entry);
}

}  // namespace packetboat::delivery
