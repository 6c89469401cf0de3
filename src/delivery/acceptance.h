#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/delivery.h"
#include "delivery/queue.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"

namespace packetboat::delivery {

// One message on its way to all its recipients: Delivery::accept() in steps.
//
// What goes elsewhere is queued first: when the queue refuses, nobody has got anything yet, and the sender's next attempt makes no
// duplicates. Then all accounts are written together. A crash in between leaves a part that the sender was never told of, and will
// send again; nothing can be done about that (RFC 1047).
class Acceptance {
public:
    // All of them outlive the acceptance.
    Acceptance(mailbox::Mail& mail, Queue& queue, const Envelope& envelope, bool each_alone);

    Task<std::vector<Outcome>> run(mailbox::Content content, std::uint64_t skip_bytes);

private:
    enum class Stage : std::uint8_t { untried, failed, delivered, queued };
    // A place that the message goes to, once, and the recipients that lead there.
    struct Stop {
        std::optional<directory::Local> account;  // else elsewhere
        std::string address;
        std::vector<std::size_t> recipients;
        Stage stage = Stage::untried;
        Error error;
    };

    void plan();
    void add_account(const directory::Local& account, std::size_t recipient);
    void add_elsewhere(const directory::Address& address, std::size_t recipient);
    void lead_to(std::size_t stop, std::size_t recipient);

    Task<std::vector<Outcome>> hold(const mailbox::Content& content);
    Task<> queue_elsewhere(const mailbox::Content& content);
    Task<> deliver(const mailbox::Content& content);
    Task<> queue_rest(const mailbox::Content& content);
    Task<> queue_reports(const std::vector<Outcome>& outcomes, const mailbox::Content& content);
    Task<Result<>> queue(std::vector<Stop*> stops, const mailbox::Content& content);
    Task<Result<>> add(std::vector<QueuedRecipient> recipients, const mailbox::Content& content);

    void bar(const Stop& stop);
    bool barred(const Stop& stop) const;
    std::vector<bool> answers_succeeded_in_part() const;
    std::size_t answer_of(std::size_t recipient) const { return each_alone_ ? recipient : 0; }
    std::vector<QueuedRecipient> queued_recipients(const Stop& stop) const;
    QueuedRecipient queued_recipient(const Stop& stop, std::size_t recipient) const;
    std::vector<QueuedRecipient> reports(const std::vector<Outcome>& outcomes) const;
    std::vector<Outcome> outcomes() const;

    mailbox::Mail& mail_;
    Queue& queue_;
    const Envelope& envelope_;
    const bool each_alone_;
    const Time now_ = Time::now();
    const bool held_;
    std::uint64_t skip_bytes_ = 0;
    std::vector<Stop> stops_;
    std::unordered_map<std::uint64_t, std::size_t> account_stops_;  // where in stops_ an account stands, while planning
    std::unordered_map<std::string, std::size_t> elsewhere_stops_;
    std::vector<std::optional<Error>> barred_;  // by answer: nothing of it is tried
};

}  // namespace packetboat::delivery
