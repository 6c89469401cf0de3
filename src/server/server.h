#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "server/configuration.h"

namespace rocksdb {
class FileSystem;
}

namespace packetboat::server {

struct BoundListener {
    std::string name;   // "smtp", "submissions" …
    Endpoint endpoint;  // with the port that the kernel chose where 0 was asked for
};

// The whole server: services, listeners, the control socket and what runs beside them.
class Server {
public:
    struct Start {
        Configuration configuration;
        bool dev = false;                            // with the try-out domain and accounts
        std::shared_ptr<rocksdb::FileSystem> files;  // the store's file layer; null: the machine's
    };
    // On return every listener accepts. Privileges are dropped after the ports are bound and the key is read, before any byte of anybody's
    // mail is. Errors: unavailable (a port, a file), conflict (another server has the data, or the folder is not ours), invalid (what the
    // configuration names is not there), denied (the user may not, or others may).
    static Result<std::unique_ptr<Server>> start(Start start);
    ~Server();  // stop(), and waits for all that runs

    std::vector<BoundListener> listeners() const;

    // Takes over what can be changed while running; what cannot is logged. The certificate is looked at anew in any case.
    void reload(const Configuration& wanted);

    // True when the store has failed: nothing can be acknowledged any more, so the server should stop.
    bool failed() const;

    // Tells the sessions, waits for them up to the configured grace, cuts the rest. At once from then on nothing is accepted.
    // False: an operator's command still runs, a long `store verify` say. Its client knows that it was not finished, and everything
    // acknowledged is on disk; end the process then, because taking the server apart would wait for the command.
    bool stop();

private:
    Server();
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::server
