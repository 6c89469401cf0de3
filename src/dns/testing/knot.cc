#include "dns/testing/knot.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "dns/records.h"
#include "dns/testing/loopback.h"

namespace packetboat::dns::testing {

namespace {

// The administrator's programs are not in everybody's PATH.
std::optional<std::string> program(const std::string& name) {
    for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/", "/sbin/"}) {
        if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
    }
    return std::nullopt;
}

std::string configuration(const std::filesystem::path& folder, std::uint16_t port, const std::vector<Knot::Zone>& zones) {
    const std::string path = folder.string();
    std::string text = "server:\n  rundir: \"" + path + "\"\n  listen: 127.0.0.1@" + std::to_string(port) +
                       "\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n" + "database:\n  storage: \"" + path +
                       "\"\n  journal-db-max-size: 64M\n  kasp-db-max-size: 16M\n  timer-db-max-size: 16M\n" + "log:\n  - target: \"" +
                       path + "/log\"\n    any: info\n" + "policy:\n  - id: test\n    algorithm: ecdsap256sha256\n" +
                       "template:\n  - id: default\n    storage: \"" + path + "\"\n    zonefile-sync: -1\n" + "zone:\n";
    for (const Knot::Zone& zone : zones) {
        text += "  - domain: " + zone.name + "\n";
        if (zone.is_signed) text += "    dnssec-signing: on\n    dnssec-policy: test\n";
    }
    return text;
}

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// Whether the server has an answer (NOERROR) for the zone's SOA.
bool serves(const Endpoint& server, const std::string& zone) {
    using namespace std::string_literals;
    const std::string query = "\1\1\0\0\0\1\0\0\0\0\0\0"s + encode_name(zone).value() + "\0\6\0\1"s;
    const std::string reply = relay(server, query, std::chrono::milliseconds(200));
    return reply.size() > 12 && (reply[3] & 0x0f) == 0 && reply[7] == 1;
}

}  // namespace

bool Knot::installed() { return program("knotd") && program("keymgr"); }

Knot::Knot(const std::vector<Zone>& zones) {
    std::string name = (std::filesystem::temp_directory_path() / "packetboat-knot-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    folder_ = name;
    for (const Zone& zone : zones) {
        write(folder_ / (zone.name + ".zone"),
              "$ORIGIN " + zone.name + ".\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n" + zone.records);
    }
    // Between our choice of a port and knot's use of it somebody else may take it.
    constexpr int tries_max = 5;
    for (int tries = 0; tries < tries_max; ++tries) {
        if (start(zones)) return;
        stop();
    }
    std::ifstream log(folder_ / "log");
    const std::string said{std::istreambuf_iterator<char>(log), {}};
    std::filesystem::remove_all(folder_);
    throw std::runtime_error("knotd does not start: " + said);
}

Knot::~Knot() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

bool Knot::start(const std::vector<Zone>& zones) {
    endpoint_ = {IpAddress::v4(127, 0, 0, 1), Loopback().port};
    write(folder_ / "knot.conf", configuration(folder_, endpoint_.port, zones));
    const std::string knotd = program("knotd").value_or("knotd");
    const std::string file = folder_ / "knot.conf";
    std::array<const char*, 4> arguments{knotd.c_str(), "-c", file.c_str(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO})
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0);
    const int error = ::posix_spawn(&child_, knotd.c_str(), &actions, nullptr, const_cast<char**>(arguments.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return false;
    for (const Zone& zone : zones) {
        constexpr int tries_max = 1'500;
        for (int tries = 0; !serves(endpoint_, zone.name); ++tries) {
            if (tries == tries_max) return false;
            if (::waitpid(child_, nullptr, WNOHANG) == child_) {
                child_ = -1;
                return false;
            }
            // A closed port answers at once; give knot the time instead.
            constexpr int pause_ms = 20;
            ::poll(nullptr, 0, pause_ms);
        }
    }
    return true;
}

void Knot::stop() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
}

std::string Knot::trust_anchor(const std::string& zone) const {
    const std::string command =
        program("keymgr").value_or("keymgr") + " -c '" + (folder_ / "knot.conf").string() + "' '" + zone + "' ds 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 512> line;
    if (!pipe || std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) == nullptr)
        throw std::runtime_error("keymgr has no key of " + zone);
    std::string anchor = line.data();
    while (anchor.ends_with('\n')) anchor.pop_back();
    return anchor;
}

}  // namespace packetboat::dns::testing
