#ifdef PACKETBOAT_GMIME

#include <fmt/format.h>
#include <gmime/gmime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mime/address.h"
#include "mime/content.h"
#include "mime/date.h"
#include "mime/decode.h"
#include "mime/index.h"
#include "mime/testing/generator.h"
#include "mime/testing/nasties.h"
#include "mime/testing/vectors.h"
#include "mime/text.h"

// Other people's mail, read by us and by somebody else: whatever is not read alike is either in the tables below with its reason, or a
// mistake.
namespace packetboat::mime {

namespace {

struct Unref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
template <class T>
using Held = std::unique_ptr<T, Unref>;

struct Leaf {
    std::string type;  // "text/plain"; of a multipart that has no parts, and of a message inside, its own
    std::string name;
    std::string bytes;
    bool encoded = false;  // in base64 or quoted-printable: its bytes are compared
};

struct Reading {
    std::string subject;
    std::string date;  // seconds; empty: there is none
    std::string from, to, cc;
    std::vector<Leaf> leaves;
};

std::string list_of(std::string_view value) {
    std::string out;
    for (const Mailbox& mailbox : mailboxes(addresses(value))) {
        out += mailbox.local + (mailbox.domain.empty() ? "" : "@" + mailbox.domain) + "\n";
    }
    return out;
}

class OurReading {
public:
    static Reading of(std::string_view message) { return OurReading(message).read(); }

private:
    explicit OurReading(std::string_view message) : message_(message), index_(index(message)) {}

    Reading read() {
        const Part& header = index_.parts.front();
        Reading out{.subject = unstructured(value(header, FieldName::subject)),
                    .from = list_of(value(header, FieldName::from)),
                    .to = list_of(value(header, FieldName::to)),
                    .cc = list_of(value(header, FieldName::cc))};
        if (const std::optional<Date> when = date(value(header, FieldName::date))) out.date = std::to_string(when->seconds);
        for (const Part& part : index_.parts) add(part, out.leaves);
        return out;
    }

    std::string_view value(const Part& part, FieldName name) const {
        const Field* field = index_.find(part, name);
        return field == nullptr ? std::string_view() : field->value.of(message_);
    }
    void add(const Part& part, std::vector<Leaf>& out) const {
        if (part.kind == Kind::multipart && part.first_child != Part::none) return;
        const Field* type_field = index_.find(part, FieldName::content_type);
        const ContentType type = content_type(value(part, FieldName::content_type));
        const TransferEncoding encoding = transfer_encoding(value(part, FieldName::content_transfer_encoding));
        Leaf leaf{.type = type.type + "/" + type.subtype};
        if (part.digest_child && type_field == nullptr) leaf.type = "message/rfc822";
        if (part.kind == Kind::leaf) {
            leaf.name = file_name(type, content_disposition(value(part, FieldName::content_disposition)));
            leaf.bytes = decode(encoding, part.body.of(message_));
            leaf.encoded = encoding == TransferEncoding::base64 || encoding == TransferEncoding::quoted_printable;
        }
        out.push_back(std::move(leaf));
    }

    std::string_view message_;
    Index index_;
};

class TheirReading {
public:
    static Reading of(std::string_view bytes) {
        g_mime_init();
        const Held<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
        const Held<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
        const std::unique_ptr<GMimeParserOptions, decltype(&g_mime_parser_options_free)> options(g_mime_parser_options_new(),
                                                                                                 &g_mime_parser_options_free);
        std::array<const char*, 3> charsets{"utf-8", "windows-1252", nullptr};
        g_mime_parser_options_set_fallback_charsets(options.get(), charsets.data());
        const Held<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), options.get()));
        Reading out;
        if (message == nullptr) return out;
        out.subject = text_of(g_mime_message_get_subject(message.get()));
        if (GDateTime* when = g_mime_message_get_date(message.get())) out.date = std::to_string(g_date_time_to_unix(when));
        add(g_mime_message_get_addresses(message.get(), GMIME_ADDRESS_TYPE_FROM), out.from);
        add(g_mime_message_get_addresses(message.get(), GMIME_ADDRESS_TYPE_TO), out.to);
        add(g_mime_message_get_addresses(message.get(), GMIME_ADDRESS_TYPE_CC), out.cc);
        add(g_mime_message_get_mime_part(message.get()), out.leaves);
        return out;
    }

