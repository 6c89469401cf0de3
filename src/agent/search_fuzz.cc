#include "agent/search.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/letter.h"

// The words of a search up to an empty line, and a message: what its header alone rules out the whole message does not meet, and what a
// search with one word more finds one without it finds, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    using namespace packetboat::agent;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> words;
    while (!input.empty() && words.size() < 4) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        const std::string_view word = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        if (word.empty()) break;
        words.emplace_back(word);
    }
    const Result<Search> search = Search::parse(words);
    if (!search) return 0;
    const Letter letter{std::string(input)};
    const bool found = search->matches(letter);
    const mime::Index header = mime::index_header(letter.bytes());
    if (found && !search->can_match(header, letter.bytes())) std::abort();
    if (!found && !search->needs_whole_message() && search->can_match(header, letter.bytes())) std::abort();
    words.pop_back();
    if (words.empty()) return 0;
    const Result<Search> wider = Search::parse(words);
    if (!wider || (found && !wider->matches(letter))) std::abort();
    return 0;
}
