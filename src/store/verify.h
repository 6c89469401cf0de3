#pragma once

#include <vector>

#include <rocksdb/db.h>

#include "store/blobs.h"
#include "store/log_reader.h"

namespace packetboat::store {

// Reads everything there is and answers what does not agree. Blocks, for as long as it takes; writes may go on meanwhile.
Result<std::vector<Finding>> verify_everything(rocksdb::DB& db, log::Reader& log, const Blobs& blobs, Time now);

}  // namespace packetboat::store
