// CPU and wall time of what sessions ask of files most: listing a large directory, small uploads, stat.
//
//   files_bench [entries [directory [durable|relaxed]]]
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "files/files.h"

namespace packetboat::files {
namespace {

void die(const std::string& what) {
    fmt::print(stderr, "files_bench: {}\n", what);
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) die(result.error().text);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double cpu_s() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class Work>
void measure(const std::string& what, std::size_t count, Work work) {
    const double start = now_s();
    const double cpu = cpu_s();
    work();
    const double used = cpu_s() - cpu;
    fmt::print("{:<32} {:>9} {:>10.3f} {:>10.3f} {:>10.2f}\n", what, count, now_s() - start, used, used * 1e6 / static_cast<double>(count));
    std::fflush(stdout);
}

void run(const std::filesystem::path& directory, std::size_t entries, bool durable) {
    Limits limits;
    limits.durable = durable;
    const auto files = must(Files::open(directory, limits));
    const auto area = must(files->area("bench", {}, {.bytes = 1ULL << 50, .files = 1ULL << 40}));
    must(area->make_directory(*Path().resolve("/many")));
    const auto name = [](std::size_t n) { return *Path().resolve(fmt::format("/many/photo-{:08}.jpeg", n)); };
    for (std::size_t n = 0; n < entries; ++n) {
        const int file = ::open((directory / "bench" / name(n).relative()).c_str(), O_CREAT | O_WRONLY, 0640);
        if (file < 0) die("cannot make files");
        ::close(file);
    }
    const std::size_t uploads = durable ? 1'000 : 20'000;
    const std::string kilobyte(1024, 'k');
    const auto store = [&](const Path& to) {
        const auto upload = must(area->upload(to, {}));
        must(upload->write(kilobyte));
        must(upload->commit());
    };
    fmt::print("{:<32} {:>9} {:>10} {:>10} {:>10}\n", "", "times", "wall s", "CPU s", "CPU µs each");
    measure("list, entries", entries, [&] {
        std::size_t seen = 0;
        const auto listing = must(area->list(*Path().resolve("/many")));
        for (;;) {
            const auto some = must(listing->next(500));
            if (some.empty()) break;
            seen += some.size();
        }
        if (seen != entries) die("the listing is cut");
    });
    measure("stat", entries, [&] {
        for (std::size_t n = 0; n < entries; ++n) must(area->stat(name(n)));
    });
    measure("open and read nothing", entries, [&] {
        for (std::size_t n = 0; n < entries; ++n) must(area->open(name(n)));
    });
    measure("upload 1 KiB, new", uploads, [&] {
        for (std::size_t n = 0; n < uploads; ++n) store(*Path().resolve(fmt::format("/new-{}", n)));
    });
    measure("upload 1 KiB, replacing", uploads, [&] {
        for (std::size_t n = 0; n < uploads; ++n) store(*Path().resolve(fmt::format("/new-{}", n)));
    });
    constexpr std::size_t mebibytes = 1024;
    measure("upload 1 GiB in 256 KiB, pieces", mebibytes * 4, [&] {
        const std::string piece(256 * 1024, 'p');
        const auto upload = must(area->upload(*Path().resolve("/large"), {}));
        for (std::size_t n = 0; n < mebibytes * 4; ++n) must(upload->write(piece));
        must(upload->commit());
    });
    measure("glob *5.jpeg, entries", entries, [&] { must(area->glob(Path(), "/many/*55.jpeg")); });
    must(files->remove_area("bench"));
}

}  // namespace
}  // namespace packetboat::files

int main(int count, char** arguments) {
    const std::size_t entries = count > 1 ? static_cast<std::size_t>(packetboat::parse_u64(arguments[1]).value_or(100'000)) : 100'000;
    const std::filesystem::path directory =
        std::filesystem::path(count > 2 ? arguments[2] : ".") / fmt::format("files-bench-{}", ::getpid());
    packetboat::files::run(directory, entries, count <= 3 || std::string_view(arguments[3]) != "relaxed");
    std::filesystem::remove_all(directory);
    return 0;
}
