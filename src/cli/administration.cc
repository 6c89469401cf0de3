#include "cli/administration.h"

#include "base/executor.h"
#include "server/control.h"
#include "server/data_directory.h"
#include "server/privileges.h"

namespace packetboat::cli {

using server::AdminRequest;
using server::AdminResponse;
using server::Exit;

namespace {

AdminResponse refused(const Error& error) { return {.exit = server::exit_status(error.code), .error = error.text, .result = {}}; }

}  // namespace

Administration::Administration(const Global& global) : configuration_(load_configuration(global)) { keep_files_private(); }

AdminResponse Administration::ask(AdminRequest request) {
    if (!configuration_) return refused(configuration_.error());
    if (!services_) {
        if (std::optional<Result<AdminResponse>> answer = server::ask_server(configuration_->data, request))
            return *answer ? std::move(**answer) : refused(answer->error());
        if (request.command == "status")
            return {.exit = Exit::not_running, .error = "no server runs on " + configuration_->data.string(), .result = {}};
        if (const Result<> opened = open(request); !opened) return refused(opened.error());
    }
    server::Admin admin(*services_, configuration_->hostname, nullptr);
    return run_to_end(admin.execute(std::move(request)));
}

Result<> Administration::open(const AdminRequest& request) {
    const std::filesystem::path& data = configuration_->data;
    const Result<bool> store = server::holds_store(data);
    if (!store) return fail(store.error());
    if (!*store) {
        if (!server::makes_store(request.command))
            return fail(ErrorCode::not_found, "there is no store in " + data.string() +
                                                  " (name its folder with --data, or begin one with packetboat domain add)");
        if (Result<> prepared = server::prepare_data_directory(*configuration_); !prepared) return prepared;
    }
    // Records that root would make could not be read by the server's user.
    if (Result<> become = server::become_owner(data); !become) return become;
    Result<std::unique_ptr<server::Services>> services = server::Services::open(*configuration_);
    if (!services) return fail(std::move(services).error());
    services_ = std::move(*services);
    return {};
}

}  // namespace packetboat::cli
