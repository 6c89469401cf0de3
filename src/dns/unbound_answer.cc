#include "dns/unbound_answer.h"

#include <unbound.h>

#include <algorithm>

#include "base/text.h"
#include "dns/message.h"
#include "dns/records.h"

namespace packetboat::dns {

namespace {

// RFC 1035 §4.1.1.
enum Rcode : int { noerror = 0, formerr = 1, servfail = 2, nxdomain = 3, notimp = 4, refused = 5 };

std::string rcode_text(int rcode) {
    switch (rcode) {
        case formerr: return "FORMERR";
        case servfail: return "SERVFAIL";
        case notimp: return "NOTIMP";
        case refused: return "REFUSED";
        default: return "RCODE " + std::to_string(rcode);
    }
}

std::string bogus_text(const Question& question, const ub_result& result) {
    std::string text = "DNSSEC shows that the answer for the " + to_text(question) + " is forged or broken";
    if (result.why_bogus != nullptr) text += ": " + escape_control(result.why_bogus);
    return text;
}

std::string_view message_of(const ub_result& result) {
    if (result.answer_packet == nullptr || result.answer_len <= 0) return {};
    return {static_cast<const char*>(result.answer_packet), static_cast<std::size_t>(result.answer_len)};
}

void read_records(Answer& answer, const Question& question, const ub_result& result) {
    for (int i = 0; result.data[i] != nullptr; ++i)
        add_record(answer, question.type, {result.data[i], static_cast<std::size_t>(std::max(result.len[i], 0))});
}

}  // namespace

std::string to_text(const Question& question) {
    return std::string(to_string(question.type)) + " of " + (question.name.empty() ? "." : question.name);
}

Answer failed_answer(const Question& question, std::string why) {
    Answer answer;
    answer.outcome = Outcome::failed;
    answer.canonical_name = question.name;
    answer.ttl = failed_ttl;
    answer.why = std::move(why);
    return answer;
}

Answer read_result(const Question& question, int error, const ub_result* result) {
    if (error != 0 || result == nullptr)
        return failed_answer(question, "the resolver could not ask for the " + to_text(question) + ": " + ub_strerror(error));
    if (result->bogus) {
        Answer bogus = failed_answer(question, bogus_text(question, *result));
        bogus.outcome = Outcome::bogus;
        return bogus;
    }
    if (result->rcode != noerror && result->rcode != nxdomain)
        return failed_answer(question,
                             "no name server has an answer for the " + to_text(question) + " (" + rcode_text(result->rcode) + ")");

    Answer answer;
    answer.canonical_name = question.name;
    answer.secure = result->secure != 0;
    answer.ttl = std::chrono::seconds(result->ttl);
    // libunbound's own canonname has '?' where a name has something unusual, and its TTL means nothing where there are no records at all.
    const std::optional<MessageFacts> facts = read_message(message_of(*result), question.name);
    if (facts && question.type != Type::cname) answer.canonical_name = facts->canonical_name;
    if (!result->havedata && !(facts && facts->has_soa)) answer.ttl = negative_ttl_min;
    if (!result->havedata) {
        answer.outcome = result->nxdomain ? Outcome::no_such_name : Outcome::no_data;
        answer.ttl = std::clamp(answer.ttl, negative_ttl_min, negative_ttl_max);
        return answer;
    }
    answer.outcome = Outcome::found;
    answer.ttl = std::clamp(answer.ttl, std::chrono::seconds(0), found_ttl_max);
    read_records(answer, question, *result);
    if (record_count(answer) > 0) return answer;
    Answer broken = failed_answer(question, "every record of the " + to_text(question) + " is broken");
    broken.broken = answer.broken;
    return broken;
}

}  // namespace packetboat::dns
