#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace packetboat::directory {

inline constexpr std::size_t any_local_part_max_bytes = 255;

// local-part@domain as accounts and aliases are keyed by it: the domain in lower-case ASCII (IDNA 2008 A-labels where it was
// given in U-labels), the local part unquoted, its ASCII letters in lower case. If it exists, it is valid: local part 1 to 64
// bytes, domain 1 to 255 (RFC 5321 §4.5.3.1), UTF-8 allowed in the local part (RFC 6531), control characters nowhere. A local part's
// UTF-8 is kept as it came: two spellings of one letter (é composed and decomposed) are two addresses, RFC 6531 asks for no more.
//
// Others give out addresses that we would not, and mail comes from them and goes to them: parse_any() and any_from_parts() take local
// parts of up to any_local_part_max_bytes (the senders of VERP and SRS), underscores in the domain, and address literals
// (RFC 5321 §4.1.3; domain() is the literal then). No such address is ever one of ours to keep, but for what a subaddress or a catch-all
// takes.
class Address {
public:
    // Mailbox of RFC 5321 §4.1.2 and RFC 6531 §3.3, without angle brackets. Errors: invalid.
    static Result<Address> parse(std::string_view text);
    // `local_part` without quotes: any characters but controls.
    static Result<Address> from_parts(std::string_view local_part, std::string_view domain);
    // The same two, as others write theirs.
    static Result<Address> parse_any(std::string_view text);
    static Result<Address> any_from_parts(std::string_view local_part, std::string_view domain);

    const std::string& local_part() const { return local_part_; }
    const std::string& domain() const { return domain_; }
    // As parse() takes it and SMTP sends it: the local part in quotes where it needs them.
    std::string text() const;

    friend auto operator<=>(const Address&, const Address&) = default;

private:
    static Result<Address> of(std::string_view local_part, Result<std::string> domain);

    std::string local_part_;
    std::string domain_;
};

// A domain's name in the form of Address::domain(). Errors: invalid; address literals ("[192.0.2.1]") are refused.
Result<std::string> normalize_domain(std::string_view name);

}  // namespace packetboat::directory
