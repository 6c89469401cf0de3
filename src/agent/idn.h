#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "mime/address.h"
#include "mime/builder.h"

// Domains in other alphabets than ASCII's. As A-labels ("xn--bcher-kva.example") any server takes them and any program sends them on, so
// they are written in those wherever the rest of the address is ASCII; only a local part that is not needs SMTPUTF8 (RFC 6531).
namespace packetboat::agent {

// The domain in A-labels, by UTS 46 without its transitional mappings, as browsers have it; ASCII stays as it is. Errors: invalid.
Result<std::string> ascii_domain(std::string_view domain);

// Of every address that can do with ASCII then; the others stay. Errors: invalid, naming the address.
Result<> use_ascii_domain(mime::Mailbox& mailbox);
Result<> use_ascii_domains(mime::AddressList& list);
Result<> use_ascii_domains(mime::Draft& draft);

}  // namespace packetboat::agent
