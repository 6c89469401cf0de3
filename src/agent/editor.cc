#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <variant>

#include "agent/compose.h"
#include "agent/program.h"
#include "base/id.h"
#include "base/text.h"
#include "mime/index.h"
#include "mime/text.h"

// A draft in the user's editor.
namespace packetboat::agent {

namespace {

// As people write it: no encoded words.
std::string readable(const mime::Mailbox& mailbox) {
    if (mailbox.name.empty()) return mailbox.address();
    if (is_ascii(mailbox.name)) return mime::serialize(mailbox);
    std::string quoted;
    for (const char c : mailbox.name) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return "\"" + quoted + "\" <" + mailbox.address() + ">";
}

std::string readable(const std::vector<mime::Mailbox>& mailboxes) {
    std::string out;
    for (const mime::Mailbox& mailbox : mailboxes) out += (out.empty() ? "" : ", ") + readable(mailbox);
    return out;
}

std::string readable(const mime::AddressList& list) {
    std::string out;
    for (const mime::Address& address : list) {
        if (!out.empty()) out += ", ";
        const auto* group = std::get_if<mime::Group>(&address);
        if (group && !is_ascii(group->name)) {
            out += "\"" + group->name + "\": " + readable(group->members) + ";";
        } else {
            out += group ? mime::serialize(mime::AddressList{address}) : readable(std::get<mime::Mailbox>(address));
        }
    }
    return out;
}

struct ListField {
    std::string_view name;
    mime::AddressList mime::Draft::* member;
};
constexpr ListField list_fields[] = {{"To", &mime::Draft::to}, {"Cc", &mime::Draft::cc}, {"Bcc", &mime::Draft::bcc}};

Result<> take_field(mime::Draft& draft, std::string_view name, const std::string& value) {
    if (iequals(name, "subject")) {
        draft.subject = value;
        return {};
    }
    if (iequals(name, "from")) {
        if (value.empty()) return {};
        const Result<mime::Mailbox> sender = parse_sender(value);
        if (!sender) return fail(sender.error().code, "From: " + sender.error().text);
        draft.from = {*sender};
        return {};
    }
    for (const ListField& field : list_fields) {
        if (!iequals(name, field.name)) continue;
        if (value.empty()) {
            (draft.*field.member).clear();
            return {};
        }
        Result<mime::AddressList> list = parse_recipients(value);
        if (!list) return fail(list.error().code, std::string(field.name) + ": " + list.error().text);
        draft.*field.member = std::move(*list);
        return {};
    }
    return fail(ErrorCode::invalid, "\"" + escape_control(name) + "\" is no field that can be edited (From, To, Cc, Bcc, Subject)");
}

Result<> write_new(const std::filesystem::path& file, std::string_view text) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    const auto failed = [&] { return fail(ErrorCode::unavailable, "cannot write " + file.string() + ": " + std::strerror(errno)); };
    if (descriptor < 0) return failed();
    Result<> done;
    while (done && !text.empty()) {
        const ssize_t wrote = ::write(descriptor, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) done = failed();
        if (wrote > 0) text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (::close(descriptor) != 0 && done) done = failed();
    return done;
}

std::filesystem::path temporary_folder() {
    std::error_code none;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(none);
    return none ? std::filesystem::path("/tmp") : folder;
}

// With a message's ending, so that editors know what it is.
std::filesystem::path new_name() { return temporary_folder() / ("packetboat-" + Id128::random().text() + ".eml"); }

Result<std::string> text_from_editor(const std::string& before) {
    const std::filesystem::path file = new_name();
    if (const Result<> written = write_new(file, before); !written) return fail(written.error());
    const Result<> edited = edit(file);
    Result<std::string> after = read_text(file);
    if (edited && after) {
        ::unlink(file.c_str());
        return after;
    }
    // An editor that ends badly may have saved an hour's work before.
    const Error error = edited ? after.error() : edited.error();
    const bool untouched = after ? *after == before : after.error().code == ErrorCode::not_found;
    if (untouched) ::unlink(file.c_str());
    return fail(error.code, error.text + (untouched ? "" : "; the text is kept in " + file.string()));
}

}  // namespace

std::string editor_text(const mime::Draft& draft) {
    std::string out = "From: " + readable(draft.from) + "\n";
    out += "To: " + readable(draft.to) + "\nCc: " + readable(draft.cc) + "\nBcc: " + readable(draft.bcc) + "\n";
    // An encoded word that somebody typed is text here, and would be decoded when it is read back.
    out += "Subject: " + mime::unfold(draft.subject) + "\n\n";
    return out + draft.text.value_or("");
}

Result<> take_editor_text(mime::Draft& draft, std::string_view text) {
    const mime::Index index = mime::index_header(text);
    for (const mime::Field& field : index.of(index.parts[0])) {
        const std::string value = mime::unfold(field.value.of(text));
        if (Result<> taken = take_field(draft, trim(field.name.of(text)), value); !taken) return taken;
    }
    std::string_view body = index.parts[0].body.of(text);
    draft.text = std::string(body);
    return {};
}

Result<> compose_in_editor(mime::Draft& draft) {
    const std::string before = editor_text(draft);
    const Result<std::string> after = text_from_editor(before);
    if (!after) return fail(after.error());
    if (*after == before || trim(*after).empty()) return fail(ErrorCode::closed, "nothing was written, and nothing is sent");
    Result<> taken = take_editor_text(draft, *after);
    if (taken) return taken;
    const Result<std::filesystem::path> kept = keep_text(*after);
    return fail(taken.error().code, taken.error().text + (kept ? "; the text is kept in " + kept->string() : ""));
}

Result<std::filesystem::path> keep_text(std::string_view text) {
    std::filesystem::path file = new_name();
    if (const Result<> written = write_new(file, text); !written) return fail(written.error());
    return file;
}

}  // namespace packetboat::agent
