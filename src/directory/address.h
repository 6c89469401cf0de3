#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ip.h"

namespace packetboat::directory {

// local-part@domain as accounts and aliases are keyed by it: the domain in lower-case ASCII (IDNA 2008 A-labels where it was
// given in U-labels), the local part unquoted, its ASCII letters in lower case. If it exists, it is valid: local part 1 to 64
// bytes, domain 1 to 255 (RFC 5321 §4.5.3.1), UTF-8 allowed in the local part (RFC 6531), control characters nowhere. A local part's
// UTF-8 is kept as it came: two spellings of one letter (é composed and decomposed) are two addresses, RFC 6531 asks for no more.
class Address {
public:
    // Mailbox of RFC 5321 §4.1.2 and RFC 6531 §3.3, without angle brackets. Errors: invalid.
    static Result<Address> parse(std::string_view text);
    // `local_part` without quotes: any characters but controls.
    static Result<Address> from_parts(std::string_view local_part, std::string_view domain);
    // At a host that is named by its address (RFC 5321 §4.1.3): never one of ours to keep, domain() is the literal.
    static Result<Address> at_host(std::string_view local_part, const IpAddress& host);

    const std::string& local_part() const { return local_part_; }
    const std::string& domain() const { return domain_; }
    // As parse() takes it and SMTP sends it: the local part in quotes where it needs them.
    std::string text() const;

    friend auto operator<=>(const Address&, const Address&) = default;

private:
    std::string local_part_;
    std::string domain_;
};

// A domain's name in the form of Address::domain(). Errors: invalid; address literals ("[192.0.2.1]") are refused.
Result<std::string> normalize_domain(std::string_view name);

}  // namespace packetboat::directory
