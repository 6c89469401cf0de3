// The promise "250 means on disk" against a disk that fails: the whole server runs over a file layer that returns ENOSPC or EIO at every
// possible write and sync in turn.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/executor.h"
#include "server/admin.h"
#include "server/dev.h"
#include "server/server.h"
#include "server/services.h"
#include "store/testing/fault_file_system.h"

namespace packetboat::server {
namespace {

namespace fs = std::filesystem;
using Fault = store::FaultFileSystem::Fault;

class Folder {
public:
    Folder() {
        std::string path = (fs::temp_directory_path() / "packetboat-XXXXXX").string();
        path_ = mkdtemp(path.data());
    }
    ~Folder() { fs::remove_all(path_); }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

Configuration configuration_in(const fs::path& data) {
    Configuration configuration = Configuration::defaults();
    configuration.directory.hash_memory_kib = 8;
    configuration.directory.hash_passes = 1;
    configuration.directory.scram_iterations = 4096;
    configuration.reactors = 1;
    configuration = dev_configuration(std::move(configuration), {.data = data, .port_base = 0});
    // Ports that the kernel chooses.
    for (std::vector<Endpoint>* endpoints :
         {&configuration.listen.smtp, &configuration.listen.submission, &configuration.listen.submissions, &configuration.listen.lmtp,
          &configuration.listen.pop3, &configuration.listen.pop3s})
        endpoints->front().port = 0;
    return configuration;
}

// A client that waits for each answer.
class Client {
public:
    explicit Client(const Endpoint& server) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(server.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) read_reply();
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // The reply's code; 0 when the server has gone.
    int ask(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return 0;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return read_reply();
    }

private:
    int read_reply() {
        for (;;) {
            while (input_.find("\r\n") == std::string::npos) {
                char block[4096];
                const ssize_t got = ::recv(socket_, block, sizeof block, 0);
                if (got <= 0) return 0;
                input_.append(block, static_cast<std::size_t>(got));
            }
            const std::string line = input_.substr(0, input_.find("\r\n"));
            input_.erase(0, line.size() + 2);
            if (line.size() < 4 || line[3] != '-') return std::atoi(line.c_str());
        }
    }

