#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/task.h"
#include "server/admin.h"

// The handlers behind Admin::execute; one file per noun.
namespace packetboat::server::admin {

// What a handler works with. Lives until it has answered.
struct Context {
    Services& services;
    const AdminRequest& request;
    const std::string& hostname;
    const Admin::Status& status;
    const std::stop_token& stopping;
    delivery::Outbound* outbound = nullptr;  // of a running server
    Exit exit = Exit::done;                  // for commands that succeed with something to report

    std::optional<std::string> arg(std::string_view name) const;
    Result<std::string> required(std::string_view name) const;
    // For commands that go through many things, now and then. Errors: unavailable (the server stops).
    Result<> may_go_on() const;
    Result<directory::Address> address(std::string_view name = "address") const;
};

// Answers a JSON text.
using Handler = Task<Result<std::string>> (*)(Context&);

Task<Result<std::string>> account_add(Context& context);
Task<Result<std::string>> account_import(Context& context);
Task<Result<std::string>> account_list(Context& context);
Task<Result<std::string>> account_show(Context& context);
Task<Result<std::string>> account_rm(Context& context);
Task<Result<std::string>> account_passwd(Context& context);
Task<Result<std::string>> account_quota(Context& context);
Task<Result<std::string>> account_enable(Context& context);
Task<Result<std::string>> account_disable(Context& context);

Task<Result<std::string>> domain_add(Context& context);
Task<Result<std::string>> domain_list(Context& context);
Task<Result<std::string>> domain_rm(Context& context);
Task<Result<std::string>> domain_catch_all(Context& context);

Task<Result<std::string>> alias_add(Context& context);
Task<Result<std::string>> alias_list(Context& context);
Task<Result<std::string>> alias_rm(Context& context);

Task<Result<std::string>> queue_list(Context& context);
Task<Result<std::string>> queue_show(Context& context);
Task<Result<std::string>> queue_drop(Context& context);
Task<Result<std::string>> queue_hold(Context& context);
Task<Result<std::string>> queue_release(Context& context);
Task<Result<std::string>> queue_route(Context& context);
Task<Result<std::string>> queue_retry(Context& context);

Task<Result<std::string>> store_verify(Context& context);
Task<Result<std::string>> store_stats(Context& context);
Task<Result<std::string>> store_sweep(Context& context);
Task<Result<std::string>> mailbox_list(Context& context);
Task<Result<std::string>> status(Context& context);

}  // namespace packetboat::server::admin
