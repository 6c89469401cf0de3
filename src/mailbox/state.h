#pragma once

#include <optional>
#include <string>
#include <utility>

#include "mailbox/edit.h"
#include "mailbox/mailbox.h"
#include "mailbox/view.h"
#include "mailbox/watchers.h"
#include "store/store.h"

namespace packetboat::mailbox {

struct Mail::State {
    store::Store& store;
    Limits limits;
    Watchers watchers;

    State(store::Store& records, Limits named) : store(records), limits(named), watchers(named.watchers_per_account_max) {}

    // Runs `work(Edit&)`, which answers the commit's result, in a transaction, and tells the watchers. It may run more than once.
    template <class Work>
    Task<Result<store::Committed>> commit(store::Partition account, std::optional<store::CommitId> id, Work work,
                                          decltype(&Edit::open) open = &Edit::open) {
        Result<store::Committed> done = co_await store.write(account, id, [&](store::Transaction& transaction) -> Result<std::string> {
            Result<Edit> edit = open(transaction, account, limits);
            if (!edit) return fail(std::move(edit).error());
            Result<std::string> result = work(*edit);
            if (!result) return result;
            if (Result<> closed = edit->close(); !closed) return fail(std::move(closed).error());
            return result;
        });
        if (done && !done->replayed) watchers.notify(account.name, done->version);
        co_return done;
    }

    // Runs `look(reader, account's record)` on a snapshot. not_found: the account was removed.
    template <class Look>
    auto read(store::Partition account, store::Weight weight, Look look)
        -> Task<std::invoke_result_t<Look&, const store::Reader&, const AccountRecord&>> {
        using Answer = std::invoke_result_t<Look&, const store::Reader&, const AccountRecord&>;
        co_return co_await store.read(account, weight, [&](const store::Reader& reader) -> Answer {
            const Result<AccountRecord> record = read_account(reader, account);
            if (!record) return fail(record.error());
            if (record->removed) return removed_account();
            return look(reader, *record);
        });
    }
};

}  // namespace packetboat::mailbox
