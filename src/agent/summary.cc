#include "agent/summary.h"

#include <algorithm>
#include <utility>

#include "agent/letter.h"
#include "agent/show.h"
#include "agent/table.h"
#include "mime/address.h"
#include "mime/content.h"
#include "mime/index.h"
#include "mime/text.h"

namespace packetboat::agent {

namespace {

constexpr std::size_t headers_at_once = 200;

std::string_view value_of(const mime::Index& index, std::string_view header, mime::FieldName name) {
    const mime::Field* field = index.find(index.parts[0], name);
    return field ? field->value.of(header) : std::string_view();
}

bool says_attachment(const mime::Index& index, std::string_view header) {
    const mime::ContentType type = mime::content_type(value_of(index, header, mime::FieldName::content_type));
    if (type.is_multipart()) return type.subtype == "mixed";
    return type.type != "text" && type.type != "message";
}

// Takes the next headers, from `begin` on.
Task<std::vector<Result<std::string>>> next_headers(MailSource& source, const std::vector<MailItem>& items, std::size_t begin) {
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = begin; i < std::min(begin + headers_at_once, items.size()); ++i) numbers.push_back(items[i].number);
    co_return co_await source.headers(std::move(numbers));
}

}  // namespace

Summary summary_of(MailItem item, std::string_view header) {
    using enum mime::FieldName;
    const mime::Index index = mime::index_header(header);
    const std::string_view author = value_of(index, header, from);
    const std::vector<mime::Mailbox> authors = mime::mailboxes(mime::addresses(author));
    return {.item = std::move(item),
            .date = date_text(value_of(index, header, date)),
            .from = sender_text(author),
            .address = authors.empty() ? std::string() : authors.front().address(),
            .subject = mime::unstructured(value_of(index, header, subject)),
            .attachment = says_attachment(index, header)};
}

Task<Result<std::vector<Summary>>> summaries(MailSource& source, std::vector<MailItem> items) {
    std::vector<Summary> rows;
    for (std::size_t begin = 0; begin < items.size(); begin += headers_at_once) {
        const std::vector<Result<std::string>> headers = co_await next_headers(source, items, begin);
        for (std::size_t i = 0; i < headers.size(); ++i) {
            if (headers[i]) rows.push_back(summary_of(items[begin + i], *headers[i]));
            if (!headers[i] && headers[i].error().code != ErrorCode::not_found) co_return fail(headers[i].error());
        }
    }
    co_return rows;
}

Task<Result<std::vector<Summary>>> found(MailSource& source, std::vector<MailItem> items, const Search& search, const Looked& looked) {
    std::vector<Summary> rows;
    for (std::size_t begin = 0; begin < items.size(); begin += headers_at_once) {
        const std::vector<Result<std::string>> headers = co_await next_headers(source, items, begin);
        for (std::size_t i = 0; i < headers.size(); ++i) {
            if (looked) looked(begin + i, items.size());
            if (!headers[i] && headers[i].error().code == ErrorCode::not_found) continue;
            if (!headers[i]) co_return fail(headers[i].error());
            const MailItem& item = items[begin + i];
            if (!search.can_match(mime::index_header(*headers[i]), *headers[i])) continue;
            if (search.needs_whole_message()) {
                Result<std::string> whole = co_await source.fetch(item.number);
                if (!whole && whole.error().code == ErrorCode::not_found) continue;
                if (!whole) co_return fail(whole.error());
                if (const Letter letter(std::move(*whole)); !search.matches(letter)) continue;
            }
            rows.push_back(summary_of(item, *headers[i]));
        }
    }
    co_return rows;
}

std::string summary_table(const std::vector<Summary>& rows, std::size_t columns) {
    constexpr std::size_t from_max = 30;
    std::vector<std::vector<std::string>> cells;
    for (const Summary& row : rows) {
        cells.push_back(
            {std::to_string(row.item.number), row.date, row.from, row.subject, size_text(row.item.size_bytes), row.attachment ? "+" : ""});
    }
    const Column head[] = {{.title = "NUMBER", .to_the_right = true},
                           {.title = "DATE", .shrinks_to = 10, .left_out = 3},
                           {.title = "FROM", .shrinks_to = 8, .max = from_max, .left_out = 4},
                           {.title = "SUBJECT", .shrinks_to = 8},
                           {.title = "SIZE", .to_the_right = true, .left_out = 2},
                           {.title = "+", .left_out = 1}};
    return table(head, cells, columns);
}

}  // namespace packetboat::agent
