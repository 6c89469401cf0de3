#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "mime/address.h"
#include "mime/content.h"
#include "mime/date.h"
#include "mime/decode.h"
#include "mime/index.h"
#include "mime/testing/generator.h"
#include "mime/testing/nasties.h"
#include "mime/text.h"

// What mime/ reads of messages, for tests that compare it with what others read (mime_differential_test.py).
//   mime_dump FILE…                            a line of JSON for every file, which is one message
//   mime_dump --generate FOLDER COUNT lf|crlf  writes generated messages, the same every time
//   mime_dump --nasties FOLDER                 writes those of testing/nasties.h into FOLDER/own and FOLDER/large
namespace {

using namespace packetboat;
using namespace packetboat::mime;

std::string sha256(std::string_view bytes) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
    std::string out;
    for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
    return out;
}

class Dump {
public:
    explicit Dump(std::string_view message) : message_(message), index_(index(message)) {}

    std::string line(std::string_view name) {
        const Part& root = index_.parts.front();
        json_.object().field("file", name).field("subject", unstructured(value(root, FieldName::subject)));
        if (const std::optional<Date> sent = date(value(root, FieldName::date))) {
            json_.field("date", sent->seconds);
        } else {
            json_.key("date").null();
        }
        addresses_field("from", root, FieldName::from);
        addresses_field("to", root, FieldName::to);
        addresses_field("cc", root, FieldName::cc);
        json_.key("message_id").array();
        for (const std::string& id : message_ids(value(root, FieldName::message_id))) json_.value(id);
        json_.end().key("part");
        part(0);
        return json_.end().take();
    }

private:
    std::string_view value(const Part& part, FieldName name) const {
        const Field* field = index_.find(part, name);
        return field == nullptr ? std::string_view() : field->value.of(message_);
    }

    void addresses_field(std::string_view name, const Part& root, FieldName field) {
        json_.key(name).array();
        for (const Mailbox& one : mailboxes(addresses(value(root, field)))) {
            const std::string address = one.local + (one.domain.empty() ? "" : "@" + one.domain);
            json_.object().field("name", one.name).field("address", address).end();
        }
        json_.end();
    }

    // As deep as the index goes: Limits::nesting_max.
    void part(std::uint32_t number) {
        const Part& one = index_.parts[number];
        ContentType type = content_type(value(one, FieldName::content_type));
        if (one.digest_child && index_.find(one, FieldName::content_type) == nullptr) type = content_type("message/rfc822");
        const std::optional<ContentDisposition> disposition = content_disposition(value(one, FieldName::content_disposition));
        const std::string bytes = decode(transfer_encoding(value(one, FieldName::content_transfer_encoding)), one.body.of(message_));
        json_.object().field("type", type.type + "/" + type.subtype).field("charset", lower(type.parameter("charset")));
        json_.field("disposition", disposition ? disposition->type : "").field("name", file_name(type, disposition));
        json_.field("size", bytes.size()).field("sha256", sha256(bytes)).key("parts").array();
        for (std::uint32_t child = one.first_child; child != Part::none; child = index_.parts[child].next) part(child);
        json_.end().end();
    }

    std::string_view message_;
    Index index_;
    JsonWriter json_;
};

int generate(const std::string& folder, std::size_t count, std::string_view line_end) {
    constexpr std::uint64_t seed = 20261124;
    testing::Generator generator(seed, line_end == "lf" ? testing::Generator::LineEnd::lf : testing::Generator::LineEnd::crlf);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view message = generator.next();
        std::ofstream file(fmt::format("{}/{}-{:04}.eml", folder, line_end, i), std::ios::binary);
        file.write(message.data(), static_cast<std::streamsize>(message.size())).flush();
        if (!file) return 1;
    }
    return 0;
}

int write_nasties(const std::filesystem::path& folder) {
    const std::pair<const char*, std::vector<testing::Nasty>> kinds[] = {{"own", testing::nasties()}, {"large", testing::large_nasties()}};
    for (const auto& [kind, nasties] : kinds) {
        std::filesystem::create_directories(folder / kind);
        for (const testing::Nasty& nasty : nasties) {
            std::ofstream file(folder / kind / nasty.name, std::ios::binary);
            file.write(nasty.message.data(), static_cast<std::streamsize>(nasty.message.size())).flush();
            if (!file) return 1;
        }
    }
    return 0;
}

int dump(const char* name) {
    std::ifstream file(name, std::ios::binary);
    const std::string message{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open()) {
        std::fprintf(stderr, "cannot read %s\n", name);
        return 1;
    }
    std::printf("%s\n", Dump(message).line(name).c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 5 && std::string_view(argv[1]) == "--generate") return generate(argv[2], std::strtoull(argv[3], nullptr, 10), argv[4]);
    if (argc == 3 && std::string_view(argv[1]) == "--nasties") return write_nasties(argv[2]);
    int status = 0;
    for (int i = 1; i < argc; ++i) status = std::max(status, dump(argv[i]));
    return status;
}