private:
    static std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }
    static void add(InternetAddressList* list, std::string& out) {
        for (int i = 0; i < internet_address_list_length(list); ++i) {
            InternetAddress* address = internet_address_list_get_address(list, i);
            if (INTERNET_ADDRESS_IS_GROUP(address)) {
                add(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)), out);
            } else {
                out += text_of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address))) + "\n";
            }
        }
    }
    static void add(GMimeObject* part, std::vector<Leaf>& out) {
        if (part == nullptr) return;
        if (GMIME_IS_MULTIPART(part) && g_mime_multipart_get_count(GMIME_MULTIPART(part)) > 0) {
            for (int i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(part)); ++i) {
                add(g_mime_multipart_get_part(GMIME_MULTIPART(part), i), out);
            }
            return;
        }
        GMimeContentType* type = g_mime_object_get_content_type(part);
        out.push_back({.type = lower(text_of(g_mime_content_type_get_media_type(type)) + "/" +
                                     text_of(g_mime_content_type_get_media_subtype(type)))});
        if (GMIME_IS_PART(part)) {
            add_content(GMIME_PART(part), out.back());
        } else if (GMIME_IS_MESSAGE_PART(part)) {
            GMimeMessage* inside = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));
            if (inside != nullptr) add(g_mime_message_get_mime_part(inside), out);
        }
    }
    static void add_content(GMimePart* part, Leaf& leaf) {
        leaf.name = text_of(g_mime_part_get_filename(part));
        GMimeDataWrapper* content = g_mime_part_get_content(part);
        if (content == nullptr) return;
        const Held<GMimeStream> stream(g_mime_stream_mem_new());
        g_mime_data_wrapper_write_to_stream(content, stream.get());
        const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
        if (bytes->len > 0) leaf.bytes.assign(reinterpret_cast<const char*>(bytes->data), bytes->len);
    }
};

struct Difference {
    std::string file;
    std::string kind;
    std::string ours;
    std::string theirs;
    std::string_view message;
};

using Counts = std::map<std::string, int>;

class Comparison {
public:
    Comparison(std::string file, std::string_view message) : file_(std::move(file)), message_(message) {}

    void compare(const Reading& ours, const Reading& theirs) {
        if (theirs.leaves.empty()) {  // one difference, not one of each kind
            same("message", types(ours), "");
            return;
        }
        same("subject", ours.subject, theirs.subject);
        same("date", ours.date, theirs.date);
        same("from", ours.from, theirs.from);
        same("to", ours.to, theirs.to);
        same("cc", ours.cc, theirs.cc);
        if (!same("types", types(ours), types(theirs))) return;  // what follows would compare one part with another
        for (std::size_t i = 0; i < ours.leaves.size(); ++i) {
            same("name", ours.leaves[i].name, theirs.leaves[i].name);
            if (ours.leaves[i].encoded) same("content", ours.leaves[i].bytes, theirs.leaves[i].bytes);
        }
    }
    Counts agreed;
    std::vector<Difference> differences;

private:
    static std::string types(const Reading& reading) {
        std::string out;
        for (const Leaf& leaf : reading.leaves) out += leaf.type + "\n";
        return out;
    }
    // What is empty for both is no agreement worth counting.
    bool same(const std::string& kind, const std::string& ours, const std::string& theirs) {
        if (ours == theirs) {
            if (!ours.empty()) ++agreed[kind];
            return true;
        }
        differences.push_back({.file = file_, .kind = kind, .ours = ours, .theirs = theirs, .message = message_});
        return false;
    }

    std::string file_;
    std::string_view message_;
};

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return out;
}

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 400)) {
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else {
            out += c;
        }
    }
    return out;
}

