#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dns/resolver.h"

namespace packetboat::trust::testing {

// A name system that a test writes down: what it was not told about does not exist, signed.
class FakeResolver final : public dns::Resolver {
public:
    Task<dns::Answer> query(std::string name, dns::Type type) override {
        asked.push_back(name);
        const auto at = answers.find({name, type});
        if (at != answers.end()) co_return at->second;
        co_return dns::Answer{.outcome = dns::Outcome::no_such_name, .secure = true, .canonical_name = name};
    }

    dns::Answer& at(const std::string& name, dns::Type type) {
        dns::Answer& answer = answers[{name, type}];
        answer.canonical_name = name;
        return answer;
    }

    std::map<std::pair<std::string, dns::Type>, dns::Answer> answers;
    std::vector<std::string> asked;  // names, in order
};

}  // namespace packetboat::trust::testing
