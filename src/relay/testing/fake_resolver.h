#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dns/resolver.h"

namespace packetboat::relay::testing {

// Answers what a test has put in; what it has not is no_such_name, or no_data where the name has something else. On one thread.
class FakeResolver final : public dns::Resolver {
public:
    Task<dns::Answer> query(std::string name, dns::Type type) override;

    // `hosts`: "10 mx1.example.org"
    dns::Answer& mx(const std::string& domain, const std::vector<std::string>& hosts);
    // IPv4 and IPv6 addresses, each as the record that it is.
    void addresses(const std::string& host, const std::vector<std::string>& addresses);
    dns::Answer& answer(const std::string& name, dns::Type type, dns::Outcome outcome);
    void all_secure();

    std::vector<std::string> asked;  // "mx example.org"

private:
    std::map<std::pair<std::string, dns::Type>, dns::Answer> answers_;
};

}  // namespace packetboat::relay::testing
