#pragma once

#include <memory>

#include "pop3/session/testing/world.h"
#include "store/store.h"

namespace packetboat::pop3::testing {

// The memory store, which misbehaves as `faults` has it.
std::unique_ptr<store::Store> make_faulty_store(std::shared_ptr<Faults> faults);

}  // namespace packetboat::pop3::testing