    int socket_;
    std::string input_;
};

std::string body_of(int number, std::size_t size) {
    std::string body = "X-Id: " + std::to_string(number) + "\r\n\r\n";
    while (body.size() < size) body += "All work and no play makes Jack a dull boy, said message " + std::to_string(number) + ".\r\n";
    return body;
}

// Sends one message; answers what the client was told of it. 0: the server has gone.
int send_message(const Endpoint& server, const std::string& body) {
    Client client(server);
    for (const char* line : {"EHLO client.example\r\n", "MAIL FROM:<s@elsewhere.test>\r\n", "RCPT TO:<alice@example.test>\r\n"}) {
        const int code = client.ask(line);
        if (code != 250) return code;
    }
    const int code = client.ask("DATA\r\n");
    return code == 354 ? client.ask(body + ".\r\n") : code;
}

// Small ones ride in the store, larger ones become blobs, those over 1 MiB are spooled as they come.
constexpr std::size_t sizes[] = {500, 8'000, 100'000, 1'300'000, 700};

Task<Result<std::string>> read_body(Services& services, store::Partition account, mailbox::EmailId id) {
    Result<std::unique_ptr<mailbox::Body>> body = co_await services.mail().body(account, id);
    if (!body) co_return fail(body.error());
    std::string text;
    for (;;) {
        Result<std::string> piece = co_await (*body)->next();
        if (!piece || piece->empty()) co_return piece ? Result<std::string>(text) : piece;
        text += *piece;
    }
}

// Every message in alice's inbox: its number and its body from X-Id on.
Task<std::multimap<int, std::string>> stored_messages(Services& services) {
    std::multimap<int, std::string> found;
    const Result<directory::Account> alice = co_await services.directory().account(*directory::Address::parse("alice@example.test"));
    if (!alice) co_return found;
    const store::Partition account = directory::account_partition(alice->id);
    const Result<mailbox::Mailbox> inbox = co_await services.mail().mailbox(account, mailbox::Role::inbox);
    const Result<std::vector<mailbox::Row>> rows = co_await services.mail().rows(account, inbox->id);
    for (const mailbox::Row& row : *rows) {
        const Result<std::string> text = co_await read_body(services, account, row.email);
        const std::size_t start = text ? text->find("X-Id: ") : std::string::npos;
        if (start != std::string::npos) found.emplace(std::atoi(text->c_str() + start + 6), text->substr(start));
    }
    co_return found;
}

// What is on the disk after it all: every acknowledged message once and whole, and nothing in disorder.
void expect_kept(const Configuration& configuration, const std::map<int, std::string>& acknowledged, const std::string& when) {
    Result<std::unique_ptr<Services>> services = Services::open(configuration);
    ASSERT_TRUE(services) << when << ": " << services.error().text;
    const std::multimap<int, std::string> found = run_to_end(stored_messages(**services));
    for (const auto& [number, body] : acknowledged) {
        ASSERT_EQ(found.count(number), 1U) << when << ": message " << number;
        EXPECT_EQ(found.find(number)->second, body) << when << ": message " << number;
    }
    Admin admin(**services, "mail.example.test", nullptr);
    const AdminResponse verified = run_to_end(admin.execute({.command = "store.verify", .args = {}}));
    EXPECT_EQ(verified.exit, Exit::done) << when << ": " << verified.result;
}

// One life of a server whose k-th write or sync from the first message on fails. Answers whether that came to pass.
bool live_with_fault(Fault fault, std::uint64_t k) {
    const Folder folder;
    const Configuration configuration = configuration_in(folder.path() / "data");
    const std::string when = "fault " + std::to_string(static_cast<int>(fault)) + " at operation " + std::to_string(k);
    std::map<int, std::string> acknowledged;
    bool fired = false;
    {
        auto files = std::make_shared<store::FaultFileSystem>();
        Result<std::unique_ptr<Server>> server = Server::start({.configuration = configuration, .dev = true, .files = files});
        EXPECT_TRUE(server) << when << ": " << server.error().text;
        if (!server) return false;
        files->arm(fault, k);
        const Endpoint smtp = (*server)->listeners().front().endpoint;
        int number = 0;
        for (const std::size_t size : sizes) {
            const std::string body = body_of(++number, size);
            const int code = send_message(smtp, body);
            if (code == 250) acknowledged.emplace(number, body);
            EXPECT_TRUE(code == 250 || (code >= 400 && code < 500)) << when << ": message " << number << " was answered " << code;
        }
        fired = files->fired();
        // An error that comes once and leaves no doubt is survived: the server goes on, or says that it must stop.
        if (fired && !(*server)->failed() && (fault == Fault::no_space || fault == Fault::io_error)) {
            const std::string body = body_of(++number, 500);
            const int code = send_message(smtp, body);
            EXPECT_TRUE(code == 250 || (*server)->failed()) << when << ": afterwards " << code;
            if (code == 250) acknowledged.emplace(number, body);
        }
        (*server)->stop();
    }
    expect_kept(configuration, acknowledged, when);
    return fired;
}

class WriteErrors : public testing::TestWithParam<Fault> {};

TEST_P(WriteErrors, at_every_write_and_sync_in_turn_lose_nothing_acknowledged) {
    std::uint64_t k = 1;
    while (live_with_fault(GetParam(), k) && !HasFailure()) ++k;
    EXPECT_GT(k, 10U);
}

std::string fault_name(const testing::TestParamInfo<Fault>& tested) {
    constexpr const char* names[] = {"no_space", "no_space_on", "io_error", "io_error_on"};
    return names[static_cast<int>(tested.param)];
}
INSTANTIATE_TEST_SUITE_P(faults, WriteErrors, testing::Values(Fault::no_space, Fault::no_space_on, Fault::io_error, Fault::io_error_on),
                         fault_name);

}  // namespace
}  // namespace packetboat::server
