#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mailbox/mailbox.h"
#include "store/store.h"

// What verify() finds. Each part looks at one snapshot, so a running server may be verified.
namespace packetboat::mailbox {

// Collects findings up to a limit, after which one says that there are more.
class Findings {
public:
    explicit Findings(const store::Partition& account);
    void add(std::string what);
    void add_all(std::vector<store::Finding> findings);
    std::vector<store::Finding> take() { return std::move(found_); }

private:
    std::string partition_;
    std::vector<store::Finding> found_;
};

// Everything but the bodies: counters, mailboxes, names, emails, placements, the change log.
void audit_records(const store::Reader& reader, Findings& findings);

// Some of the emails' bodies, from one email on.
struct BodyAudit {
    std::vector<Email> with_blobs;  // whose blobs are to be looked for, outside the snapshot
    EmailId next{};                 // to go on from
    bool done = false;
};
BodyAudit audit_bodies(const store::Reader& reader, EmailId from, Findings& findings);

}  // namespace packetboat::mailbox
