#pragma once

#include <string_view>

#include "mime/index.h"

namespace packetboat::mime {

// Whatever its case is. `name` is ftext (RFC 5322 §2.2).
FieldName known_field(std::string_view name);

// As it is written mostly: "Content-Type"; empty for `other`.
std::string_view name_of(FieldName field);

}  // namespace packetboat::mime
