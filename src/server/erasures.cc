#include "server/erasures.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "server/services.h"

namespace packetboat::server {

namespace {

constexpr std::size_t list_page = 100;

using directory::Directory;
using mailbox::AccountState;

}  // namespace

Task<Result<>> erase_removed_account(Services& services, directory::AccountId id, std::stop_token stop) {
    Result<> erased = co_await services.mail().erase_account(directory::account_partition(id), std::move(stop));
    if (!erased) co_return erased;
    co_return co_await services.directory().finish_erasure(id);
}

Task<> finish_erasures(Services& services, std::stop_token stop) {
    directory::AccountId after{};
    for (;;) {
        const Result<std::vector<directory::AccountId>> page = co_await services.directory().erasures(after, list_page);
        if (!page) {
            log_error("account.erasures_unreadable", "", {{"why", page.error().text}});
            co_return;
        }
        for (const directory::AccountId id : *page) {
            const Result<> erased = co_await erase_removed_account(services, id, stop);
            if (stop.stop_requested()) co_return;
            const auto number = static_cast<std::uint64_t>(id);
            if (erased) {
                log_info("account.erased", "", {{"account", number}});
            } else {
                log_error("account.erase_failed", "", {{"account", number}, {"why", erased.error().text}});
            }
            after = id;
        }
        if (page->size() < list_page) co_return;
    }
}

// An account that is gone from the directory never comes back, and one that is erased neither; so of two looks that contradict each other
// the second one decides.
Task<Result<std::vector<store::Finding>>> verify_ownership(Services& services, const store::Partition& partition) {
    const auto finding = [&](std::string what) { return std::vector<store::Finding>{{escape_control(partition.name), std::move(what)}}; };
    const std::optional<directory::AccountId> id = directory::account_of(partition);
    if (!id) co_return finding("it is named like an account's records, but is no account's");
    const Result<Directory::Presence> presence = co_await services.directory().presence(*id);
    if (!presence) co_return fail(presence.error());
    const Result<AccountState> state = co_await services.mail().account_state(partition);
    if (!state) co_return fail(state.error());
    if (*presence == Directory::Presence::gone && *state != AccountState::erased)
        co_return finding("the account does not exist, but its records are here and nobody is going to erase them");
    if (*presence != Directory::Presence::here || *state == AccountState::open) co_return std::vector<store::Finding>{};
    const Result<Directory::Presence> now = co_await services.directory().presence(*id);
    if (!now) co_return fail(now.error());
    if (*now != Directory::Presence::here) co_return std::vector<store::Finding>{};
    co_return finding("the account exists, but its mail is erased");
}

}  // namespace packetboat::server
