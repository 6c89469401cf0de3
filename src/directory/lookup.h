#pragma once

#include "directory/directory.h"

// The rules of looking up, on a snapshot of the directory. Internal to the room.
namespace packetboat::directory {

// Directory::resolve.
Result<Resolution> resolve_in(const store::Reader& reader, const Limits& limits, const Address& address);
// The same, but nullopt when more than a few addresses would have to be looked at: that is not for a thread that serves others.
Result<std::optional<Resolution>> resolve_briefly(const store::Reader& reader, const Limits& limits, const Address& address);

// The address that a login's `user` means: itself, or the local part in the only domain there is. nullopt: it cannot be an account's.
std::optional<Address> address_of_user(const store::Reader& reader, std::string_view user);

}  // namespace packetboat::directory
