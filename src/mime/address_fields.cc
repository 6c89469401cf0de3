#include "mime/address_fields.h"

#include <algorithm>
#include <iterator>

namespace packetboat::mime {

AddressList addresses_of(const Index& index, const Part& part, std::string_view message, FieldName name) {
    const bool joined = name == FieldName::to || name == FieldName::cc || name == FieldName::bcc;
    AddressList out;
    for (const Field& field : index.of(part)) {
        if (field.known != name) continue;
        AddressList more = addresses(field.value.of(message));
        more.resize(std::min(more.size(), addresses_max - out.size()));
        std::ranges::move(more, std::back_inserter(out));
        if (!joined || out.size() == addresses_max) break;
    }
    return out;
}

}  // namespace packetboat::mime
