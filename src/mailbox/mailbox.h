#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/task.h"
#include "base/time.h"
#include "store/store.h"

// Accounts' mail, after JMAP's model (RFC 8621), of which IMAP is a view: an account has mailboxes; an email is an immutable body
// with keywords, shown in mailboxes under a UID. Knows no protocol and no password.
namespace packetboat::mailbox {

enum class MailboxId : std::uint32_t {};  // never reused within an account; also IMAP's UIDVALIDITY source
enum class EmailId : std::uint64_t {};    // never reused within an account

// RFC 8621 §2, RFC 6154.
enum class Role : std::uint8_t { none, inbox, archive, drafts, flagged, important, junk, sent, trash, all };
std::string_view to_string(Role role);

struct Limits {
    std::uint64_t mailboxes_max = 10'000;        // per account
    std::uint64_t mailbox_name_max_bytes = 255;  // of one level
    std::uint64_t mailbox_depth_max = 20;
    std::uint64_t keywords_max = 64;  // per email
    std::uint64_t keyword_max_bytes = 128;
    std::uint64_t mailboxes_per_email_max = 64;
    std::uint64_t emails_per_mailbox_max = 10'000'000;
    std::uint64_t inline_body_max_bytes = 64 * 1024;  // larger bodies are blobs; never more than store::value_max_bytes holds
    std::uint64_t change_log_entries_max = 100'000;   // per account; older ones go, and clients that far behind start over
    std::uint64_t updates_max = 10'000;               // emails in one update()
    std::uint64_t watchers_per_account_max = 1'000;
};

struct Mailbox {
    MailboxId id{};
    std::string name;  // UTF-8, one level
    std::optional<MailboxId> parent;
    Role role = Role::none;
    std::uint32_t uidvalidity = 0;
    std::uint32_t uidnext = 1;
    std::uint64_t highest_modseq = 0;
    std::uint64_t emails = 0;
    std::uint64_t unseen = 0;  // without \Seen
    std::uint64_t bytes = 0;
    bool subscribed = true;
    std::uint32_t sort_order = 0;
};

// Keywords as JMAP writes them: "$seen", "$flagged", "$draft", "$answered", "$forwarded", or a client's own, in lower case.
using Keywords = std::vector<std::string>;  // sorted, each once

// Where an email is shown.
struct Placement {
    MailboxId mailbox{};
    std::uint32_t uid = 0;
};

struct Email {
    EmailId id{};
    Id128 guid;  // of the body: the first half of its SHA-256, so equal bodies have equal ones
    std::uint64_t size_bytes = 0;
    Time received;
    Keywords keywords;
    std::vector<Placement> placements;
    std::uint64_t modseq = 0;
    std::optional<store::BlobRef> blob;  // none: the body rides in the store
};

// A message's bytes on their way in: in memory, or spooled to a blob already. Shared because one message goes to many accounts.
struct Content {
    std::shared_ptr<const std::string> bytes;  // null when it is a blob
    std::optional<store::BlobRef> blob;
    std::uint64_t size_bytes = 0;
    std::optional<Id128> guid;  // of the bytes, where somebody has computed it: see Mail::settle()
};

struct NewEmail {
    Content content;
    Time received;
    Keywords keywords;
    std::variant<Role, MailboxId> where = Role::inbox;
    std::uint64_t quota_bytes = 0;  // of the account; 0: unlimited. Checked in the transaction.
};

struct Added {
    EmailId id{};
    MailboxId mailbox{};
    std::uint32_t uid = 0;
    std::uint32_t uidvalidity = 0;
    std::uint64_t modseq = 0;
    bool replayed = false;
};

struct Usage {
    std::uint64_t bytes = 0;
    std::uint64_t emails = 0;
};

// An account is removed for good. Of one that is not open nothing is written any more, and nothing is read but bodies of emails that are
// left.
enum class AccountState : std::uint8_t { open, removed, erased };

// One line of the change log: what one commit did to one thing. JMAP /changes, CONDSTORE, QRESYNC, IDLE and push answer from it.
// An email that comes is email_added and placed; one that goes is displaced and email_removed; keywords or placements of one that stays
// are email_changed beside the (dis)placed. A mailbox's counts change with the lines of its emails; mailbox_changed is for its properties.
struct Change {
    enum class Kind : std::uint8_t {
        email_added,
        email_changed,
        email_removed,
        placed,
        displaced,
        mailbox_added,
        mailbox_changed,
        mailbox_removed
    };
    Kind kind{};
    std::uint64_t modseq = 0;
    EmailId email{};        // email_* and (dis)placed
    MailboxId mailbox{};    // mailbox_* and (dis)placed
    std::uint32_t uid = 0;  // (dis)placed
};

// Told after a commit that changed the account is on disk, on the thread that committed; a hint to look at changes(). May be told twice,
// and out of order. Short, and does not throw.
using Watcher = std::function<void(std::uint64_t modseq)>;

// One row of an opened mailbox, in UID order.
struct Row {
    std::uint32_t uid = 0;
    EmailId email{};
    std::uint64_t size_bytes = 0;
    std::uint64_t modseq = 0;
    Keywords keywords;  // with RowDetail::keywords
};
enum class RowDetail : std::uint8_t { bare, keywords };

// Reads a body in order with constant memory.
class Body {
public:
    virtual ~Body() = default;
    virtual std::uint64_t size_bytes() const = 0;
    // The next bytes, at most 64 KiB; empty at the end. A body that rides in the store and fits comes in one piece.
    virtual Task<Result<std::string>> next() = 0;
};

// All accounts' mail. Methods may be called from any executor. Every change is on disk when it returns. An account's first mailboxes
// (Inbox, Drafts, Sent, Junk, Trash, Archive) come to be with its first change; until then a reader sees them as they will be.
// Errors everywhere: not_found (also for an account that was removed), invalid, exists, conflict, over_quota, too_large (one thing over a
// limit), too_many (a count over a limit), unavailable, internal (a broken record; logged).
class Mail {
public:
    // `store` outlives the mail, the mail its subscriptions and bodies.
    Mail(store::Store& store, Limits limits);
    ~Mail();