void fail(const Difference& difference) {
    const auto [ours, theirs] = std::ranges::mismatch(difference.ours, difference.theirs);
    ADD_FAILURE() << difference.file << ": " << difference.kind << "\n  ours:   " << printable(difference.ours)
                  << "\n  theirs: " << printable(difference.theirs) << "\n  from byte " << ours - difference.ours.begin() << " of "
                  << difference.ours.size() << " and " << difference.theirs.size() << ": "
                  << printable({ours, difference.ours.end()}).substr(0, 60) << " | "
                  << printable({theirs, difference.theirs.end()}).substr(0, 60);
}

// A way in which the two differ on purpose, and how often: so that a rule hides no new mistake.
struct Rule {
    std::string_view reason;
    int collected;  // so often in the collected messages, if all of them are there
    int own;        // and so often in ours
    bool (*explains)(const Difference& difference);
};

FieldName field_of(std::string_view kind) {
    constexpr std::pair<std::string_view, FieldName> fields[] = {
        {"subject", FieldName::subject}, {"date", FieldName::date}, {"from", FieldName::from}, {"to", FieldName::to}, {"cc", FieldName::cc},
    };
    const auto* const found = std::ranges::find(fields, kind, [](const auto& field) { return field.first; });
    return found == std::end(fields) ? FieldName::content_type : found->second;
}

bool is_of_header(const Difference& difference) {
    return difference.kind == "types" || field_of(difference.kind) != FieldName::content_type;
}

// The fields of the message, and of types those of any part.
bool has_repeated_field(const Difference& difference) {
    if (!is_of_header(difference)) return false;
    const FieldName name = field_of(difference.kind);
    const Index found = index(difference.message);
    if (name == FieldName::content_type) {
        return std::ranges::any_of(found.parts,
                                   [&](const Part& part) { return std::ranges::count(found.of(part), name, &Field::known) > 1; });
    }
    std::string last;
    std::string all;
    for (const Field& field : found.of(found.parts.front())) {
        if (field.known != name) continue;
        const std::string_view value = field.value.of(difference.message);
        all += list_of(value);
        const std::optional<Date> when = date(value);
        last = name == FieldName::date ? (when ? std::to_string(when->seconds) : "") : unstructured(value);
    }
    return difference.theirs == (name == FieldName::subject || name == FieldName::date ? last : all);
}

bool has_line_in_header(const Difference& difference) {
    if (!is_of_header(difference)) return false;
    const Index found = index(difference.message);
    return !found.parts.front().header_ended && !found.parts.front().body.empty();
}

bool has_no_header(const Difference& difference) {
    const std::string_view first = difference.message.substr(0, difference.message.find('\n'));
    return difference.kind == "message" && (!first.contains(':') || first.starts_with(' '));
}

// Read as GMime does: a part without header and body is none, and a type without a subtype is no text.
bool has_bare_part_or_type(const Difference& difference) {
    if (difference.kind != "types") return false;
    const Index found = index(difference.message);
    std::vector<bool> kept(found.parts.size(), false);
    std::vector<bool> has_children(found.parts.size(), false);
    for (std::size_t i = found.parts.size(); i-- > 0;) {
        const Part& part = found.parts[i];
        kept[i] = i == 0 || !part.header.empty() || !part.body.empty();
        if (kept[i] && part.parent != Part::none) has_children[part.parent] = true;
    }
    std::string read;
    for (std::size_t i = 0; i < found.parts.size(); ++i) {
        const Part& part = found.parts[i];
        if (!kept[i] || (part.kind == Kind::multipart && has_children[i])) continue;
        const Field* field = found.find(part, FieldName::content_type);
        const std::string_view value = field == nullptr ? std::string_view() : field->value.of(difference.message);
        const ContentType type = content_type(value);
        if (field != nullptr && !value.substr(0, value.find_first_of(";=")).contains('/')) {
            read += "application/octet-stream\n";
        } else {
            read += field == nullptr && part.digest_child ? "message/rfc822\n" : type.type + "/" + type.subtype + "\n";
        }
    }
    return read == difference.theirs;
}

bool has_empty_address(const Difference& difference) {
    if (difference.kind != "from" && difference.kind != "to" && difference.kind != "cc") return false;
    std::string some;
    for (const std::string_view address : split_lines(difference.ours)) {
        if (!address.empty()) some += std::string(address) + "\n";
    }
    return some == difference.theirs;
}

