#pragma once

#include "dns/question.h"

struct ub_result;

namespace packetboat::dns {

// A name server that gives no answer is not asked again for each message, but soon.
inline constexpr std::chrono::seconds failed_ttl{5};
// RFC 2308 §5: how long "there is none" may be kept; the least where no SOA record says anything. RFC 8767 §4 for the rest.
inline constexpr std::chrono::seconds negative_ttl_min{1};
inline constexpr std::chrono::seconds negative_ttl_max{86'400};
inline constexpr std::chrono::seconds found_ttl_max{86'400};

// What libunbound found out. `error` is what it gave its callback; `result` is null where that is not 0.
Answer read_result(const Question& question, int error, const ub_result* result);

// An answer `failed`, to be kept for failed_ttl.
Answer failed_answer(const Question& question, std::string why);

// How a question is called in a sentence: "MX of example.org".
std::string to_text(const Question& question);

}  // namespace packetboat::dns
