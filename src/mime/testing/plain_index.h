#pragma once

#include <string>
#include <string_view>

#include "mime/index.h"

namespace packetboat::mime::testing {

// The same index, line by line and in the plainest way: what the fast one is held to.
Index plain_index(std::string_view message, const Limits& limits = {});

// What is wrong with an index of `message`: where it differs from the plain one, or breaks what index.h promises. Empty: nothing.
std::string difference(const Index& index, std::string_view message, const Limits& limits = {});

}  // namespace packetboat::mime::testing
