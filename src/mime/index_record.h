#pragma once

#include <cstddef>
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
    // Of what decode() gives: larger than a record may be (see below). Take the message apart for it.
    bool thread_cut = false;          // only the first ids are here
    bool envelope_left_out = false;   // it is empty
    bool structure_left_out = false;  // it has no parts
    friend bool operator==(const IndexRecord&, const IndexRecord&) = default;
};

IndexRecord index_record(const Index& index, std::string_view message);

// A record is never larger than this, whatever the message: what has more ids than fit in thread_ids_max_bytes keeps the first of them, an
// envelope of more than envelope_max_bytes is left out, and so is a structure for which there is no room then (of several hundred parts).
// What was left out is said in the record; it is never an error.
inline constexpr std::size_t index_record_max_bytes = 64 * 1024;
inline constexpr std::size_t thread_ids_max_bytes = 8 * 1024;
inline constexpr std::size_t envelope_max_bytes = 24 * 1024;

// A few hundred bytes for most messages. What decode() gives can be used without looking: ranges lie in size_bytes, and parts in parts.
// Errors: internal, of bytes that no encode() wrote.
std::string encode(const IndexRecord& record);
Result<IndexRecord> decode_index_record(std::string_view stored);

}  // namespace packetboat::mime
