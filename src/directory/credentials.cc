#include "directory/credentials.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <span>

#include "base/id.h"
#include "base/text.h"

namespace packetboat::directory {

namespace {

constexpr std::size_t salt_bytes = 16;

const std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }
std::uint8_t* bytes_of(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

std::string random_text(std::size_t count) {
    std::string text(count, '\0');
    random_bytes(std::span(bytes_of(text), count));
    return text;
}

std::string unpadded_base64(std::string_view bytes) {
    std::string text = base64_encode(bytes);
    while (text.ends_with('=')) text.pop_back();
    return text;
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::string hash(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes_of(bytes), bytes.size(), bytes_of(hash));
    return hash;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string hash(SHA256_DIGEST_LENGTH, '\0');
    [[maybe_unused]] const std::uint8_t* done =
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), bytes_of(hash), nullptr);
    assert(done != nullptr);
    return hash;
}

bool is_acceptable_password(std::string_view password) {
    return !password.empty() && password.size() <= password_max_bytes && password.find('\0') == std::string_view::npos;
}

std::optional<Credentials> make_credentials(std::string_view password, const Limits& limits) {
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    if (crypto_pwhash_str(hash.data(), password.data(), password.size(), limits.hash_passes, limits.hash_memory_kib * 1024) != 0)
        return std::nullopt;
    Credentials credentials;
    credentials.password_hash = hash.data();
    credentials.scram = make_scram_keys(password, random_text(salt_bytes), limits.scram_iterations);
    return credentials;
}

Verdict verify_password(const std::string& password_hash, std::string_view password) {
    if (!password_hash.starts_with(crypto_pwhash_argon2id_STRPREFIX)) return Verdict::unknown;
    errno = 0;
    if (crypto_pwhash_argon2id_str_verify(password_hash.c_str(), password.data(), password.size()) == 0) return Verdict::right;
    return errno == EINVAL ? Verdict::wrong : Verdict::unknown;  // libsodium says EINVAL for a mismatch and nothing else
}

std::string make_dummy_hash(const Limits& limits) {
    return "$argon2id$v=19$m=" + std::to_string(limits.hash_memory_kib) + ",t=" + std::to_string(limits.hash_passes) + ",p=1$" +
           unpadded_base64(random_text(salt_bytes)) + "$" + unpadded_base64(random_text(32));
}

bool is_outdated(const Credentials& credentials, const Limits& limits) {
    return crypto_pwhash_str_needs_rehash(credentials.password_hash.c_str(), limits.hash_passes, limits.hash_memory_kib * 1024) != 0 ||
           credentials.scram.iterations != limits.scram_iterations;
}

// SaltedPassword  := Hi(Normalize(password), salt, i)
// ClientKey       := HMAC(SaltedPassword, "Client Key")
// StoredKey       := H(ClientKey)
// ServerKey       := HMAC(SaltedPassword, "Server Key")                RFC 5802 §3
ScramKeys make_scram_keys(std::string_view password, std::string salt, std::uint64_t iterations) {
    std::string salted(SHA256_DIGEST_LENGTH, '\0');
    [[maybe_unused]] const int done =
        PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(salt), static_cast<int>(salt.size()),
                          static_cast<int>(iterations), EVP_sha256(), static_cast<int>(salted.size()), bytes_of(salted));
    assert(done == 1);
    ScramKeys keys;
    keys.salt = std::move(salt);
    keys.iterations = iterations;
    keys.stored_key = sha256(hmac_sha256(salted, "Client Key"));
    keys.server_key = hmac_sha256(salted, "Server Key");
    return keys;
}

ScramKeys make_fake_scram_keys(std::string_view secret, std::string_view user, std::uint64_t iterations) {
    const auto derive = [&](std::string_view what) { return hmac_sha256(secret, std::string(what) + std::string(user)); };
    return {derive("salt:").substr(0, salt_bytes), iterations, derive("stored key:"), derive("server key:")};
}

}  // namespace packetboat::directory
