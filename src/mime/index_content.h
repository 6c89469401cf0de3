#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mime/index.h"

namespace packetboat::mime {

// What the part tree depends on in a Content-Type.
struct PartContent {
    Kind kind = Kind::leaf;
    bool digest = false;   // multipart/digest
    std::string boundary;  // of a multipart; never empty then
    Range boundary_range;  // where it stands in the value, if it stands there as it is; else empty

    friend bool operator==(const PartContent&, const PartContent&) = default;
};

// A multipart without a boundary that could stand in a line is a leaf.
PartContent part_content(std::string_view content_type_value);

// The same for the form in which nearly all are written, without allocating for a leaf; nullopt: another form, which content_type() reads.
std::optional<PartContent> common_part_content(std::string_view content_type_value);

}  // namespace packetboat::mime
