#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "mailbox/keys.h"
#include "mailbox/state.h"

// Mailboxes themselves: listing, opening, making, changing.
namespace packetboat::mailbox {

namespace {

// A mailbox up to this size is read where we are: handing it to another thread costs more than reading it.
constexpr std::uint64_t rows_here_max = 256;

// One level of a mailbox's path: UTF-8 without control characters, and without the "/" that separates levels (RFC 8621 §2 lets a server
// refuse what its IMAP side cannot show).
Result<> check_name(std::string_view name, const Limits& limits) {
    if (name.empty()) return fail(ErrorCode::invalid, "a mailbox needs a name");
    if (name.size() > std::min<std::uint64_t>(limits.mailbox_name_max_bytes, store::key_max_bytes - 8)) {
        return fail(ErrorCode::too_large, "the mailbox's name is too long");
    }
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (!is_utf8(name) || std::ranges::any_of(name, is_control) || name.contains('/')) {
        return fail(ErrorCode::invalid, "a mailbox's name is UTF-8 without control characters and \"/\"");
    }
    return {};
}

// RFC 9051 §5.1: INBOX in any case is the inbox.
std::string_view key_name(std::optional<MailboxId> parent, std::string_view name) {
    return !parent && iequals(name, "inbox") ? std::string_view("Inbox") : name;
}

Result<> check_free(const Edit& edit, std::optional<MailboxId> parent, std::string_view name, Role role) {
    if (edit.reader().contains(key::name(parent.value_or(MailboxId{}), key_name(parent, name)))) {
        return fail(ErrorCode::exists, "a mailbox of this name is there already");
    }
    if (role != Role::none && edit.account().with_role(role) != MailboxId{}) {
        return fail(ErrorCode::exists, "a mailbox of this role is there already");
    }
    return {};
}

// How many levels lie above a mailbox with this parent. conflict: `not_below` is one of them.
Result<std::uint64_t> levels_above(Edit& edit, std::optional<MailboxId> parent, MailboxId not_below) {
    std::uint64_t levels = 0;
    while (parent) {
        if (*parent == not_below) return fail(ErrorCode::invalid, "a mailbox cannot lie below itself");
        const Result<const Mailbox*> above = edit.mailbox(*parent);
        if (!above) return fail(levels == 0 ? Error{ErrorCode::not_found, "no such parent mailbox"} : above.error());
        if (++levels > edit.account().mailboxes) return broken_record(key::mailbox(*parent));  // a cycle
        parent = (*above)->parent;
    }
    return levels;
}

// How many levels lie below the mailbox.
Result<std::uint64_t> levels_below(const Edit& edit, MailboxId top) {
    const Result<std::vector<Mailbox>> all = read_mailboxes(edit.reader(), edit.account());
    if (!all) return fail(all.error());
    std::multimap<MailboxId, MailboxId> children;
    for (const Mailbox& mailbox : *all) {
        if (mailbox.parent) children.emplace(*mailbox.parent, mailbox.id);
    }
    std::uint64_t levels = 0;
    std::vector<MailboxId> level = {top};
    while (true) {
        std::vector<MailboxId> next;
        for (const MailboxId id : level) {
            const auto [first, last] = children.equal_range(id);
            for (auto at = first; at != last; ++at) next.push_back(at->second);
        }
        if (next.empty()) return levels;
        if (++levels > all->size()) return broken_record(key::mailbox(top));
        level = std::move(next);
    }
}

Result<std::string> create(Edit& edit, const Limits& limits, const Mailbox& wanted, Time now) {
    if (edit.account().mailboxes >= limits.mailboxes_max) return fail(ErrorCode::too_many, "the account holds too many mailboxes");
    const Result<std::uint64_t> above = levels_above(edit, wanted.parent, MailboxId{});
    if (!above) return fail(above.error());
    if (*above + 1 > limits.mailbox_depth_max) return fail(ErrorCode::too_many, "mailboxes are nested too deep");
    if (Result<> free = check_free(edit, wanted.parent, wanted.name, wanted.role); !free) return fail(std::move(free).error());
    const Result<MailboxId> id = edit.add_mailbox(wanted.name, wanted.parent, wanted.role, now);
    if (!id) return fail(id.error());
    return encode_name(*id);
}

Mailbox changed(Mailbox mailbox, const Mail::MailboxUpdate& update) {
    if (update.name) mailbox.name = *update.name;
    if (update.parent) mailbox.parent = *update.parent;
    if (update.role) mailbox.role = *update.role;
    if (update.subscribed) mailbox.subscribed = *update.subscribed;
    if (update.sort_order) mailbox.sort_order = *update.sort_order;
    return mailbox;
}

Result<std::string> change(Edit& edit, const Limits& limits, MailboxId id, const Mail::MailboxUpdate& update) {
    const Result<const Mailbox*> found = edit.mailbox(id);
    if (!found) return fail(found.error());
    const Mailbox before = **found;
    const Mailbox after = changed(before, update);
    const bool moved = after.parent != before.parent;
    const bool renamed = moved || after.name != before.name;
    if (before.role == Role::inbox && (renamed || after.role != Role::inbox)) {
        return fail(ErrorCode::invalid, "the inbox keeps its name, place and role");
    }
    if (moved) {
        const Result<std::uint64_t> above = levels_above(edit, after.parent, id);
        if (!above) return fail(above.error());
        const Result<std::uint64_t> below = levels_below(edit, id);
        if (!below) return fail(below.error());
        if (*above + 1 + *below > limits.mailbox_depth_max) return fail(ErrorCode::too_many, "mailboxes would be nested too deep");
    }
    const Role new_role = after.role == before.role ? Role::none : after.role;
    if (renamed) {
        if (Result<> free = check_free(edit, after.parent, after.name, new_role); !free) return fail(std::move(free).error());
    } else if (new_role != Role::none && edit.account().with_role(new_role) != MailboxId{}) {
        return fail(ErrorCode::exists, "a mailbox of this role is there already");
    }
    if (Result<> replaced = edit.replace_mailbox(after); !replaced) return fail(std::move(replaced).error());
    return std::string();
}

Result<Row> read_row(const store::Reader& reader, std::string_view key, std::string_view value, RowDetail detail) {
    const std::optional<Placement> placement = key::placement_of(key);
    const std::optional<PlacementRecord> record = placement ? decode_placement(value) : std::nullopt;
    if (!record) return broken_record(key);
    Row row{.uid = placement->uid, .email = record->email, .size_bytes = record->size_bytes, .modseq = record->modseq};
    if (detail == RowDetail::bare) return row;
    if ((record->keywords & other_keywords) == 0) {
        row.keywords = keywords_of(record->keywords);
        return row;
    }
    Result<Email> email = read_email(reader, record->email);
    if (!email) return broken_record(key);
    row.keywords = std::move(email->keywords);
    return row;
}

Result<std::vector<Row>> read_rows(const store::Reader& reader, const Mailbox& mailbox, RowDetail detail) {
    std::vector<Row> rows;
    rows.reserve(std::min<std::uint64_t>(mailbox.emails, 1 << 20));
    std::optional<Error> broken;
    const std::string prefix = key::placements_in(mailbox.id);
    reader.scan(prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view value) {
        Result<Row> row = read_row(reader, key, value, detail);
        if (!row) {
            broken = row.error();
            return false;
        }
        rows.push_back(std::move(*row));
        return true;
    });
    if (broken) return fail(std::move(*broken));
    return rows;
}

}  // namespace

