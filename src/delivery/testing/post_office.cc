#include "delivery/testing/post_office.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace packetboat::delivery {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

directory::Address parse(std::string_view text) { return must(directory::Address::parse(text)); }

Task<std::string> read_whole(std::unique_ptr<mailbox::Body> body) {
    std::string whole;
    for (;;) {
        const std::string piece = must(co_await body->next());
        if (piece.empty()) co_return whole;
        whole += piece;
    }
}

}  // namespace

PostOffice::PostOffice(Settings settings)
    : mail(store, settings.mail), queue(store, settings.queue), delivery(store, directory, mail, queue, settings.delivery) {
    must(run(directory.add_domain("example.test")));
}

directory::AccountId PostOffice::add_account(std::string name, std::uint64_t quota_bytes) {
    const directory::Address address = parse(name + "@example.test");
    const directory::AccountId id =
        must(run(directory.add_account({.address = address, .name = name, .quota_bytes = quota_bytes, .password = std::nullopt})));
    accounts_.push_back(id);
    return id;
}

void PostOffice::remove_account(std::string name) {
    const directory::AccountId id = must(run(directory.remove_account(parse(name + "@example.test"))));
    must(run(mail.erase_account(directory::account_partition(id))));
    must(run(directory.finish_erasure(id)));
}

void PostOffice::add_alias(std::string name, std::initializer_list<std::string_view> targets) {
    directory::Alias alias{.address = parse(name + "@example.test"), .targets = {}, .created = Time::now()};
    for (const std::string_view target : targets) alias.targets.push_back(parse(target));
    must(run(directory.add_alias(std::move(alias))));
}

Recipient PostOffice::recipient(std::string_view address) {
    Recipient recipient = must(run(delivery.check_recipient(parse(address), true, 0)));
    recipient.address = address;
    return recipient;
}

Envelope PostOffice::envelope(std::initializer_list<std::string_view> recipients) {
    Envelope envelope;
    envelope.id = Id128::random();
    envelope.session_id = "session";
    envelope.reverse_path = "sender@example.org";
    for (const std::string_view address : recipients) envelope.recipients.push_back(recipient(address));
    return envelope;
}

Incoming PostOffice::incoming(std::string_view bytes) {
    Incoming incoming = must(delivery.begin(return_path, received));
    must(run(incoming.append(bytes)));
    return incoming;
}

std::vector<Outcome> PostOffice::accept(Envelope envelope, std::string_view bytes, bool each_alone) {
    return run(delivery.accept(std::move(envelope), incoming(bytes), each_alone));
}

void PostOffice::fail_writes(std::vector<store::Partition> partitions, FailingStore::Fate fate) {
    store.fate_of_write = [partitions = std::move(partitions), fate](const store::Partition& partition) {
        return std::ranges::find(partitions, partition) == partitions.end() ? FailingStore::Fate::succeed : fate;
    };
}

void PostOffice::mend() { fail_writes({}); }

std::vector<std::string> PostOffice::inbox(directory::AccountId id) {
    const store::Partition partition = directory::account_partition(id);
    const mailbox::Mailbox inbox = must(run(mail.mailbox(partition, mailbox::Role::inbox)));
    std::vector<std::string> bodies;
    for (const mailbox::Row& row : must(run(mail.rows(partition, inbox.id)))) {
        bodies.push_back(run(read_whole(must(run(mail.body(partition, row.email))))));
    }
    return bodies;
}

std::vector<QueueEntry> PostOffice::queued() { return must(run(queue.list(std::nullopt, 1000))); }

std::vector<std::string> PostOffice::findings() {
    std::vector<store::Finding> all = must(run(queue.verify()));
    for (const directory::AccountId id : accounts_) {
        std::ranges::move(must(run(mail.verify(directory::account_partition(id)))), std::back_inserter(all));
    }
    std::ranges::move(must(run(store.verify())), std::back_inserter(all));
    std::vector<std::string> lines;
    for (const store::Finding& finding : all) lines.push_back(finding.partition + ": " + finding.what);
    return lines;
}

}  // namespace packetboat::delivery
