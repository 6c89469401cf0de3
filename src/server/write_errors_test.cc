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
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/text.h"
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

    // The reply's last line; empty when the server has gone.
    std::string ask(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return {};
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return read_reply();
    }
    // The code of an SMTP reply; 0 when the server has gone.
    int code(std::string_view text) { return std::atoi(ask(text).c_str()); }

private:
    std::string read_reply() {
        for (;;) {
            while (input_.find("\r\n") == std::string::npos) {
                char block[4096];
                const ssize_t got = ::recv(socket_, block, sizeof block, 0);
                if (got <= 0) return {};
                input_.append(block, static_cast<std::size_t>(got));
            }
            std::string line = input_.substr(0, input_.find("\r\n"));
            input_.erase(0, line.size() + 2);
            if (line.size() < 4 || line[3] != '-') return line;
        }
    }

    int socket_;
    std::string input_;
};

std::string body_of(int number, std::size_t size) {
    // With all that submission would add otherwise (RFC 6409 §8).
    std::string body = "X-Id: " + std::to_string(number) +
                       "\r\nFrom: alice@example.test\r\nDate: Tue, 24 Nov 2026 21:20:06 +0000\r\nMessage-ID: <" + std::to_string(number) +
                       "@client.example>\r\n\r\n";
    while (body.size() < size) body += "All work and no play makes Jack a dull boy, said message " + std::to_string(number) + ".\r\n";
    return body;
}

Endpoint at(const Server& server, std::string_view name) {
    for (const BoundListener& listener : server.listeners()) {
        if (listener.name == name) return listener.endpoint;
    }
    ADD_FAILURE() << "nothing listens for " << name;
    return {};
}

// The first code that is not the wanted one, or the last.
int ask_all(Client& client, const std::vector<std::pair<std::string, int>>& commands) {
    int code = 0;
    for (const auto& [command, wanted] : commands) {
        code = client.code(command);
        if (code != wanted) break;
    }
    return code;
}

// Each sends one message and answers what the client was told of it. 0: the server has gone.
using Send = int (*)(const Server& server, const std::string& body);

int send_to_a_mailbox(const Server& server, const std::string& body) {
    Client client(at(server, "smtp"));
    return ask_all(client, {{"EHLO client.example\r\n", 250},
                            {"MAIL FROM:<s@elsewhere.test>\r\n", 250},
                            {"RCPT TO:<alice@example.test>\r\n", 250},
                            {"DATA\r\n", 354},
                            {body + ".\r\n", 250}});
}

int send_by_chunks(const Server& server, const std::string& body) {
    Client client(at(server, "smtp"));
    const std::string first = body.substr(0, body.size() / 2);
    const std::string last = body.substr(first.size());
    return ask_all(client, {{"EHLO client.example\r\n", 250},
                            {"MAIL FROM:<s@elsewhere.test>\r\n", 250},
                            {"RCPT TO:<alice@example.test>\r\n", 250},
                            {"BDAT " + std::to_string(first.size()) + "\r\n" + first, 250},
                            {"BDAT " + std::to_string(last.size()) + " LAST\r\n" + last, 250}});
}

int send_elsewhere(const Server& server, const std::string& body) {
    Client client(at(server, "submission"));
    const std::string login = base64_encode(std::string_view("\0alice@example.test\0packetboat", 30));
    return ask_all(client, {{"EHLO client.example\r\n", 250},
                            {"AUTH PLAIN " + login + "\r\n", 235},
                            {"MAIL FROM:<alice@example.test>\r\n", 250},
                            {"RCPT TO:<bob@elsewhere.test>\r\n", 250},
                            {"DATA\r\n", 354},
                            {body + ".\r\n", 250}});
}

// What must be found when all is over, by the messages' numbers.
struct Kept {
    std::map<int, std::string> inbox;
    std::map<int, std::string> queue;
    std::set<int> gone;
};

void send_and_note(const Server& server, Send send, int number, int size, std::map<int, std::string>& acknowledged,
                   const std::string& when) {
    const std::string body = body_of(number, static_cast<std::size_t>(size));
    const int code = send(server, body);
    if (code == 250) acknowledged.emplace(number, body);
    EXPECT_TRUE(code == 250 || (code >= 400 && code < 500)) << when << ": message " << number << " was answered " << code;
}

