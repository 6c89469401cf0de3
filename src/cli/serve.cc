#include "cli/serve.h"

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "server/dev.h"
#include "server/server.h"
#include "server/values.h"

namespace packetboat::cli {

namespace {

struct Arguments {
    bool dev = false;
    bool check = false;
    std::uint16_t port_base = 20'000;
    std::string bind = "127.0.0.1";
    std::string dns;
};

// Signals are taken by this thread alone, one after another, so that handlers need not be signal-safe. Made before any other thread.
class Signals {
public:
    Signals() {
        sigemptyset(&set_);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
    }
    // The next signal, or 0 after a second without one.
    int next() const {
        const timespec second{.tv_sec = 1, .tv_nsec = 0};
        const int signal = sigtimedwait(&set_, nullptr, &second);
        return signal < 0 ? 0 : signal;
    }

private:
    sigset_t set_{};
};

Result<server::Configuration> wanted_configuration(const Global& global, const Arguments& arguments) {
    Result<server::Configuration> configuration = load_configuration(global);
    if (!configuration) return configuration;
    if (!arguments.dev) {
        if (Result<> checked = server::check_configuration(*configuration); !checked) return fail(std::move(checked).error());
        return configuration;
    }
    const std::optional<IpAddress> bind = IpAddress::parse(arguments.bind);
    if (!bind) return fail(ErrorCode::invalid, "--bind: not an address: " + arguments.bind);
    if (global.data.empty()) return fail(ErrorCode::invalid, "serve --dev needs --data DIR");
    constexpr std::uint16_t port_base_max = 65'535 - 5'999;  // the highest port of the contract's table
    if (arguments.port_base > port_base_max) return fail(ErrorCode::invalid, "--port-base: at most " + std::to_string(port_base_max));
    std::optional<Endpoint> dns;
    if (!arguments.dns.empty()) {
        dns = server::parse_endpoint(arguments.dns);
        if (!dns) return fail(ErrorCode::invalid, "--dns: not an address with a port: " + arguments.dns);
    }
    return server::dev_configuration(std::move(*configuration),
                                     {.data = global.data, .port_base = arguments.port_base, .bind = *bind, .dns = dns});
}

// Every connection is a descriptor: as many as the system lets us have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// A session that is in a commit on a disk that hangs would hold up the stop for ever. Nothing of it was acknowledged, so after the grace,
// and a second to close the store, the process may end as if it were killed.
class StopWatchdog {
public:
    explicit StopWatchdog(std::chrono::seconds grace)
        : thread_([grace](const std::stop_token& done) {
              std::mutex mutex;
              std::unique_lock lock(mutex);
              std::condition_variable_any wake;
              constexpr std::chrono::milliseconds to_close{900};
              if (wake.wait_for(lock, done, grace + to_close, [&] { return done.stop_requested(); }) || done.stop_requested()) return;
              std::fputs("packetboat: the store does not answer; stopping without it\n", stderr);
              _exit(static_cast<int>(server::Exit::failed));
          }) {}

private:
    std::jthread thread_;
};

// Ends sessions, then everything else, the store last. The status to exit with is `exit`.
void stop(std::unique_ptr<server::Server> running, std::chrono::seconds grace, server::Exit exit) {
    const StopWatchdog watchdog(grace);
    if (!running->stop()) {
        log_close();
        _exit(static_cast<int>(exit));
    }
    running.reset();
}

void print_listeners(const Global& global, const server::Server& running) {
    JsonWriter json;
    json.object().key("listeners").array();
    for (const server::BoundListener& listener : running.listeners()) {
        if (!global.json) std::printf("%-12s %s\n", listener.name.c_str(), listener.endpoint.text().c_str());
        json.object().field("name", listener.name).field("endpoint", listener.endpoint.text()).end();
    }
    if (global.json) {
        std::printf("%s\n", json.end().end().take().c_str());
    } else {
        std::printf("ready\n");
    }
    std::fflush(stdout);
}

void reload(server::Server& running, const Global& global, const Arguments& arguments) {
    const Result<server::Configuration> wanted = wanted_configuration(global, arguments);
    if (!wanted) {
        log_error("server.reload_refused", "", {{"reason", wanted.error().text}});
        return;
    }
    running.reload(*wanted);
}

int run(const Global& global, const Arguments& arguments) {
    keep_files_private();
    const Result<server::Configuration> configuration = wanted_configuration(global, arguments);
    if (!configuration) return complain(global, configuration.error());
    // Not at a reload: by then we may not be the one who may read the key, and a bad certificate has its own error.
    if (!arguments.dev) {
        if (const Result<> checked = server::check_start(*configuration); !checked) return complain(global, checked.error());
    }
    if (arguments.check) {
        if (!global.quiet) std::fputs("The configuration is good.\n", stderr);
        if (global.json) std::puts(R"({"good":true})");
        return 0;
    }
    const Signals signals;
    raise_descriptor_limit();
    LogOptions log = configuration->log;
    if (global.verbose) log.level = LogLevel::debug;
    if (const Result<> opened = log_open(log); !opened) return complain(global, opened.error());
    Result<std::unique_ptr<server::Server>> running =
        server::Server::start({.configuration = *configuration, .dev = arguments.dev, .files = nullptr});
    if (!running) {
        log_close();
        return complain(global, running.error());
    }
    print_listeners(global, **running);
    for (;;) {
        const int signal = signals.next();
        if (signal == SIGHUP) reload(**running, global, arguments);
        if (signal == SIGTERM || signal == SIGINT) break;
        if ((*running)->failed()) {
            log_error("server.store_failed", "", {{"remedy", "look at the disk; a restart recovers everything that was acknowledged"}});
            stop(std::move(*running), configuration->stop_grace, server::Exit::failed);
            return static_cast<int>(server::Exit::failed);
        }
    }
    stop(std::move(*running), configuration->stop_grace, server::Exit::done);
    return 0;
}

}  // namespace

void add_serve(CLI::App& app, const Global& global, int& exit) {
    CLI::App& command = *app.add_subcommand("serve", "Run the server");
    auto arguments = std::make_shared<Arguments>();
    command.add_flag("--dev", arguments->dev, "A complete try-out server on loopback: no configuration, root rights or network");
    command.add_flag("--check", arguments->check, "Check the configuration and exit");
    command.add_option("--port-base", arguments->port_base, "With --dev: every port is this plus the standard one (20000)");
    command.add_option("--bind", arguments->bind, "With --dev: the address to listen on (127.0.0.1)");
    command.add_option("--dns", arguments->dns, "With --dev: the name server to ask, ADDR:PORT; without it mail for other domains waits");
    command.callback([arguments, &global, &exit] { exit = run(global, *arguments); });
}

}  // namespace packetboat::cli
