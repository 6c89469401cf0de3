#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mime/date.h"
#include "mime/structure.h"
#include "mime/thread.h"

namespace packetboat::mime {

// What is kept beside a message from the time it comes in, so that lists of messages and IMAP's FETCH never parse it again.
struct IndexRecord {
    std::uint32_t size_bytes = 0;
    std::optional<Date> sent;  // of its Date field; nullopt: none that can be read
    bool has_attachment = false;
    std::string preview;
    ThreadKey thread;
    Envelope envelope;
    BodyStructure structure;  // with the byte ranges of all parts
    friend bool operator==(const IndexRecord&, const IndexRecord&) = default;
};

IndexRecord index_record(const Index& index, std::string_view message);

// A few hundred bytes for most messages. What decode() gives can be used without looking: ranges lie in size_bytes, and parts in parts.
std::string encode(const IndexRecord& record);
Result<IndexRecord> decode_index_record(std::string_view stored);

}  // namespace packetboat::mime
