#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace packetboat::directory {

// local-part@domain as accounts and aliases are keyed by it: the domain in lower-case ASCII (IDNA 2008 A-labels where it was
// given in U-labels), the local part unquoted, its ASCII letters in lower case. If it exists, it is valid: local part 1 to 64
// bytes, domain 1 to 255 (RFC 5321 §4.5.3.1), UTF-8 allowed in the local part (RFC 6531).
class Address {
public:
    static Result<Address> parse(std::string_view text);
    static Result<Address> from_parts(std::string_view local_part, std::string_view domain);

    const std::string& local_part() const { return local_part_; }
    const std::string& domain() const { return domain_; }
    std::string text() const { return local_part_ + "@" + domain_; }

    friend auto operator<=>(const Address&, const Address&) = default;

private:
    std::string local_part_;
    std::string domain_;
};

// A domain's name in the form of Address::domain(); address literals ("[192.0.2.1]") are refused.
Result<std::string> normalize_domain(std::string_view name);

}  // namespace packetboat::directory
