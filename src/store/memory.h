#pragma once

#include <memory>

#include "store/store.h"

namespace packetboat::store {

// Everything in memory, gone at the end: for tests of the rooms above. Bodies run on the calling thread.
std::unique_ptr<Store> make_memory_store();

}  // namespace packetboat::store
