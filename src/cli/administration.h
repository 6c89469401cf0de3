#pragma once

#include <memory>
#include <optional>

#include "cli/global.h"
#include "server/admin.h"
#include "server/services.h"

namespace packetboat::cli {

// Where an administration command finds somebody to do its work: the running server, or the data directory itself when none runs. One for
// all requests of a command, because after the first it may have become the data directory's owner, who may not read the configuration.
class Administration {
public:
    explicit Administration(const Global& global);
    server::AdminResponse ask(server::AdminRequest request);

private:
    Result<> open(const server::AdminRequest& request);

    Result<server::Configuration> configuration_;
    std::unique_ptr<server::Services> services_;  // null: the server does the work, or nothing was asked yet
};

}  // namespace packetboat::cli
