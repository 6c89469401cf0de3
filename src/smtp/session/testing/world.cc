#include "smtp/session/testing/world.h"

#include <algorithm>
#include <stdexcept>

#include "base/cursor.h"
#include "base/id.h"
#include "base/testing/must.h"
#include "base/testing/shared_pool.h"
#include "base/text.h"
#include "store/memory.h"

namespace packetboat::smtp::testing {

namespace {

using packetboat::testing::must;

std::uint64_t number(std::string_view text) {
    const std::optional<std::uint64_t> value = parse_u64(text);
    if (!value) throw std::runtime_error("not a number: " + std::string(text));
    return *value;
}

// "NAME rest" in its two parts.
std::pair<std::string, std::string> split(std::string_view text) {
    const std::size_t space = std::min(text.find(' '), text.size());
    return {std::string(text.substr(0, space)), std::string(trim(text.substr(space)))};
}

constexpr std::size_t id_bytes = 26;

// The ids of the messages for which we have taken responsibility.
std::set<std::string> promised(std::string_view output) {
    std::set<std::string> ids;
    for (const std::string_view words : {"Ok: stored as ", "Ok: queued as "}) {
        for (std::size_t at = output.find(words); at != std::string_view::npos; at = output.find(words, at + 1))
            ids.emplace(output.substr(at + words.size(), id_bytes));
    }
    return ids;
}

std::string id_of(std::string_view message) {
    constexpr std::string_view word = "\r\n\tid ";
    const std::size_t at = message.find(word);
    return at == std::string_view::npos ? std::string(message) : std::string(message.substr(at + word.size(), id_bytes));
}

}  // namespace

World::World(const std::vector<packetboat::testing::Setting>& settings) {
    options.hostname = "mail.example.test";
    options.default_domain = "example.test";
    for (const packetboat::testing::Setting& setting : settings) set(setting);
    directory::Limits cheap;
    cheap.hash_memory_kib = 8;
    cheap.hash_passes = 1;
    cheap.scram_iterations = 2;
    store_ = store::make_memory_store();
    mail_ = std::make_unique<mailbox::Mail>(*store_, mailbox::Limits{});
    directory_ = std::make_unique<directory::Directory>(*store_, packetboat::testing::shared_pool(), cheap);
    queue_ = std::make_unique<delivery::Queue>(*store_, queue_limits_);
    delivery_ = std::make_unique<delivery::Delivery>(*store_, *directory_, *mail_, *queue_, delivery_limits_);
}
World::~World() = default;

void World::set_switch(std::string_view name) {
    if (name == "starttls") {
        options.starttls = true;
    } else if (name == "require_tls") {
        options.require_tls = true;
    } else if (name == "plain_text") {
        options.plain_text_auth_without_tls = true;
    } else if (name == "auth_without_tls") {
        options.require_tls_for_auth = false;
    } else if (name == "strict") {
        options.strict_syntax = true;
    } else if (name == "normalise") {
        options.bare_newlines = wire::BareNewlines::normalise;
    } else {
        throw std::runtime_error("unknown setting " + std::string(name));
    }
}

void World::set_limit(std::string_view value) {
    const auto [name, text] = split(value);
    if (name == "future_release") {
        options.limits.future_release_max = std::chrono::seconds(number(text));
        return;
    }
    const std::map<std::string, std::uint64_t Limits::*> limits = {
        {"command_line", &Limits::command_line_max_bytes},
        {"auth_line", &Limits::auth_line_max_bytes},
        {"message", &Limits::message_max_bytes},
        {"text_line", &Limits::text_line_max_bytes},
        {"header", &Limits::header_max_bytes},
        {"received", &Limits::received_max},
        {"recipients", &Limits::recipients_max},
        {"places", &Limits::places_max},
        {"transactions", &Limits::transactions_max},
        {"errors", &Limits::errors_max},
        {"junk_commands", &Limits::junk_commands_max},
        {"unknown_recipients", &Limits::unknown_recipients_max},
        {"auth_attempts", &Limits::auth_attempts_max},
    };
    options.limits.*limits.at(name) = number(text);
}

void World::set(const packetboat::testing::Setting& setting) {
    const auto [name, value] = split(setting.value);
    if (setting.name == "role") {
        options.role = name == "mx" ? Role::mx : name == "lmtp" ? Role::lmtp : Role::submission;
    } else if (setting.name == "default_domain") {
        options.default_domain = name == "none" ? "" : name;
    } else if (setting.name == "limit") {
        set_limit(setting.value);
    } else if (setting.name == "quota") {
        quotas_[name] = number(value);
    } else if (setting.name == "queue_max") {
        queue_limits_.entries_max = number(name);
    } else if (setting.name == "memory_max") {
        delivery_limits_.memory_max_bytes = number(name);
    } else if (setting.name == "spool_above") {
        delivery_limits_.spool_above_bytes = number(name);
    } else if (setting.name == "queued") {
        expectations_.push_back({"queued", "", name});
    } else if (setting.name == "stored" || setting.name == "contains" || setting.name == "lacks") {
        expectations_.push_back({setting.name, name, packetboat::testing::unescape(value).value()});
    } else {
        set_switch(setting.name);
    }
}

Task<> World::build() {
    must(co_await directory_->add_domain("example.test"));
    for (const std::string name : {"alice", "bob"}) {
        directory::Directory::NewAccount account{.address = must(directory::Address::from_parts(name, "example.test")), .name = name};
        account.quota_bytes = quotas_[name];
        if (options.role == Role::submission) account.password = password;
        accounts_[name] = directory::account_partition(must(co_await directory_->add_account(std::move(account))));
    }
    const directory::Address alice = must(directory::Address::parse("alice@example.test"));
    const directory::Address bob = must(directory::Address::parse("bob@example.test"));
    must(co_await directory_->add_alias({.address = must(directory::Address::parse("team@example.test")), .targets = {alice, bob}}));
    must(co_await directory_->add_alias({.address = must(directory::Address::parse("away@example.test")),
                                         .targets = {must(directory::Address::parse("someone@elsewhere.example"))}}));
}

Task<std::vector<std::string>> World::inbox(std::string name) {
    std::vector<std::string> messages;
    const store::Partition account = accounts_.at(name);
    const Result<mailbox::Mailbox> inbox = co_await mail_->mailbox(account, mailbox::Role::inbox);
    if (!inbox) co_return messages;  // there was never any mail
    for (const mailbox::Row& row : must(co_await mail_->rows(account, inbox->id))) {
        const std::unique_ptr<mailbox::Body> body = must(co_await mail_->body(account, row.email));
        std::string& message = messages.emplace_back();
        for (;;) {
            const std::string piece = must(co_await body->next());
            if (piece.empty()) break;
            message += piece;
        }
    }
    co_return messages;
}

Task<std::string> World::check(std::string_view output, bool complete) {
    std::set<std::string> kept;
    std::map<std::string, std::vector<std::string>> inboxes;
    for (const auto& [name, account] : accounts_) {
        inboxes[name] = co_await inbox(name);
        for (const std::string& message : inboxes[name]) {
            if (!message.starts_with("Return-Path: <")) co_return "a message without Return-Path: " + message;
            kept.insert(id_of(message));
        }
    }
    const std::vector<delivery::QueueEntry> queued = must(co_await queue_->list({}, 1000));
    for (const delivery::QueueEntry& entry : queued) kept.insert(entry.id.text());
    for (const std::string& id : promised(output)) {
        if (kept.erase(id) == 0) co_return "250 was said, but there is no message " + id;
    }
    if (!kept.empty()) co_return "there is a message for which 250 was not said: " + *kept.begin();
    if (complete) co_return co_await check_expectations(inboxes, queued.size());
    co_return std::string();
}

Task<std::string> World::check_expectations(const std::map<std::string, std::vector<std::string>>& inboxes, std::uint64_t queued) {
    for (const Expectation& expected : expectations_) {
        if (expected.what == "queued") {
            if (queued != number(expected.value)) co_return "there are " + std::to_string(queued) + " messages in the queue";
            continue;
        }
        const std::vector<std::string>& messages = inboxes.at(expected.name);
        if (expected.what == "stored") {
            if (messages.size() != number(expected.value))
                co_return expected.name + " has " + std::to_string(messages.size()) + " messages";
            continue;
        }
        const bool contained =
            std::ranges::any_of(messages, [&](const std::string& one) { return one.find(expected.value) != std::string::npos; });
        if (contained != (expected.what == "contains"))
            co_return expected.what + " " + expected.name + " «" + escape_control(expected.value) + "» is not so" +
                (messages.empty() ? "" : ": " + escape_control(messages.back()));
    }
    co_return std::string();
}

}  // namespace packetboat::smtp::testing
