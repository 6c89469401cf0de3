#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/index.h"
#include "mime/scan.h"
#include "mime/testing/generator.h"

#ifdef PACKETBOAT_GMIME
#include <gmime/gmime.h>
#endif

// How fast the messages of an mbox are indexed on one core, by its CPU time; beside it, in the same run and turn by turn, GMime's parse of
// the same bytes where it was found when this was configured. Arguments: bytes of the mbox (default 1 GB), rounds (default 5), "lf" or
// "crlf".
namespace {

using namespace packetboat::mime;

struct Mbox {
    std::string bytes;
    std::vector<std::string_view> messages;  // without their separators
};

Mbox make_mbox(std::size_t size_bytes, testing::Generator::LineEnd line_end) {
    constexpr std::uint64_t seed = 20261124;
    testing::Generator generator(seed, line_end);
    const std::string_view separator = "From bounce@example.com Tue Nov 24 08:01:42 2026";
    const std::string_view end = line_end == testing::Generator::LineEnd::lf ? "\n" : "\r\n";
    struct Place {
        std::size_t begin;
        std::size_t end;
    };
    std::vector<Place> places;
    Mbox mbox;
    mbox.bytes.reserve(size_bytes + 8 * 1024 * 1024);
    while (mbox.bytes.size() < size_bytes) {
        (mbox.bytes += separator) += end;
        const std::size_t begin = mbox.bytes.size();
        mbox.bytes += generator.next();
        places.push_back({begin, mbox.bytes.size()});
        mbox.bytes += end;
    }
    for (const Place& place : places) mbox.messages.push_back(std::string_view(mbox.bytes).substr(place.begin, place.end - place.begin));
    return mbox;
}

struct Count {
    std::size_t messages = 0;
    std::size_t parts = 0;
};

class OurRun {
public:
    explicit OurRun(const Mbox& mbox) : mbox_(mbox) {}

    Count operator()() const {
        Count count;
        for (const std::string_view message : mbox_.messages) {
            ++count.messages;
            count.parts += index(message).parts.size();
        }
        return count;
    }

private:
    const Mbox& mbox_;
};

#ifdef PACKETBOAT_GMIME

// A memory stream over the mbox, which GMime's own references of contents point into as our ranges point into the bytes.
class GMimeRun {
public:
    explicit GMimeRun(const Mbox& mbox) : mbox_(mbox), stream_(g_mime_stream_mem_new_with_buffer(mbox.bytes.data(), mbox.bytes.size())) {}
    ~GMimeRun() { g_object_unref(stream_); }
    GMimeRun(const GMimeRun&) = delete;
    GMimeRun& operator=(const GMimeRun&) = delete;

    // It looks for the separators itself.
    Count as_mbox() const {
        Count count;
        g_mime_stream_reset(stream_);
        GMimeParser* parser = g_mime_parser_new_with_stream(stream_);
        g_mime_parser_set_format(parser, GMIME_FORMAT_MBOX);
        while (g_mime_parser_eos(parser) == FALSE) add(g_mime_parser_construct_message(parser, nullptr), count);
        g_object_unref(parser);
        return count;
    }

    // It is told where the messages are, as we are.
    Count by_message() const {
        Count count;
        for (const std::string_view message : mbox_.messages) {
            const auto begin = static_cast<gint64>(message.data() - mbox_.bytes.data());
            GMimeStream* part = g_mime_stream_substream(stream_, begin, begin + static_cast<gint64>(message.size()));
            GMimeParser* parser = g_mime_parser_new_with_stream(part);
            add(g_mime_parser_construct_message(parser, nullptr), count);
            g_object_unref(parser);
            g_object_unref(part);
        }
        return count;
    }

private:
    static void count_part(GMimeObject*, GMimeObject*, gpointer count) { ++static_cast<Count*>(count)->parts; }

    static void add(GMimeMessage* message, Count& count) {
        if (message == nullptr) return;
        ++count.messages;
        g_mime_message_foreach(message, count_part, &count);
        g_object_unref(message);
    }

    const Mbox& mbox_;
    GMimeStream* stream_;
};

#endif

struct Contender {
    std::string name;
    std::function<Count()> run;
    Count count;
    std::vector<double> rates{};  // GB/s, a round each

    double median() const {
        std::vector<double> sorted = rates;
        std::ranges::sort(sorted);
        return sorted[sorted.size() / 2];
    }
};

// Of this thread on its core: what else the machine does in the meantime is not counted, only felt in the caches.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void run_round(Contender& contender, std::size_t bytes) {
    const double begin = cpu_seconds();
    contender.count = contender.run();
    contender.rates.push_back(static_cast<double>(bytes) / (cpu_seconds() - begin) / 1e9);
}

void print(const Contender& contender, double ours) {
    const auto [least, most] = std::ranges::minmax(contender.rates);
    std::printf("%-24s %6.2f GB/s (%.2f to %.2f), %zu messages, %zu parts", contender.name.c_str(), contender.median(), least, most,
                contender.count.messages, contender.count.parts);
    if (contender.median() != ours) std::printf(": we are %.1f times as fast", ours / contender.median());
    std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t size_bytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
    const bool crlf = argc > 3 && std::string_view(argv[3]) == "crlf";
    const Mbox mbox = make_mbox(size_bytes, crlf ? testing::Generator::LineEnd::crlf : testing::Generator::LineEnd::lf);
    std::printf("%zu bytes, %zu messages of %zu bytes on average, lines end with %s, scanned with %.*s\n", mbox.bytes.size(),
                mbox.messages.size(), mbox.bytes.size() / mbox.messages.size(), crlf ? "CRLF" : "LF",
                static_cast<int>(scanner().name.size()), scanner().name.data());

    std::vector<Contender> contenders;
    contenders.push_back({"packetboat", OurRun(mbox), {}});
#ifdef PACKETBOAT_GMIME
    g_mime_init();
    const GMimeRun gmime(mbox);
    contenders.push_back({"GMime, as an mbox", [&] { return gmime.as_mbox(); }, {}});
    contenders.push_back({"GMime, by message", [&] { return gmime.by_message(); }, {}});
#endif
    for (int round = 0; round < std::max(rounds, 1); ++round) {
        for (Contender& contender : contenders) run_round(contender, mbox.bytes.size());
    }
    for (const Contender& contender : contenders) print(contender, contenders.front().median());
}
