#include "pop3/session/testing/world.h"

#include <algorithm>
#include <stdexcept>

#include "base/cursor.h"
#include "base/id.h"
#include "base/testing/must.h"
#include "base/testing/shared_pool.h"
#include "base/text.h"
#include "pop3/session/testing/faulty_store.h"

namespace packetboat::pop3::testing {

namespace {

using packetboat::testing::must;

std::vector<std::size_t> numbers(std::string_view text) {
    std::vector<std::size_t> out;
    Cursor in(text);
    while (!in.at_end() && text != "-") {
        out.push_back(in.number());
        in.take(' ');
    }
    return out;
}

}  // namespace

World::World(const std::vector<packetboat::testing::Setting>& settings) {
    options.hostname = "mail.example.test";
    options.stls = true;
    options.plain_text_login_without_tls = true;
    directory_limits_.hash_memory_kib = 8;
    directory_limits_.hash_passes = 1;
    directory_limits_.scram_iterations = 2;
    for (const packetboat::testing::Setting& setting : settings) set(setting);
    store_ = make_faulty_store(faults);
    mail_ = std::make_unique<mailbox::Mail>(*store_, mail_limits_);
    directory_ = std::make_unique<directory::Directory>(*store_, packetboat::testing::shared_pool(), directory_limits_);
}
World::~World() = default;

void World::set(const packetboat::testing::Setting& setting) {
    const std::string& name = setting.name;
    if (name == "message") {
        messages_.push_back(packetboat::testing::unescape(setting.value).value());
    } else if (name == "left") {
        left_ = numbers(setting.value);
    } else if (name == "plain_text") {
        options.plain_text_login_without_tls = setting.value != "no";
    } else if (name == "stls") {
        options.stls = setting.value != "no";
    } else if (name == "locked") {
        locked_ = true;
    } else if (name == "disabled") {
        disabled_ = true;
    } else {
        set_number(setting);
    }
}

void World::set_number(const packetboat::testing::Setting& setting) {
    const std::string& name = setting.name;
    const std::size_t blank = setting.value.rfind(' ');
    const std::uint64_t number = parse_u64(setting.value.substr(blank == std::string::npos ? 0 : blank + 1)).value();
    if (name == "errors_max") {
        options.limits.errors_max = number;
    } else if (name == "auth_attempts_max") {
        options.limits.auth_attempts_max = number;
    } else if (name == "command_line_max_bytes") {
        options.limits.command_line_max_bytes = number;
    } else if (name == "messages_max") {
        options.limits.messages_max = number;
    } else if (name == "removals_per_commit_max") {
        options.limits.removals_per_commit_max = number;
    } else if (name == "failures_per_account_max") {
        directory_limits_.failures_per_account_max = number;
    } else if (name == "inline_max_bytes") {
        mail_limits_.inline_body_max_bytes = number;
    } else if (name == "updates_max") {
        mail_limits_.updates_max = number;
    } else if (name == "blob_reads") {
        faults->blob_read_at = number;
    } else if (name == "writes") {
        writes_left_ = number;
    } else {
        throw std::runtime_error("unknown setting " + name);
    }
}

Task<> World::build() {
    must(co_await directory_->add_domain("example.test"));
    for (const std::string_view address : {user, std::string_view("bob@example.test")}) {
        directory::Directory::NewAccount account{.address = *directory::Address::parse(address), .password = std::string(password)};
        const Result<directory::AccountId> id = co_await directory_->add_account(std::move(account));
        must(id);
        if (address == user) account_ = directory::account_partition(*id);
    }
    for (std::string& message : messages_) co_await add_message(std::move(message));
    if (disabled_) must(co_await directory_->set_enabled(*directory::Address::parse(user), false));
    if (locked_) lock_ = mailbox::lock_maildrop(account_);
    faults->writes_left = writes_left_;
}

Task<> World::add_message(std::string text) {
    mailbox::NewEmail email;
    email.content.size_bytes = text.size();
    email.content.bytes = std::make_shared<const std::string>(std::move(text));
    email.received = Time::now();
    const Result<mailbox::Added> added = co_await mail_->add(account_, std::nullopt, std::move(email));
    must(added);
    emails_.push_back(added->id);
}

Task<> World::remove_message(std::size_t number) {
    const Result<mailbox::Mailbox> inbox = co_await mail_->mailbox(account_, mailbox::Role::inbox);
    must(inbox);
    std::vector<mailbox::Mail::EmailUpdate> updates;
    updates.push_back({.id = emails_.at(number - 1), .remove_from = {inbox->id}});
    must(co_await mail_->update(account_, std::move(updates)));
}

Task<std::string> World::check(std::string_view output) {
    lock_.reset();
    if (!mailbox::lock_maildrop(account_)) co_return "the maildrop is still locked";
    std::vector<std::size_t> left;
    const bool quit = output.find(" messages left)\r\n") != std::string_view::npos;
    if (quit && left_) {
        left = *left_;
    } else {
        for (std::size_t number = 1; number <= emails_.size(); ++number) left.push_back(number);
    }
    const Result<mailbox::Mailbox> inbox = co_await mail_->mailbox(account_, mailbox::Role::inbox);
    must(inbox);
    const Result<std::vector<mailbox::Row>> rows = co_await mail_->rows(account_, inbox->id);
    must(rows);
    const auto same = [&](const mailbox::Row& row, std::size_t number) { return row.email == emails_.at(number - 1); };
    if (!std::equal(rows->begin(), rows->end(), left.begin(), left.end(), same))
        co_return std::to_string(rows->size()) + " messages are left, or others than there should be";
    const Result<std::vector<store::Finding>> findings = co_await mail_->verify(account_);
    must(findings);
    co_return findings->empty() ? std::string() : findings->front().what;
}

}  // namespace packetboat::pop3::testing
