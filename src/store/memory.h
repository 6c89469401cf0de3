#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "store/store.h"

namespace packetboat::store {

// Everything in memory, gone at the end: for tests of the rooms above. Bodies run on the calling thread, one at a time.
// `clock` says how old blobs and commit ids are.
std::unique_ptr<Store> make_memory_store(std::function<Time()> clock = &Time::now);

}  // namespace packetboat::store