Task<Result<std::vector<Mailbox>>> Mail::mailboxes(store::Partition account) {
    co_return co_await state_->read(std::move(account), store::Weight::few, &read_mailboxes);
}

Task<Result<Mailbox>> Mail::mailbox(store::Partition account, std::variant<Role, MailboxId> which) {
    co_return co_await state_->read(std::move(account), store::Weight::few,
                                    [&](const store::Reader& reader, const AccountRecord& record) -> Result<Mailbox> {
                                        const Result<MailboxId> id = mailbox_id(record, which);
                                        if (!id) return fail(id.error());
                                        return read_mailbox(reader, record, *id);
                                    });
}

Task<Result<std::vector<Row>>> Mail::rows(store::Partition account, MailboxId id, RowDetail detail) {
    bool too_many = false;
    const auto read = [&](store::Weight weight) {
        return state_->read(account, weight, [&, weight](const store::Reader& reader, const AccountRecord& record) {
            const Result<Mailbox> mailbox = read_mailbox(reader, record, id);
            if (!mailbox) return Result<std::vector<Row>>(fail(mailbox.error()));
            too_many = weight == store::Weight::few && mailbox->emails > rows_here_max;
            return too_many ? Result<std::vector<Row>>(std::vector<Row>{}) : read_rows(reader, *mailbox, detail);
        });
    };
    Result<std::vector<Row>> rows = co_await read(store::Weight::few);
    if (too_many) rows = co_await read(store::Weight::many);
    co_return rows;
}

Task<Result<MailboxId>> Mail::create_mailbox(store::Partition account, std::string name, std::optional<MailboxId> parent, Role role) {
    if (Result<> good = check_name(name, state_->limits); !good) co_return fail(std::move(good).error());
    Mailbox wanted;
    wanted.name = std::move(name);
    wanted.parent = parent;
    wanted.role = role;
    const Time now = Time::now();
    const Result<store::Committed> done =
        co_await state_->commit(std::move(account), std::nullopt, [&](Edit& edit) { return create(edit, state_->limits, wanted, now); });
    if (!done) co_return fail(done.error());
    co_return *decode_name(done->result);
}

Task<Result<>> Mail::update_mailbox(store::Partition account, MailboxId id, MailboxUpdate update) {
    if (update.name) {
        if (Result<> good = check_name(*update.name, state_->limits); !good) co_return good;
    }
    const Result<store::Committed> done =
        co_await state_->commit(std::move(account), std::nullopt, [&](Edit& edit) { return change(edit, state_->limits, id, update); });
    if (!done) co_return fail(done.error());
    co_return Result<>();
}

}  // namespace packetboat::mailbox
