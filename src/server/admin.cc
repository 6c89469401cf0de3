#include "server/admin.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "server/admin_commands.h"

namespace packetboat::server {

namespace {

using namespace admin;

// One row per command; `packetboat NOUN VERB …` asks for "noun.verb".
struct Row {
    std::string_view name;
    Handler handler;
};
constexpr std::array<Row, 28> rows{{
    {"account.add", account_add},
    {"account.import", account_import},
    {"account.list", account_list},
    {"account.show", account_show},
    {"account.rm", account_rm},
    {"account.passwd", account_passwd},
    {"account.quota", account_quota},
    {"account.enable", account_enable},
    {"account.disable", account_disable},
    {"domain.add", domain_add},
    {"domain.list", domain_list},
    {"domain.rm", domain_rm},
    {"domain.catch-all", domain_catch_all},
    {"alias.add", alias_add},
    {"alias.list", alias_list},
    {"alias.rm", alias_rm},
    {"queue.list", queue_list},
    {"queue.show", queue_show},
    {"queue.drop", queue_drop},
    {"queue.retry", queue_retry},
    {"queue.hold", queue_hold},
    {"queue.release", queue_release},
    {"queue.route", queue_route},
    {"store.verify", store_verify},
    {"store.stats", store_stats},
    {"store.sweep", store_sweep},
    {"mailbox.list", mailbox_list},
    {"status", status},
}};

}  // namespace

// Everything else lies in a domain.
bool makes_store(std::string_view command) { return command == "domain.add"; }

Admin::Admin(Services& services, std::string hostname, Status status, delivery::Outbound* outbound)
    : services_(services), hostname_(std::move(hostname)), status_(std::move(status)), outbound_(outbound) {}

Task<AdminResponse> Admin::execute(AdminRequest request, std::stop_token stopping) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) { return candidate.name == request.command; });
    if (row == rows.end()) co_return AdminResponse{.exit = Exit::usage, .error = "no such command: " + request.command, .result = {}};
    Context context{services_, request, hostname_, status_, stopping, outbound_, Exit::done};
    Result<std::string> result = co_await row->handler(context);
    if (!result) {
        log_info("control.refused", "", {{"command", request.command}, {"reason", result.error().text}});
        co_return AdminResponse{.exit = exit_status(result.error().code), .error = std::move(result.error().text), .result = {}};
    }
    log_info("control.done", "", {{"command", request.command}});
    co_return AdminResponse{.exit = context.exit, .error = {}, .result = std::move(*result)};
}

}  // namespace packetboat::server
