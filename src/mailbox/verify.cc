#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "mailbox/audit.h"
#include "mailbox/keys.h"
#include "mailbox/state.h"
#include "store/sha256.h"

namespace packetboat::mailbox {

namespace {

// Of one snapshot.
constexpr std::size_t batch_max_emails = 1000;
constexpr std::uint64_t batch_max_bytes = 8 << 20;

struct Batch {
    std::map<EmailId, Email> emails;
    bool last = true;
};

Batch emails_from(const store::Reader& reader, EmailId from) {
    Batch batch;
    std::uint64_t bytes = 0;
    reader.scan(key::email(from), store::prefix_end(key::emails), [&](std::string_view key, std::string_view value) {
        batch.last = batch.emails.size() < batch_max_emails && bytes < batch_max_bytes;
        if (!batch.last) return false;
        const std::optional<EmailId> id = key::email_of(key);
        std::optional<Email> email = id ? decode_email(*id, value) : std::nullopt;
        if (!email) return true;  // audit_records tells
        if (!email->blob) bytes += email->size_bytes;
        batch.emails.emplace(*id, std::move(*email));
        return true;
    });
    return batch;
}

std::string about(EmailId id, std::string_view what) { return fmt::format("email {}: {}", std::to_underlying(id), what); }

void check_body(const Email& email, std::string_view value, Findings& findings) {
    const std::optional<std::string_view> bytes = decode_body(value);
    if (!bytes || bytes->size() != email.size_bytes) return findings.add(about(email.id, "its body has not the recorded size"));
    if (store::blob_of(*bytes).digest().substr(0, 16) != email.guid.view()) {
        findings.add(about(email.id, "its body is not the one that came"));
    }
}

}  // namespace

BodyAudit audit_bodies(const store::Reader& reader, EmailId from, Findings& findings) {
    Batch batch = emails_from(reader, from);
    BodyAudit audit{.done = batch.last};
    if (!batch.emails.empty()) audit.next = EmailId{std::to_underlying(batch.emails.rbegin()->first) + 1};
    const std::string end = batch.last ? store::prefix_end(key::bodies) : key::body(audit.next);
    reader.scan(key::body(from), end, [&](std::string_view key, std::string_view value) {
        const std::optional<EmailId> id = key::email_of(key);
        const auto email = id ? batch.emails.find(*id) : batch.emails.end();
        if (email == batch.emails.end() || email->second.blob) {
            findings.add(fmt::format("body {} belongs to no email", hex(key)));
            return true;
        }
        check_body(email->second, value, findings);
        batch.emails.erase(email);
        return true;
    });
    for (auto& [id, email] : batch.emails) {
        if (email.blob) {
            audit.with_blobs.push_back(std::move(email));
        } else {
            findings.add(about(id, "its body is missing"));
        }
    }
    return audit;
}

Task<Result<std::vector<store::Finding>>> Mail::verify(store::Partition account) {
    Findings findings(account);
    // The engine may run a body twice: each run begins with a fresh list.
    Findings some(account);
    const auto records = [&](const store::Reader& reader) -> Result<bool> {
        some = Findings(account);
        audit_records(reader, some);
        return true;
    };
    const Result<bool> done = co_await state_->store.read(account, store::Weight::many, records);
    if (!done) co_return fail(done.error());
    findings.add_all(some.take());

    BodyAudit at;
    while (!at.done) {
        const auto bodies = [&](const store::Reader& reader) -> Result<BodyAudit> {
            some = Findings(account);
            return audit_bodies(reader, at.next, some);
        };
        Result<BodyAudit> next = co_await state_->store.read(account, store::Weight::many, bodies);
        if (!next) co_return fail(std::move(next).error());
        findings.add_all(some.take());
        at = std::move(*next);
        for (const Email& email : at.with_blobs) {
            const Result<std::unique_ptr<store::BlobReader>> blob = co_await state_->store.open_blob(*email.blob);
            if (!blob && blob.error().code != ErrorCode::not_found) co_return fail(blob.error());
            if (!blob) {
                findings.add(about(email.id, "its blob is missing"));
            } else if ((*blob)->size_bytes() != email.size_bytes || email.blob->digest().substr(0, 16) != email.guid.view()) {
                findings.add(about(email.id, "its blob has not the recorded size or name"));
            }
        }
    }
    co_return findings.take();
}

}  // namespace packetboat::mailbox
