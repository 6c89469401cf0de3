#pragma once

#include "mime/body_parts.h"

namespace packetboat::mime {

// Fills the text_body, html_body and attachments of a body from its parts, by the algorithm of RFC 8621 §4.1.4.
void sort_body_parts(EmailBody& body);

}  // namespace packetboat::mime
