#include "delivery/queue_verify.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "delivery/queue_read.h"
#include "delivery/queue_record.h"

namespace packetboat::delivery {
namespace {

constexpr std::size_t records_at_once = 256;
constexpr std::size_t findings_max = 1000;

// Some records of one snapshot, looked at against the others of the same snapshot.
struct Page {
    std::vector<store::Finding> findings;
    std::string next;  // where the next page begins; empty: this was the last
};

class Check {
public:
    explicit Check(const store::Reader& reader) : reader_(reader) {}

    Result<Page> page(std::string_view from) {
        std::vector<std::pair<std::string, std::string>> records;
        reader_.scan(from, std::string_view("\xff"), [&](std::string_view key, std::string_view record) {
            // A content is looked at with its entry; its bytes need not be kept for that.
            records.emplace_back(key, key.starts_with('c') ? std::string_view() : record);
            return records.size() < records_at_once;
        });
        for (const auto& [key, record] : records) look_at(key, record);
        if (records.size() == records_at_once) page_.next = records.back().first + '\0';
        return std::move(page_);
    }

private:
    void found(const Id128& id, std::string_view what) {
        page_.findings.push_back({"q", "queue entry " + id.text() + ": " + std::string(what)});
    }

    void look_at(std::string_view key, std::string_view record) {
        if (key == count_key) return look_at_count();
        const std::optional<Id128> id = key_owner(key);
        if (!id) {
            page_.findings.push_back({"q", "a key that is none of ours: " + escape_control(key)});
            return;
        }
        if (key.starts_with('e')) return look_at_entry(key, record, *id);
        const Result<QueueEnvelope> owner = find_entry(reader_, *id);
        if (owner) return look_at_part(key, owner->entry);
        // An entry that is broken is told of once, where it stands itself.
        if (owner.error().code == ErrorCode::not_found || key.starts_with('i')) found(*id, lonely(key.front()));
    }

    static std::string_view lonely(char kind) {
        switch (kind) {
            case 'i': return "the index leads to no entry that can be read";
            case 'c': return "a content without its entry";
            case 'l': return "a dialogue without its entry";
            case 'd': return "a due time without its entry";
            default: return "a recipient without its entry";
        }
    }

    void look_at_entry(std::string_view key, std::string_view record, const Id128& id) {
        const Result<QueueEnvelope> loaded = load_entry(reader_, key, record);
        if (!loaded) return found(id, loaded.error().text);
        const Result<std::string> indexed = find_entry_key(reader_, id);
        if (!indexed || *indexed != key) found(id, "the index does not lead to it");

        const QueueEntry& entry = loaded->entry;
        if (entry.recipients.empty()) found(id, "it has no recipient");
        for (const QueuedRecipient& recipient : entry.recipients) {
            if (recipient.number == 0 || recipient.number >= loaded->next_number) found(id, "a recipient's number was never given");
        }
        for (const auto& [due, what] : due_records(entry)) {
            if (reader_.get(due) != what) found(id, "a due time is missing");
        }
        look_at_content(entry);
    }

    void look_at_content(const QueueEntry& entry) {
        if (entry.blob) {
            if (entry.blob->size_bytes != entry.size_bytes) found(entry.id, "its size is not its content's");
            return;
        }
        const std::optional<std::string> bytes = reader_.get(content_key(entry.id));
        if (!bytes) return found(entry.id, "its content is missing");
        if (bytes->size() != entry.size_bytes) found(entry.id, "its size is not its content's");
    }

    void look_at_part(std::string_view key, const QueueEntry& owner) {
        if (key.starts_with('c') && owner.blob) found(owner.id, "a content beside its blob");
        if (!key.starts_with('d')) return;
        if (!due_records(owner).contains(std::string(key))) found(owner.id, "a due time that is not its own");
    }

    void look_at_count() {
        std::uint64_t entries = 0;
        reader_.scan("e", store::prefix_end("e"), [&](std::string_view, std::string_view) { return ++entries > 0; });
        const Result<std::uint64_t> count = read_count(reader_);
        if (!count) {
            page_.findings.push_back({"q", count.error().text});
        } else if (*count != entries) {
            page_.findings.push_back(
                {"q", "the queue's count is " + std::to_string(*count) + ", its entries are " + std::to_string(entries)});
        }
    }

    const store::Reader& reader_;
    Page page_;
};

// Entries without a count: the count's own record is missing, so no page came by it.
Result<bool> count_is_missing(const store::Reader& reader) {
    bool any = false;
    reader.scan("e", store::prefix_end("e"), [&](std::string_view, std::string_view) {
        any = true;
        return false;
    });
    return any && !reader.contains(count_key);
}

}  // namespace

Task<Result<std::vector<store::Finding>>> verify_queue(store::Store& store) {
    std::vector<store::Finding> findings;
    const Result<bool> uncounted = co_await store.read(queue_partition(), store::Weight::few, count_is_missing);
    if (!uncounted) co_return fail(uncounted.error());
    if (*uncounted) findings.push_back({"q", "the queue's count is missing"});

    std::string from;
    do {
        Result<Page> page = co_await store.read(queue_partition(), store::Weight::many,
                                                [&](const store::Reader& reader) { return Check(reader).page(from); });
        if (!page) co_return fail(std::move(page).error());
        std::ranges::move(page->findings, std::back_inserter(findings));
        from = std::move(page->next);
    } while (!from.empty() && findings.size() < findings_max);
    co_return findings;
}

}  // namespace packetboat::delivery