// Small ones ride in the store, larger ones become blobs, those over 1 MiB are spooled as they come.
void fill_the_mailbox(const Server& server, Kept& kept, const std::string& when) {
    int number = 0;
    for (const int size : {500, 8'000, 100'000, 1'300'000, 700}) send_and_note(server, send_to_a_mailbox, ++number, size, kept.inbox, when);
}
void fill_it_by_chunks(const Server& server, Kept& kept, const std::string& when) {
    int number = 0;
    for (const int size : {500, 1'300'000}) send_and_note(server, send_by_chunks, ++number, size, kept.inbox, when);
}
void fill_the_queue(const Server& server, Kept& kept, const std::string& when) {
    int number = 0;
    for (const int size : {500, 1'300'000}) send_and_note(server, send_elsewhere, ++number, size, kept.queue, when);
}

void have_three(const Server& server, Kept& kept) {
    for (const int number : {1, 2, 3}) send_and_note(server, send_to_a_mailbox, number, 8'000, kept.inbox, "before the fault");
}
// After +OK both have gone for ever. After an error each may have, or may not; but nothing else has.
void delete_two(const Server& server, Kept& kept, const std::string& when) {
    Client client(at(server, "pop3"));
    std::string answer;
    for (const char* command : {"USER alice@example.test\r\n", "PASS packetboat\r\n", "DELE 1\r\n", "DELE 2\r\n"}) {
        answer = client.ask(command);
        EXPECT_TRUE(answer.starts_with("+OK")) << when << ": " << command << answer;
    }
    answer = client.ask("QUIT\r\n");
    EXPECT_TRUE(answer.starts_with("+OK") || answer.starts_with("-ERR [SYS/")) << when << ": " << answer;
    for (const int number : {1, 2}) {
        kept.inbox.erase(number);
        if (answer.starts_with("+OK")) kept.gone.insert(number);
    }
}

// What clients do while the disk fails.
struct Course {
    const char* name;
    void (*before)(const Server& server, Kept& kept);  // while it is well; null: nothing
    void (*during)(const Server& server, Kept& kept, const std::string& when);
    std::uint64_t operations_min;  // there are more writes and syncs than that
};
void PrintTo(const Course& course, std::ostream* out) { *out << course.name; }
constexpr Course courses[] = {{"data", nullptr, fill_the_mailbox, 10},
                              {"bdat", nullptr, fill_it_by_chunks, 6},
                              {"queue", nullptr, fill_the_queue, 6},
                              {"deletions", have_three, delete_two, 1}};

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

using Messages = std::multimap<int, std::string>;  // a number and the body from X-Id on

void note(Messages& found, const Result<std::string>& text) {
    const std::size_t start = text ? text->find("X-Id: ") : std::string::npos;
    if (start != std::string::npos) found.emplace(std::atoi(text->c_str() + start + 6), text->substr(start));
}

// Alice's inbox.
Task<Messages> stored_messages(Services& services) {
    Messages found;
    const Result<directory::Account> alice = co_await services.directory().account(*directory::Address::parse("alice@example.test"));
    if (!alice) co_return found;
    const store::Partition account = directory::account_partition(alice->id);
    const Result<mailbox::Mailbox> inbox = co_await services.mail().mailbox(account, mailbox::Role::inbox);
    if (!inbox) co_return found;
    const Result<std::vector<mailbox::Row>> rows = co_await services.mail().rows(account, inbox->id);
    for (const mailbox::Row& row : *rows) {
        const Result<std::string> text = co_await read_body(services, account, row.email);
        note(found, text);
    }
    co_return found;
}

Task<Result<std::string>> read_content(Services& services, Id128 entry) {
    const Result<mailbox::Content> content = co_await services.queue().content(entry);
    if (!content) co_return fail(content.error());
    if (content->bytes) co_return *content->bytes;
    const Result<std::unique_ptr<store::BlobReader>> blob = co_await services.store().open_blob(*content->blob);
    if (!blob) co_return fail(blob.error());
    std::string text;
    for (;;) {
        Result<std::string> piece = co_await (*blob)->read(text.size(), 64 << 10);
        if (!piece || piece->empty()) co_return piece ? Result<std::string>(text) : piece;
        text += *piece;
    }
}

Task<Messages> queued_messages(Services& services) {
    Messages found;
    const Result<std::vector<delivery::QueueEntry>> entries = co_await services.queue().list(std::nullopt, 1000);
    for (const delivery::QueueEntry& entry : *entries) {
        const Result<std::string> text = co_await read_content(services, entry.id);
        note(found, text);
    }
    co_return found;
}

void expect_found(const Messages& found, const std::map<int, std::string>& acknowledged, const std::string& when) {
    for (const auto& [number, body] : acknowledged) {
        ASSERT_EQ(found.count(number), 1U) << when << ": message " << number;
        EXPECT_TRUE(found.find(number)->second == body) << when << ": message " << number;
    }
    for (const auto& [number, body] : found) EXPECT_EQ(found.count(number), 1U) << when << ": message " << number;
}

// What is on the disk after it all: every acknowledged message once and whole, and nothing in disorder.
void expect_kept(const Configuration& configuration, const Kept& kept, const std::string& when) {
    Result<std::unique_ptr<Services>> services = Services::open(configuration);
    ASSERT_TRUE(services) << when << ": " << services.error().text;
    const Messages inbox = run_to_end(stored_messages(**services));
    expect_found(inbox, kept.inbox, when);
    expect_found(run_to_end(queued_messages(**services)), kept.queue, when);
    for (const int number : kept.gone) EXPECT_EQ(inbox.count(number), 0U) << when << ": message " << number;
    Admin admin(**services, "mail.example.test", nullptr);
    const AdminResponse verified = run_to_end(admin.execute({.command = "store.verify", .args = {}}));
    EXPECT_EQ(verified.exit, Exit::done) << when << ": " << verified.result;
}

// One life of a server whose k-th write or sync from then on fails. Answers whether that came to pass.
bool live_with_fault(const Course& course, Fault fault, std::uint64_t k) {
    const Folder folder;
    const Configuration configuration = configuration_in(folder.path() / "data");
    const std::string when = "fault " + std::to_string(static_cast<int>(fault)) + " at operation " + std::to_string(k);
    Kept kept;
    bool fired = false;
    {
        auto files = std::make_shared<store::FaultFileSystem>();
        Result<std::unique_ptr<Server>> server = Server::start({.configuration = configuration, .dev = true, .files = files});
        EXPECT_TRUE(server) << when << ": " << server.error().text;
        if (!server) return false;
        if (course.before) course.before(**server, kept);
        files->arm(fault, k);
        course.during(**server, kept, when);
        fired = files->fired();
        // An error that comes once and leaves no doubt is survived: the server goes on, or says that it must stop.
        if (fired && !(*server)->failed() && (fault == Fault::no_space || fault == Fault::io_error)) {
            const std::string body = body_of(100, 500);
            const int code = send_to_a_mailbox(**server, body);
            EXPECT_TRUE(code == 250 || (*server)->failed()) << when << ": afterwards " << code;
            if (code == 250) kept.inbox.emplace(100, body);
        }
        (*server)->stop();
    }
    expect_kept(configuration, kept, when);
    return fired;
}

using Case = std::tuple<Course, Fault>;
class WriteErrors : public testing::TestWithParam<Case> {};

TEST_P(WriteErrors, at_every_write_and_sync_in_turn_lose_nothing_acknowledged) {
    const auto& [course, fault] = GetParam();
    std::uint64_t k = 1;
    while (live_with_fault(course, fault, k) && !HasFailure()) ++k;
    EXPECT_GT(k, course.operations_min);
}

std::string case_name(const testing::TestParamInfo<Case>& tested) {
    constexpr const char* names[] = {"no_space", "no_space_on", "io_error", "io_error_on"};
    const auto& [course, fault] = tested.param;
    return std::string(course.name) + "_" + names[static_cast<int>(fault)];
}
INSTANTIATE_TEST_SUITE_P(faults, WriteErrors,
                         testing::Combine(testing::ValuesIn(courses),
                                          testing::Values(Fault::no_space, Fault::no_space_on, Fault::io_error, Fault::io_error_on)),
                         case_name);

}  // namespace
}  // namespace packetboat::server
