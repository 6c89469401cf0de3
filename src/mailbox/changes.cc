#include <utility>

#include "mailbox/keys.h"
#include "mailbox/state.h"

// Reading the change log.
namespace packetboat::mailbox {

namespace {

Result<Mail::Changes> read_changes(const store::Reader& reader, const AccountRecord& account, std::uint64_t since, std::size_t limit) {
    if (since > reader.version()) return fail(ErrorCode::conflict, "the account has not come that far");
    if (since < account.log_floor) return fail(ErrorCode::conflict, "the change log does not reach back that far");
    Mail::Changes out{.modseq = reader.version()};
    std::optional<std::string> broken;
    std::size_t whole = 0;  // changes of commits that we have seen to their end
    reader.scan(key::change(since + 1, 0), store::prefix_end(key::log), [&](std::string_view key, std::string_view value) {
        const std::optional<key::LogPart> at = key::change_of(key);
        const std::optional<std::vector<Change>> changes = at ? decode_changes(at->modseq, value) : std::nullopt;
        if (!changes) {
            broken = key;
            return false;
        }
        if (at->part == 0) whole = out.changes.size();
        out.changes.insert(out.changes.end(), changes->begin(), changes->end());
        if (out.changes.size() <= limit || whole == 0) return true;
        // Over the limit within a commit that is not the first: it is for the next time.
        out.changes.resize(whole);
        out.modseq = out.changes.back().modseq;
        out.complete = false;
        return false;
    });
    if (broken) return broken_record(*broken);
    return out;
}

}  // namespace

Task<Result<Mail::Changes>> Mail::changes(store::Partition account, std::uint64_t since, std::size_t limit) {
    constexpr std::size_t few = 100;
    co_return co_await state_->read(
        std::move(account), limit <= few ? store::Weight::few : store::Weight::many,
        [&](const store::Reader& reader, const AccountRecord& record) { return read_changes(reader, record, since, limit); });
}

}  // namespace packetboat::mailbox
