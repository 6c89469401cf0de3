#include "cli/inbox.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "agent/search.h"
#include "agent/summary.h"
#include "cli/mail_flags.h"

namespace packetboat::cli {

namespace {

using agent::MailItem;
using agent::MailSource;
using agent::Summary;

struct ListOptions {
    std::size_t limit = 100;
    bool reverse = false;
    std::vector<std::string> words;  // of a search
};

void print_rows(const Global& global, const ListOptions& options, std::vector<Summary> rows) {
    if (options.reverse) std::ranges::reverse(rows);
    if (!global.json) {
        if (!rows.empty()) std::fputs(agent::summary_table(rows, terminal_columns()).c_str(), stdout);
        return;
    }
    JsonWriter json;
    json.array();
    for (const Summary& row : rows) {
        json.object().field("number", row.item.number).field("uid", row.item.uid).field("date", row.date);
        json.field("from", row.from).field("address", row.address).field("subject", row.subject);
        json.field("size", row.item.size_bytes).field("attachment", row.attachment).end();
    }
    print_json(json.end());
}

int list_inbox(const Global& global, const MailFlags& flags, const ListOptions& options) {
    std::vector<Summary> rows;
    std::size_t all = 0;
    const auto work = [&](MailSource& source) -> Task<Result<>> {
        Result<std::vector<MailItem>> items = co_await source.list();
        if (!items) co_return fail(items.error());
        all = items->size();
        if (options.limit > 0 && all > options.limit)
            items->erase(items->begin(), items->end() - static_cast<std::ptrdiff_t>(options.limit));
        Result<std::vector<Summary>> got = co_await agent::summaries(source, std::move(*items));
        if (!got) co_return fail(got.error());
        rows = std::move(*got);
        co_return Result<>{};
    };
    if (const Result<> done = with_mailbox(flags, work); !done) return complain(global, done.error());
    const std::size_t shown = rows.size();
    print_rows(global, options, std::move(rows));
    if (!global.quiet && shown < all) std::fprintf(stderr, "The newest %zu of %zu messages (--limit 0 shows all).\n", shown, all);
    if (!global.quiet && all == 0) std::fputs("There is no mail.\n", stderr);
    return 0;
}

int search_inbox(const Global& global, const MailFlags& flags, const ListOptions& options) {
    const Result<agent::Search> search = agent::Search::parse(options.words);
    if (!search) return complain(global, search.error());
    const bool progress = !global.quiet && isatty(STDERR_FILENO) != 0;
    const auto looked = [](std::size_t looked_at, std::size_t of) { std::fprintf(stderr, "\r%zu of %zu", looked_at, of); };
    std::vector<Summary> rows;
    const auto work = [&](MailSource& source) -> Task<Result<>> {
        Result<std::vector<MailItem>> items = co_await source.list();
        if (!items) co_return fail(items.error());
        Result<std::vector<Summary>> got =
            co_await agent::found(source, std::move(*items), *search, progress ? agent::Looked(looked) : agent::Looked());
        if (!got) co_return fail(got.error());
        rows = std::move(*got);
        co_return Result<>{};
    };
    const Result<> done = with_mailbox(flags, work);
    if (progress) std::fputs("\r                    \r", stderr);
    if (!done) return complain(global, done.error());
    if (options.limit > 0 && rows.size() > options.limit) rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(options.limit));
    const bool none = rows.empty();
    print_rows(global, options, std::move(rows));
    if (!global.quiet && none) std::fputs("No message matches.\n", stderr);
    return 0;
}

int delete_messages(const Global& global, const MailFlags& flags, const std::vector<std::string>& ids) {
    std::vector<MailItem> deleted;
    const auto work = [&](MailSource& source) -> Task<Result<>> {
        const Result<std::vector<MailItem>> items = co_await source.list();
        if (!items) co_return fail(items.error());
        // All of them, or none.
        std::vector<std::uint64_t> numbers;
        for (const std::string& id : ids) {
            const Result<MailItem> item = agent::find_item(*items, id);
            if (!item) co_return fail(item.error());
            if (std::ranges::find(numbers, item->number) != numbers.end()) continue;
            numbers.push_back(item->number);
            deleted.push_back(*item);
        }
        co_return co_await source.remove(std::move(numbers));
    };
    if (const Result<> done = with_mailbox(flags, work); !done) return complain(global, done.error());
    if (global.json) {
        JsonWriter json;
        json.object().key("deleted").array();
        for (const MailItem& item : deleted) json.object().field("number", item.number).field("uid", item.uid).end();
        print_json(json.end().end());
    } else if (!global.quiet) {
        std::printf("%zu deleted\n", deleted.size());
    }
    return 0;
}

void add_list_options(CLI::App& command, ListOptions& options) {
    command.add_option("--limit", options.limit, "At most so many, the newest; 0: all");
    command.add_flag("--reverse", options.reverse, "Newest first");
}

}  // namespace

void add_inbox(CLI::App& app, const Global& global, int& exit) {
    CLI::App& inbox = *app.add_subcommand("inbox", "List the mail that is there, newest last");
    const auto listed = std::make_shared<ListOptions>();
    add_list_options(inbox, *listed);
    const std::shared_ptr<MailFlags> inbox_flags = add_mail_flags(inbox);
    inbox.callback([listed, inbox_flags, &global, &exit] { exit = list_inbox(global, *inbox_flags, *listed); });

    CLI::App& search = *app.add_subcommand("search", "List the mail in which all of these are found");
    const auto searched = std::make_shared<ListOptions>(ListOptions{.limit = 0});
    search.add_option("words", searched->words, "word from: to: subject: body: since:YYYY-MM-DD before:YYYY-MM-DD has:attachment")
        ->required();
    add_list_options(search, *searched);
    const std::shared_ptr<MailFlags> search_flags = add_mail_flags(search);
    search.callback([searched, search_flags, &global, &exit] { exit = search_inbox(global, *search_flags, *searched); });

    CLI::App& remove = *app.add_subcommand("delete", "Delete messages for good");
    const auto ids = std::make_shared<std::vector<std::string>>();
    remove.add_option("id", *ids, "Numbers or unique ids, as inbox shows them")->required();
    const std::shared_ptr<MailFlags> remove_flags = add_mail_flags(remove);
    remove.callback([ids, remove_flags, &global, &exit] { exit = delete_messages(global, *remove_flags, *ids); });
}

}  // namespace packetboat::cli