bool has_backslash(const Difference& difference) {
    std::string ours = difference.ours;
    return difference.kind == "name" && std::erase(ours, '\\') > 0 && ours == difference.theirs;
}

bool has_open_group(const Difference& difference) {
    return difference.kind == "content" && difference.ours.starts_with(difference.theirs) &&
           difference.ours.size() - difference.theirs.size() <= 2;
}

std::string without_space_at_line_ends(std::string_view text) {
    std::string out;
    for (const std::string_view line : split_lines(text)) {
        out += line.substr(0, line.find_last_not_of(" \t\r") + 1);
        out += line.ends_with('\r') ? "\r\n" : "\n";
    }
    return out;
}

bool has_space_at_line_end(const Difference& difference) {
    return difference.kind == "content" && difference.ours.size() < difference.theirs.size() &&
           without_space_at_line_ends(difference.ours) == without_space_at_line_ends(difference.theirs);
}

bool has_cr_at_end(const Difference& difference) { return difference.kind == "content" && difference.ours + "\r" == difference.theirs; }

const Rule rules[] = {
    {"of a field that must be single and is repeated we read the first, GMime the last, or all", 8, 1, has_repeated_field},
    {"a line that is no field ends our header, as those of the IMAP servers; GMime reads on", 8, 0, has_line_in_header},
    {"GMime reads nothing of a message that does not begin with a field", 12, 3, has_no_header},
    {"GMime leaves out a part without header and body, and takes a type without subtype for bytes, not text", 13, 2, has_bare_part_or_type},
    {"GMime leaves out an address that is empty", 1, 0, has_empty_address},
    {"GMime takes a backslash in a quoted file name for an escape always; Windows wrote paths there", 5, 0, has_backslash},
    {"base64 that breaks off: we give the whole bytes that its last characters hold", 9, 2, has_open_group},
    {"quoted-printable: GMime keeps white space at the end of a line (RFC 2045 §6.7 (3) has it removed)", 4, 0, has_space_at_line_end},
    {"GMime keeps the CR before the last delimiter when no line end follows that", 2, 0, has_cr_at_end},
};

struct Row {
    std::string_view file;
    std::string_view kind;
    std::string_view reason;
    int times = 1;  // so many parts of the file differ
};

