#pragma once

#include <string>
#include <string_view>

namespace packetboat::cli {

// A JSON text for people: a list of objects as a table, an object as a line per member, nothing for null. Control bytes are escaped, so
// that what strangers wrote (addresses, reasons) cannot steer a terminal.
std::string render(std::string_view json);

}  // namespace packetboat::cli
