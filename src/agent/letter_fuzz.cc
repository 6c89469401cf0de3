#include "agent/letter.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/show.h"
#include "agent/summary.h"
#include "agent/terminal_text.h"

// Any message can be shown, and its files have names and the sizes that are said.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    using namespace packetboat::agent;
    const Letter letter(std::string(reinterpret_cast<const char*>(data), size));
    for (const AttachedFile& file : letter.files()) {
        if (file.name.empty() || letter.content(file).size() != file.size_bytes) std::abort();
        const Result<std::string> part = letter.part(std::to_string(file.number));
        if (!part || *part != letter.content(file)) std::abort();
    }
    for (const bool all : {false, true}) {
        const std::string shown = show(letter, {.columns = 60, .all_headers = all});
        if (printable(shown, Lines::many) != shown) std::abort();
    }
    const std::vector<Summary> rows{summary_of({.number = 1, .uid = "1"}, letter.bytes())};
    const std::string table = summary_table(rows, 80);
    if (printable(table, Lines::many) != table) std::abort();
    return 0;
}
