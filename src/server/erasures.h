#pragma once

#include <stop_token>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "directory/directory.h"
#include "store/store.h"

namespace packetboat::server {

class Services;

// The mail of accounts that were removed: src/directory/README.md has the order of things and why it is safe.

// Erases it and takes that off the directory's list. After an error it stays on the list.
Task<Result<>> erase_removed_account(Services& services, directory::AccountId id, std::stop_token stop = {});

// The same for every account on the list: what a crash or a full disk left. Failures are logged, and hold up no other account.
Task<> finish_erasures(Services& services, std::stop_token stop);

// What is wrong between the directory and the mail in an account's partition: mail that belongs to nobody and is not about to be erased, or
// an account whose mail was erased. While the server runs, too.
Task<Result<std::vector<store::Finding>>> verify_ownership(Services& services, const store::Partition& partition);

}  // namespace packetboat::server