    // ---- emails
    // Makes content ready to be added: what is too large to ride in the store becomes a blob, and the guid is computed. add() does it by
    // itself; for many recipients do it once before. Done already, it costs nothing.
    Task<Result<Content>> settle(Content content);
    // With a commit id a retry answers what the first call did, replayed, and changes nothing.
    Task<Result<Added>> add(store::Partition account, std::optional<store::CommitId> commit, NewEmail email);
    Task<Result<Email>> email(store::Partition account, EmailId id);
    Task<Result<std::unique_ptr<Body>>> body(store::Partition account, EmailId id);

    // Every change to keywords and placements in one commit; what an email loses last, its last mailbox, removes it.
    struct EmailUpdate {
        EmailId id{};
        Keywords add_keywords;
        Keywords remove_keywords;
        std::optional<Keywords> set_keywords;
        std::vector<MailboxId> add_to;
        std::vector<MailboxId> remove_from;
        std::optional<std::uint64_t> if_modseq_at_most;  // UNCHANGEDSINCE; else the update is answered conflict
    };
    struct UpdateOutcome {
        EmailId id{};
        Result<> result;
        std::vector<Placement> placed;  // new placements with their UIDs
    };
    struct Updated {
        std::uint64_t modseq = 0;
        std::vector<UpdateOutcome> outcomes;
    };
    // The outcomes are in the order of the updates; those that fail do nothing, the others are one commit. too_many: more than
    // Limits::updates_max, or more than one commit holds; nothing is done then, and the caller asks for fewer at a time.
    Task<Result<Updated>> update(store::Partition account, std::vector<EmailUpdate> updates);

    // ---- mailboxes
    Task<Result<std::vector<Mailbox>>> mailboxes(store::Partition account);
    Task<Result<Mailbox>> mailbox(store::Partition account, std::variant<Role, MailboxId> which);
    Task<Result<MailboxId>> create_mailbox(store::Partition account, std::string name, std::optional<MailboxId> parent, Role role);
    struct MailboxUpdate {
        std::optional<std::string> name;
        std::optional<std::optional<MailboxId>> parent;
        std::optional<Role> role;
        std::optional<bool> subscribed;
        std::optional<std::uint32_t> sort_order;
    };
    Task<Result<>> update_mailbox(store::Partition account, MailboxId id, MailboxUpdate update);
    // With its emails' placements, some hundred in a commit and the mailbox last: stopped between, it is there with fewer emails.
    // conflict while it has children. The inbox stays.
    Task<Result<>> remove_mailbox(store::Partition account, MailboxId id);
    // All rows without reading a body.
    Task<Result<std::vector<Row>>> rows(store::Partition account, MailboxId id, RowDetail detail = RowDetail::bare);

    // ---- the account
    Task<Result<Usage>> usage(store::Partition account);
    // Whether `more_bytes` fit, as far as can be known before the transaction.
    Task<Result<bool>> has_room(store::Partition account, std::uint64_t quota_bytes, std::uint64_t more_bytes);
    // Removes the account for good and erases everything, in many commits; a few bytes stay that say so. Its name must never be used for
    // another account. The first commit is the mark: whatever else is committed is either before it, and erased, or fails with not_found.
    // May be called again after an error or a crash, for an account that never had mail, and by several at a time. `stop` is looked at
    // between commits: unavailable.
    Task<Result<>> erase_account(store::Partition account, std::stop_token stop = {});
    Task<Result<AccountState>> account_state(store::Partition account);

    // ---- change
    struct Changes {
        std::uint64_t modseq = 0;  // as far as these go
        bool complete = true;      // false: there are more after `modseq`
        std::vector<Change> changes;
    };
    // What came after `since`, oldest first, in whole commits: at least one, then as many as fit in `limit` changes.
    // conflict: the log does not reach back that far, or has not come that far.
    Task<Result<Changes>> changes(store::Partition account, std::uint64_t since, std::size_t limit);
    Task<Result<std::uint64_t>> modseq(store::Partition account);

    // Ends with its destructor, after which the watcher is not called and is not being called on another thread; so a watcher must not
    // wait for whoever may be ending the subscription. It may end its own.
    class Subscription {
    public:
        Subscription(Subscription&&) noexcept;
        Subscription& operator=(Subscription&&) noexcept;
        ~Subscription();

    private:
        friend class Mail;
        Subscription(Mail* mail, std::string account, std::uint64_t number);
        Mail* mail_ = nullptr;
        std::string account_;
        std::uint64_t number_ = 0;
    };
    // too_many: over Limits::watchers_per_account_max.
    Result<Subscription> watch(store::Partition account, Watcher watcher);

    // Proves that counts, indexes, placements, bodies and references of one account agree, reading every body's record.
    Task<Result<std::vector<store::Finding>>> verify(store::Partition account);

    const Limits& limits() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::mailbox
