#pragma once

#include <string_view>

#include "mime/address.h"
#include "mime/index.h"

namespace packetboat::mime {

// The addresses of a header field of a part; those of Index::find() but for To, Cc and Bcc: of these, all that there are, one list after
// the other, as RFC 5322 §4.5.3 has it of the obsolete form in which they may be repeated. Of From, Sender and Reply-To, which have no
// such form, the first is read, as mail programs do. (An ENVELOPE joins those too, as the servers have it: see structure.h.)
AddressList addresses_of(const Index& index, const Part& part, std::string_view message, FieldName name);

}  // namespace packetboat::mime