const Row rows[] = {
    {"cpython/data/msg_38.txt", "types", "delimiters of outer multiparts in a text; GMime drops a part of one line, which is no field"},
    {"flanker/messages/apache-message-news-mime.eml", "types", "GMime takes message/news apart as a message"},
    {"flanker/messages/bilingual-simple.eml", "subject",
     "GMime joins encoded words before decoding them, and loses what follows a word's padding"},
    {"flanker/messages/mailformed-headers.eml", "to", "GMime reads no address with 8-bit characters that are not UTF-8"},
    {"mail-parser/eml/malformed/004.eml", "types", "GMime wants the delimiter's line to end after the boundary"},
    {"mail-parser/eml/malformed/007.eml", "types", "GMime wants the delimiter's line to end after the boundary"},
    {"mail-parser/eml/malformed/016.eml", "types", "boundaries that begin with each other, longer than 70 characters: we compare 80"},
    {"mail-parser/eml/malformed/017.eml", "types", "GMime reads no parameter after a missing semicolon"},
    {"mail-parser/eml/malformed/019.eml", "types", "fuzzed: one boundary nested in itself, parts that break off in their header"},
    {"mail-parser/eml/thirdparty/002.eml", "content",
     "we read on after the padding of base64, for joined texts; GMime stops. And base64 that breaks off", 2},
    {"mime4j/testmsgs/ending-boundaries.msg", "types", "GMime wants the delimiter's line to end after the boundary"},
    {"mime4j/testmsgs/very-long-boundary.msg", "types", "a boundary of 700 characters: we compare 80 of them"},
    {"mime4j/testmsgs/very-very-long-boundary.msg", "types", "a boundary of 7000 characters: we compare 80 of them"},
    {"mimekit/messages/feedback-report.txt", "from", "GMime takes a byte order mark for a part of the first field's name"},
    {"mimekit/messages/stack-overflow.txt", "to", "an encoded word where an address should be: GMime makes one of its last characters"},
    {"mimetools/mimetools-testmsgs/multi-bad.msg", "date", "a zone of three digits, -600: GMime reads none"},
    {"ruby-mail/emails/attachment_emails/attachment_with_encoded_name.eml", "name",
     "a byte that is not of its charset: GMime gives it as it is, which is no UTF-8"},
    {"ruby-mail/emails/error_emails/bad_subject.eml", "subject",
     "GMime joins encoded words before decoding them, and loses what follows a word's padding"},
    {"ruby-mail/emails/error_emails/missing_body.eml", "to", "GMime reads no address with a colon in it"},
    {"ruby-mail/emails/mime_emails/raw_email4.eml", "types", "GMime wants the delimiter's line to end after the boundary"},
    {"ruby-mail/emails/plain_emails/mix_caps_content_type.eml", "from",
     "GMime reads no address that follows a name without angle brackets"},
    {"ruby-mail/emails/plain_emails/raw_email8.eml", "name",
     "a byte that is not of its charset: GMime gives it as it is, which is no UTF-8"},
    {"own/nul", "subject", "a NUL ends nothing, and is no text; GMime's texts end there"},
    {"own/empty_boundary", "types", "it is a multipart without parts; GMime makes a text of it"},
    {"own/text_after_delimiter", "types", "GMime wants the delimiter's line to end after the boundary"},
    {"own/type_without_type", "types", "a type that is empty is none, so the part is text/plain (RFC 2045 §5.2)"},
    {"own/continued_name", "name", "sections in another order: GMime takes the charset for a part of the name"},
    {"own/name_with_a_gap", "name", "sections count from 0 up (RFC 2231 §3); after a gap there are none"},
    {"own/quoted_printable_of_junk", "content", "a soft line break with white space behind it is one (RFC 2045 §6.7 (3))"},
    {"own/broken_addresses", "cc", "of two @ we keep both, for people to see"},
    {"own/iso_date", "date", "ISO 8601 is a date"},
    {"large/nested_messages", "types", "parts nested deeper than a hundred are leaves (limits.h); GMime stops somewhere else"},
    {"large/too_many_parts", "types", "parts beyond 10,000 stay in the last one (limits.h)"},
    {"large/too_many_fields", "subject", "fields beyond 100,000 are not listed (limits.h)"},
    {"large/too_many_addresses", "to", "addresses beyond 10,000 are left out (limits.h)"},
};

std::string line_of(const Counts& counts) {
    std::string out;
    for (const auto& [kind, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, kind);
    return out;
}

// Which differences have their reason, and whether every reason is needed as often as it says.
class Explained {
public:
    bool take(const Difference& difference) {
        const auto is_of = [&](const Row& row) { return row.file == difference.file && row.kind == difference.kind; };
        if (const auto* const row = std::ranges::find_if(rows, is_of); row != std::end(rows)) {
            ++of_rows_[static_cast<std::size_t>(row - rows)];
            return true;
        }
        for (std::size_t i = 0; i < std::size(rules); ++i) {
            if (!rules[i].explains(difference)) continue;
            ++of_rules_[i];
            return true;
        }
        return false;
    }
    int total() const {
        return std::accumulate(of_rules_.begin(), of_rules_.end(), 0) + std::accumulate(of_rows_.begin(), of_rows_.end(), 0);
    }
    // `files`: those that were read.
    void check(const std::vector<std::string>& files, int Rule::* times) const {
        for (std::size_t i = 0; i < std::size(rules); ++i) EXPECT_EQ(of_rules_[i], rules[i].*times) << rules[i].reason;
        for (std::size_t i = 0; i < std::size(rows); ++i) {
            const bool was_read = std::ranges::find(files, rows[i].file) != files.end();
            EXPECT_EQ(of_rows_[i], was_read ? rows[i].times : 0) << rows[i].file << ", " << rows[i].kind;
        }
    }

private:
    std::array<int, std::size(rules)> of_rules_{};
    std::array<int, std::size(rows)> of_rows_{};
};

struct Folder {
    std::string_view path;
    std::vector<std::string_view> extensions;
};

// mime4j and mimetools have the decoded parts in .txt files beside their messages.
const Folder folders[] = {
    {"mail-parser/eml", {".eml"}},
    {"mimekit/messages", {".eml", ".msg", ".txt"}},
    {"ruby-mail/emails", {".eml"}},
    {"cpython/data", {".txt"}},
    {"flanker/messages", {".eml", ".txt"}},
    {"mime4j/testmsgs", {".msg"}},
    {"mimetools", {".msg"}},
    {"mailparser-node", {".eml"}},
};

// Paths below mime/, sorted.
std::vector<std::string> corpus() {
    const char* given = std::getenv("PACKETBOAT_VECTORS");
    const std::filesystem::path root = std::filesystem::path(given ? given : "../shared/vectors") / "mime";
    std::vector<std::string> out;
    for (const Folder& folder : folders) {
        std::error_code absent;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder.path, absent)) {
            if (!entry.is_regular_file()) continue;
            if (std::ranges::find(folder.extensions, entry.path().extension().string()) == folder.extensions.end()) continue;
            out.push_back(entry.path().lexically_relative(root).string());
        }
    }
    std::ranges::sort(out);
    return out;
}

