#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "agent/mail_source.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/global.h"
#include "cli/server_flags.h"

// What the commands that read mail have in common.
namespace packetboat::cli {

struct MailFlags {
    std::shared_ptr<ServerFlags> server;
    std::string via = "pop3";
};
std::shared_ptr<MailFlags> add_mail_flags(CLI::App& command);

// The server that mail is read from, with its password, as whoever logs in there.
Result<agent::Server> mail_server(const MailFlags& flags);
// Opens the mailbox there, does the work and closes it.
Result<> with_mailbox(const MailFlags& flags, const agent::Server& server, agent::MailWork work);
// Both.
Result<> with_mailbox(const MailFlags& flags, agent::MailWork work);

// The message that `id` names, whole.
struct Fetched {
    agent::MailItem item;
    std::string bytes;
};
Task<Result<Fetched>> fetch_message(agent::MailSource& source, const std::string& id);

// Tells what went wrong, as text and with --json as the one document; answers the exit status.
void print_json(const JsonWriter& json);
// Bytes to standard output: as they are, but to a terminal as text that cannot steer it. Errors: unavailable.
Result<> print_bytes(const std::string& bytes);

// Columns of the terminal that standard output is, else those that COLUMNS says; 0: nobody knows.
std::size_t terminal_columns();

}  // namespace packetboat::cli
