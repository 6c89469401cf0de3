#include "dns/cache.h"

namespace packetboat::dns {

namespace {

template <class T>
std::uint64_t list_bytes(const std::vector<T>& list) {
    return list.capacity() * sizeof(T);
}

// Rounded up: the question is there twice, and so are the nodes of list and index.
std::uint64_t memory_bytes(const Question& question, const Answer& answer) {
    constexpr std::uint64_t nodes_bytes = 128;
    std::uint64_t bytes = sizeof(Answer) + 2 * (sizeof(Question) + question.name.size()) + nodes_bytes;
    bytes += answer.canonical_name.capacity() + answer.why.capacity() + list_bytes(answer.addresses) + list_bytes(answer.mx) +
             list_bytes(answer.texts) + list_bytes(answer.names) + list_bytes(answer.srv) + list_bytes(answer.tlsa);
    for (const Mx& mx : answer.mx) bytes += mx.exchange.capacity();
    for (const std::string& text : answer.texts) bytes += text.capacity();
    for (const std::string& name : answer.names) bytes += name.capacity();
    for (const Srv& srv : answer.srv) bytes += srv.target.capacity();
    for (const Tlsa& tlsa : answer.tlsa) bytes += tlsa.data.capacity();
    return bytes;
}

}  // namespace

std::optional<Answer> Cache::find(const Question& question, Time now) {
    const auto found = index_.find(question);
    if (found == index_.end()) return std::nullopt;
    const Entries::iterator entry = found->second;
    if (entry->until <= now) {
        erase(entry);
        return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    std::optional<Answer> answer = entry->answer;
    answer->ttl = std::chrono::ceil<std::chrono::seconds>(entry->until - now);
    return answer;
}

void Cache::put(const Question& question, const Answer& answer, Time now) {
    if (const auto found = index_.find(question); found != index_.end()) erase(found->second);
    const std::uint64_t bytes = memory_bytes(question, answer);
    if (answer.ttl.count() <= 0 || bytes > bytes_max_) return;
    while (bytes_ + bytes > bytes_max_) erase(std::prev(entries_.end()));
    entries_.push_front({question, answer, now + answer.ttl, bytes});
    index_.emplace(question, entries_.begin());
    bytes_ += bytes;
}

void Cache::erase(Entries::iterator entry) {
    bytes_ -= entry->bytes;
    index_.erase(entry->question);
    entries_.erase(entry);
}

}  // namespace packetboat::dns
