#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/records.h"

// Passwords as they are kept: Argon2id for the mechanisms that send them, keys of SCRAM-SHA-256 for the one that does not. All but the
// hashes of single texts take tens of milliseconds, so they run on the hashing pool. Internal to the room.
namespace packetboat::directory {

std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// 1 to password_max_bytes bytes, no NUL.
bool is_acceptable_password(std::string_view password);

// nullopt: not enough memory. `version` is left to the caller.
std::optional<Credentials> make_credentials(std::string_view password, const Limits& limits);

enum class Verdict : std::uint8_t {
    right,
    wrong,
    unknown,  // no memory for the hash, or the stored text is none
};
Verdict verify_password(const std::string& password_hash, std::string_view password);
// A hash with the parameters of `limits` that no password fits: verifying against it costs what verifying costs.
std::string make_dummy_hash(const Limits& limits);
// Made with other parameters than `limits` has now.
bool is_outdated(const Credentials& credentials, const Limits& limits);

// RFC 5802 §3. Passwords that are not ASCII are taken as the bytes they came in: SASLprep's normalization (RFC 4013) is left to the
// client, where both sides of the usual keyboards give the composed form anyway.
ScramKeys make_scram_keys(std::string_view password, std::string salt, std::uint64_t iterations);
// For users without keys: always the same for the same user, as real ones are, across restarts too.
ScramKeys make_fake_scram_keys(std::string_view secret, std::string_view user, std::uint64_t iterations);

}  // namespace packetboat::directory
