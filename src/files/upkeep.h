#pragma once

#include "base/time.h"
#include "files/tree.h"

// What is done with whole trees: counted once, swept now and then, removed.
namespace packetboat::files {

// What is below the directory, as the quota counts it.
Result<Amount> count(int directory);

// Removes unfinished uploads that nobody has written to since `before` and that nobody writes now; answers how many. What they used is
// given back to `usage` when it is not null.
Result<std::uint64_t> sweep_unfinished(int directory, Time before, Common& common, Usage* usage);

// Removes what is below the directory `name`, and it. It is nobody's any more: what comes or goes in it meanwhile is ours.
Result<> remove_tree(int parent, const char* name, Disk& disk);

}  // namespace packetboat::files
