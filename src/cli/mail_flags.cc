#include "cli/mail_flags.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "agent/terminal_text.h"
#include "base/text.h"

namespace packetboat::cli {

std::shared_ptr<MailFlags> add_mail_flags(CLI::App& command) {
    auto flags = std::make_shared<MailFlags>();
    flags->server = add_server_flags(command);
    command.add_option("--via", flags->via, "The protocol: pop3 (imap is to come)")->check(CLI::IsMember({"pop3", "imap"}));
    return flags;
}

Result<agent::Server> mail_server(const MailFlags& flags) {
    Result<agent::Server> server = choose_server(*flags.server, agent::Service::pop3);
    if (server && server->user.empty())
        return fail(ErrorCode::invalid, "whose mail? Say --user ADDRESS, or save a login (packetboat login add)");
    return server;
}

Result<> with_mailbox(const MailFlags& flags, const agent::Server& server, agent::MailWork work) {
    return agent::with_mailbox(agent::via(flags.via).value_or(agent::Via::pop3), server, std::chrono::seconds(flags.server->timeout_s),
                               std::move(work));
}

Result<> with_mailbox(const MailFlags& flags, agent::MailWork work) {
    // Nobody types a password for what cannot be done.
    if (flags.via == "imap") return with_mailbox(flags, agent::Server{}, std::move(work));
    const Result<agent::Server> server = mail_server(flags);
    if (!server) return fail(server.error());
    return with_mailbox(flags, *server, std::move(work));
}

Task<Result<Fetched>> fetch_message(agent::MailSource& source, const std::string& id) {
    const Result<std::vector<agent::MailItem>> items = co_await source.list();
    if (!items) co_return fail(items.error());
    Result<agent::MailItem> item = agent::find_item(*items, id);
    if (!item) co_return fail(item.error());
    Result<std::string> bytes = co_await source.fetch(item->number);
    if (!bytes) co_return fail(bytes.error());
    co_return Fetched{.item = std::move(*item), .bytes = std::move(*bytes)};
}

void print_json(const JsonWriter& json) { print_document(json.text()); }

Result<> print_bytes(const std::string& bytes) {
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    const std::string shown = terminal ? agent::printable(bytes, agent::Lines::many) : std::string();
    const std::string& out = terminal ? shown : bytes;
    if (std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0) return {};
    return fail(ErrorCode::unavailable, "cannot write to standard output");
}

std::size_t terminal_columns() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char* columns = std::getenv("COLUMNS");
    return columns ? static_cast<std::size_t>(parse_u64(columns).value_or(0)) : 0;
}

}  // namespace packetboat::cli
