#include "agent/mail_source.h"

#include <algorithm>

#include "agent/pop3_source.h"
#include "agent/terminal_text.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "net/reactor.h"
#include "net/run_on.h"

namespace packetboat::agent {

std::optional<Via> via(std::string_view text) {
    if (text == "pop3") return Via::pop3;
    if (text == "imap") return Via::imap;
    return std::nullopt;
}

Result<MailItem> find_item(const std::vector<MailItem>& items, std::string_view id) {
    constexpr std::string_view prefix = "uid:";
    const bool uid_only = id.starts_with(prefix);
    if (uid_only) id.remove_prefix(prefix.size());
    if (const auto number = parse_u64(id); number && !uid_only) {
        const auto found = std::ranges::find(items, *number, &MailItem::number);
        if (found != items.end()) return *found;
    }
    const auto found = std::ranges::find(items, id, &MailItem::uid);
    if (found == items.end() || id.empty())
        return fail(ErrorCode::not_found,
                    "there is no message " + printable(id) + " (the mailbox has " + std::to_string(items.size()) + ")");
    return *found;
}

Result<> with_mailbox(Via via, const Server& server, std::chrono::milliseconds timeout, MailWork work) {
    if (via == Via::imap) return fail(ErrorCode::invalid, "mail is read over POP3 only, for now: --via pop3");
    WorkerPool pool({.threads = 1, .queue_max = 16, .name = "agent"});
    net::Reactor reactor(0);
    reactor.start();
    Result<> done = net::run_on(reactor, with_pop3(reactor, pool, server, timeout, work));
    reactor.stop();
    reactor.join();
    return done;
}

}  // namespace packetboat::agent
