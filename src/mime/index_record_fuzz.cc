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
    if (!again || *again != *record) std::abort();
    std::string text;
    append_body_structure(text, record->structure);
    if (!mime::testing::parse_imap(text)) std::abort();
    text.clear();
    append_envelope(text, record->envelope);
    if (!mime::testing::parse_imap(text)) std::abort();
    return 0;
}
