#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mime/index_record.h"
#include "mime/testing/imap_text.h"

// Any bytes are refused, or are a record that is written and read again as itself and makes well-formed answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    using namespace packetboat::mime;
    const std::string_view stored(reinterpret_cast<const char*>(data), size);
    const Result<IndexRecord> record = decode_index_record(stored);
    if (!record) return 0;
    const Result<IndexRecord> again = decode_index_record(encode(*record));
    if (!again) std::abort();
    // What is larger than one of its limits comes back without it.
    const bool cut = again->thread_cut != record->thread_cut || again->envelope_left_out != record->envelope_left_out;
    if (!cut && *again != *record) std::abort();
    std::string text;
    if (record->structure_left_out != record->structure.parts.empty()) std::abort();
    if (!record->structure_left_out) {
        append_body_structure(text, record->structure);
        if (!mime::testing::parse_imap(text)) std::abort();
        text.clear();
    }
    append_envelope(text, record->envelope);
    if (!mime::testing::parse_imap(text)) std::abort();
    return 0;
}
