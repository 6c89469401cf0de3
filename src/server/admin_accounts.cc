#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "server/admin_commands.h"
#include "server/erasures.h"
#include "server/values.h"

namespace packetboat::server::admin {

namespace {

constexpr std::size_t list_page = 500;

Result<std::uint64_t> quota_of(const std::string& text) {
    const std::optional<std::uint64_t> bytes = parse_size(text);
    if (!bytes) return fail(ErrorCode::invalid, "not a size: " + text + " (try \"2 GiB\", or 0 for no limit)");
    return *bytes;
}

void write_account(JsonWriter& json, const directory::Account& account) {
    json.field("address", account.address.text()).field("name", account.name).field("quota_bytes", account.quota_bytes);
    json.field("enabled", account.enabled).field("created", account.created.rfc3339());
}

std::string done(const directory::Address& address) { return JsonWriter().object().field("address", address.text()).end().take(); }

// "address password [quota]": what account.import reads.
Result<directory::Directory::NewAccount> import_line(std::string_view line) {
    std::array<std::string_view, 3> fields;
    for (std::string_view& field : fields) {
        line = trim(line);
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        field = line.substr(0, end);
        line.remove_prefix(end);
    }
    if (!trim(line).empty()) return fail(ErrorCode::invalid, "more than address, password and quota");
    Result<directory::Address> address = directory::Address::parse(fields[0]);
    if (!address) return fail(std::move(address).error());
    if (fields[1].empty()) return fail(ErrorCode::invalid, "no password");
    directory::Directory::NewAccount account{
        .address = std::move(*address), .name = {}, .quota_bytes = 0, .password = std::string(fields[1])};
    if (!fields[2].empty()) {
        const Result<std::uint64_t> quota = quota_of(std::string(fields[2]));
        if (!quota) return fail(quota.error());
        account.quota_bytes = *quota;
    }
    return account;
}

Task<Result<std::string>> set_enabled(Context& context, bool enabled) {
    const Result<directory::Address> address = context.address();
    if (!address) co_return fail(address.error());
    Result<> set = co_await context.services.directory().set_enabled(*address, enabled);
    if (!set) co_return fail(std::move(set).error());
    co_return done(*address);
}

}  // namespace

std::optional<std::string> Context::arg(std::string_view name) const {
    const auto found = request.args.find(std::string(name));
    if (found == request.args.end() || found->second.empty()) return std::nullopt;
    return found->second.front();
}

Result<std::string> Context::required(std::string_view name) const {
    std::optional<std::string> value = arg(name);
    if (!value) return fail(ErrorCode::invalid, std::string(name) + " is missing");
    return std::move(*value);
}

Result<> Context::may_go_on() const {
    if (stopping.stop_requested()) return fail(ErrorCode::unavailable, "the server is stopping; the command was not finished");
    return {};
}

Result<directory::Address> Context::address(std::string_view name) const {
    const Result<std::string> text = required(name);
    if (!text) return fail(text.error());
    return directory::Address::parse(*text);
}

Task<Result<std::string>> account_add(Context& context) {
    Result<directory::Address> address = context.address();
    if (!address) co_return fail(std::move(address).error());
    const Result<std::uint64_t> quota = quota_of(context.arg("quota").value_or("0"));
    if (!quota) co_return fail(quota.error());
    const Result<directory::AccountId> id = co_await context.services.directory().add_account(
        {.address = *address, .name = context.arg("name").value_or(""), .quota_bytes = *quota, .password = context.arg("password")});
    if (!id) co_return fail(id.error());
    co_return done(*address);
}

Task<Result<std::string>> account_import(Context& context) {
    const auto lines = context.request.args.find("lines");
    if (lines == context.request.args.end()) co_return fail(ErrorCode::invalid, "lines is missing");
    std::vector<directory::Directory::NewAccount> accounts;
    for (const std::string& line : lines->second) {
        Result<directory::Directory::NewAccount> account = import_line(line);
        if (!account) co_return fail(ErrorCode::invalid, "account " + std::to_string(accounts.size() + 1) + ": " + account.error().text);
        accounts.push_back(std::move(*account));
    }
    const std::size_t count = accounts.size();
    Result<> imported = co_await context.services.directory().import_accounts(std::move(accounts));
    if (!imported) co_return fail(std::move(imported).error());
    co_return JsonWriter().object().field("imported", count).end().take();
}

Task<Result<std::string>> account_list(Context& context) {
    JsonWriter json;
    json.array();
    std::string after;
    for (;;) {
        if (Result<> on = context.may_go_on(); !on) co_return fail(std::move(on).error());
        const Result<std::vector<directory::Account>> page =
            co_await context.services.directory().accounts(context.arg("domain").value_or(""), after, list_page);
        if (!page) co_return fail(page.error());
        for (const directory::Account& account : *page) {
            write_account(json.object(), account);
            json.end();
        }
        if (page->size() < list_page) break;
        after = page->back().address.text();
    }
    co_return json.end().take();
}

Task<Result<std::string>> account_show(Context& context) {
    const Result<directory::Address> address = context.address();
    if (!address) co_return fail(address.error());
    const Result<directory::Account> account = co_await context.services.directory().account(*address);
    if (!account) co_return fail(account.error());
    const Result<mailbox::Usage> usage = co_await context.services.mail().usage(directory::account_partition(account->id));
    if (!usage) co_return fail(usage.error());
    JsonWriter json;
    write_account(json.object(), *account);
    co_return json.field("used_bytes", usage->bytes).field("emails", usage->emails).end().take();
}

Task<Result<std::string>> account_rm(Context& context) {
    const Result<directory::Address> address = context.address();
    if (!address) co_return fail(address.error());
    const Result<directory::AccountId> id = co_await context.services.directory().remove_account(*address);
    if (!id) co_return fail(id.error());
    const Result<> erased = co_await erase_removed_account(context.services, *id, context.stopping);
    if (!erased) {
        co_return fail(erased.error().code, "the account is removed, but not all of its mail is erased yet (" + erased.error().text +
                                                "); the server goes on with that by itself");
    }
    co_return done(*address);
}

Task<Result<std::string>> account_passwd(Context& context) {
    const Result<directory::Address> address = context.address();
    if (!address) co_return fail(address.error());
    Result<std::string> password = context.required("password");
    if (!password) co_return fail(std::move(password).error());
    Result<> set = co_await context.services.directory().set_password(*address, std::move(*password));
    if (!set) co_return fail(std::move(set).error());
    co_return done(*address);
}

Task<Result<std::string>> account_quota(Context& context) {
    const Result<directory::Address> address = context.address();
    if (!address) co_return fail(address.error());
    const Result<std::string> text = context.required("quota");
    if (!text) co_return fail(text.error());
    const Result<std::uint64_t> quota = quota_of(*text);
    if (!quota) co_return fail(quota.error());
    Result<> set = co_await context.services.directory().set_quota(*address, *quota);
    if (!set) co_return fail(std::move(set).error());
    co_return done(*address);
}

Task<Result<std::string>> account_enable(Context& context) { co_return co_await set_enabled(context, true); }
Task<Result<std::string>> account_disable(Context& context) { co_return co_await set_enabled(context, false); }

Task<Result<std::string>> mailbox_list(Context& context) {
    const Result<directory::Address> address = context.address();
    if (!address) co_return fail(address.error());
    const Result<directory::Account> account = co_await context.services.directory().account(*address);
    if (!account) co_return fail(account.error());
    const Result<std::vector<mailbox::Mailbox>> mailboxes =
        co_await context.services.mail().mailboxes(directory::account_partition(account->id));
    if (!mailboxes) co_return fail(mailboxes.error());
    JsonWriter json;
    json.array();
    for (const mailbox::Mailbox& mailbox : *mailboxes) {
        json.object().field("name", mailbox.name).field("role", to_string(mailbox.role)).field("emails", mailbox.emails);
        json.field("unseen", mailbox.unseen).field("bytes", mailbox.bytes).end();
    }
    co_return json.end().take();
}

}  // namespace packetboat::server::admin
