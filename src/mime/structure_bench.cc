#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/body_parts.h"
#include "mime/index.h"
#include "mime/index_record.h"
#include "mime/structure.h"
#include "mime/testing/generator.h"

// What a realistic message costs when it comes in and when IMAP asks for it: microseconds of one core's time, the median of the rounds.
// Arguments: how many messages (default 2000), rounds (default 9).
namespace {

using namespace packetboat::mime;

struct Message {
    std::string bytes;
    Index index;
    Envelope envelope;
    BodyStructure structure;
    std::string record;
};

std::vector<Message> make_messages(std::size_t count) {
    constexpr std::uint64_t seed = 20261124;
    testing::Generator generator(seed, testing::Generator::LineEnd::crlf);
    std::vector<Message> out;
    for (std::size_t i = 0; i < count; ++i) {
        Message& one = out.emplace_back();
        one.bytes = generator.next();
        one.index = index(one.bytes);
        one.envelope = envelope(one.index, one.index.parts[0], one.bytes);
        one.structure = body_structure(one.index, one.bytes);
        one.record = encode(index_record(one.index, one.bytes));
    }
    return out;
}

// Of this thread: what else the machine does in the meantime is not counted.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Task {
    std::string_view name;
    std::function<std::size_t(const Message&)> run;  // answers bytes, so that nothing is left out
    std::vector<double> microseconds{};
};

std::size_t text_size(auto&& append) {
    std::string out;
    append(out);
    return out.size();
}

std::vector<Task> all_tasks() {
    return {
        {"index", [](const Message& m) { return index(m.bytes).parts.size(); }},
        {"ENVELOPE, read", [](const Message& m) { return envelope(m.index, m.index.parts[0], m.bytes).to.size(); }},
        {"ENVELOPE, written", [](const Message& m) { return text_size([&](std::string& out) { append_envelope(out, m.envelope); }); }},
        {"BODYSTRUCTURE, read", [](const Message& m) { return body_structure(m.index, m.bytes).parts.size(); }},
        {"BODYSTRUCTURE, written",
         [](const Message& m) { return text_size([&](std::string& out) { append_body_structure(out, m.structure); }); }},
        {"JMAP body, sizes counted", [](const Message& m) { return email_body(m.index, m.bytes).parts.size(); }},
        {"index record, all of it", [](const Message& m) { return encode(index_record(index(m.bytes), m.bytes)).size(); }},
        {"index record, read back", [](const Message& m) { return decode_index_record(m.record)->structure.parts.size(); }},
    };
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = std::max<std::size_t>(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000, 1);
    const int rounds = std::max(argc > 2 ? std::atoi(argv[2]) : 9, 1);
    const std::vector<Message> messages = make_messages(count);
    std::size_t bytes = 0;
    std::size_t parts = 0;
    std::size_t record_bytes = 0;
    for (const Message& one : messages) {
        bytes += one.bytes.size();
        parts += one.index.parts.size();
        record_bytes += one.record.size();
    }
    std::printf("%zu messages of %zu bytes and %.1f parts on average; their records have %zu bytes\n", count, bytes / count,
                static_cast<double>(parts) / static_cast<double>(count), record_bytes / count);
    std::vector<Task> tasks = all_tasks();
    std::size_t kept = 0;
    for (int round = 0; round < rounds; ++round) {
        for (Task& task : tasks) {
            const double begin = cpu_seconds();
            for (const Message& one : messages) kept += task.run(one);
            task.microseconds.push_back((cpu_seconds() - begin) * 1e6 / static_cast<double>(count));
        }
    }
    for (Task& task : tasks) {
        std::ranges::sort(task.microseconds);
        std::printf("%-26.*s %8.2f us a message (%.2f to %.2f)\n", static_cast<int>(task.name.size()), task.name.data(),
                    task.microseconds[task.microseconds.size() / 2], task.microseconds.front(), task.microseconds.back());
    }
    return kept == 0 ? 1 : 0;
}