// Many messages, one after the other.
struct Together {
    Counts agreed;
    Explained explained;
    int messages = 0;

    void read(const std::string& file, std::string_view message) {
        Comparison comparison(file, message);
        comparison.compare(OurReading::of(message), TheirReading::of(message));
        ++messages;
        for (const auto& [kind, count] : comparison.agreed) agreed[kind] += count;
        for (const Difference& difference : comparison.differences) {
            if (!explained.take(difference)) fail(difference);
        }
    }
    void print(std::string_view kind) const {
        std::cout << messages << " " << kind << " messages, alike: " << line_of(agreed) << "; different for a reason: " << explained.total()
                  << "\n";
    }
};

}  // namespace

TEST(DifferentialGMime, generated_messages_are_read_alike) {
    Counts agreed;
    for (const auto end : {testing::Generator::LineEnd::crlf, testing::Generator::LineEnd::lf}) {
        testing::Generator generator(20261124, end);
        for (int i = 0; i < 150; ++i) {
            const std::string_view message = generator.next();
            Comparison comparison(fmt::format("generated {}", i), message);
            comparison.compare(OurReading::of(message), TheirReading::of(message));
            for (const auto& [kind, count] : comparison.agreed) agreed[kind] += count;
            for (const Difference& difference : comparison.differences) fail(difference);
        }
    }
    std::cout << "300 generated messages, alike: " << line_of(agreed) << "\n";
    for (const char* kind : {"date", "from", "to", "types"}) EXPECT_EQ(agreed[kind], 300) << kind;
    for (const char* kind : {"subject", "name", "content"}) EXPECT_GT(agreed[kind], 50) << kind;
}

TEST(DifferentialGMime, collected_messages_are_read_alike) {
    const std::vector<std::string> files = corpus();
    if (files.empty()) GTEST_SKIP() << "the collected messages are not here";
    Together together;
    for (const std::string& file : files) {
        const std::optional<std::string> message = testing::vector_file("mime/" + file);
        ASSERT_TRUE(message) << file;
        together.read(file, *message);
    }
    together.print("collected");
    EXPECT_GT(together.agreed["types"], static_cast<int>(files.size()) * 8 / 10);  // what cannot be compared proves nothing
    together.explained.check(files, &Rule::collected);
}

TEST(DifferentialGMime, nasties_are_read_alike) {
    Together together;
    std::vector<std::string> files;
    for (const testing::Nasty& nasty : testing::nasties()) {
        files.push_back("own/" + nasty.name);
        together.read(files.back(), nasty.message);
    }
    for (const testing::Nasty& nasty : testing::large_nasties()) {
        files.push_back("large/" + nasty.name);
        together.read(files.back(), nasty.message);
    }
    together.print("nasty");
    together.explained.check(files, &Rule::own);
}

}  // namespace packetboat::mime

#else

#include <gtest/gtest.h>

TEST(DifferentialGMime, generated_messages_are_read_alike) { GTEST_SKIP() << "built without GMime"; }

#endif
