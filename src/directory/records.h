#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"

// How the directory lies in the store: keys, and values that begin with a version byte. Internal to the room.
//
//   d domain                   the domain
//   a domain 00 local-part     the account of that address
//   o domain 00 id             its local part; the first of a domain is the domain's oldest account
//   i id                       its address
//   c id                       its credentials; not there: no password was ever set
//   e id                       the address it had: the account has been removed, its mail is still to be erased
//   l domain 00 local-part     the alias of that address
//   n                          the next account's id
//   s                          a secret of this installation
namespace packetboat::directory {

store::Partition directory_partition();

std::string domain_key(std::string_view name);
std::string account_key(const Address& address);
std::string age_key(std::string_view domain, AccountId id);
std::string account_id_key(AccountId id);
std::string credentials_key(AccountId id);
std::string erasure_key(AccountId id);
std::string alias_key(const Address& address);
inline constexpr std::string_view next_id_key = "n";
inline constexpr std::string_view secret_key = "s";

// The beginning of all keys of one kind ('a', 'o', 'l'), in one domain if it is not empty.
std::string keys_of(char kind, std::string_view domain);

// What a key of 'a' or 'l' stands for; nullopt for what is no such key.
std::optional<Address> address_of_key(std::string_view key);
std::optional<AccountId> id_of_key(std::string_view key);  // of 'i', 'c' or 'e'

struct Credentials {
    std::uint64_t version = 0;  // +1 whenever the password is set
    std::string password_hash;  // Argon2id in its "$argon2id$…" form
    ScramKeys scram;
};

std::string encode(const Domain& domain);
std::string encode(const Account& account);
std::string encode(const Address& address);  // under 'i' and 'e'
std::string encode(const Credentials& credentials);
std::string encode(const Alias& alias);
std::string encode_number(std::uint64_t number);   // under 'n'
std::string encode_bytes(std::string_view bytes);  // under 's' and 'o'

// nullopt: a broken record. What the key says is given.
std::optional<Domain> decode_domain(std::string_view name, std::string_view record);
std::optional<Account> decode_account(const Address& address, std::string_view record);
std::optional<Address> decode_address(std::string_view record);
std::optional<Credentials> decode_credentials(std::string_view record);
std::optional<Alias> decode_alias(const Address& address, std::string_view record);
std::optional<std::uint64_t> decode_number(std::string_view record);
std::optional<std::string> decode_bytes(std::string_view record);

// nullopt where there is no such record; internal where it is broken.
Result<std::optional<Domain>> get_domain(const store::Reader& reader, std::string_view name);
Result<std::optional<Account>> get_account(const store::Reader& reader, const Address& address);
Result<std::optional<Account>> get_account(const store::Reader& reader, AccountId id);
Result<std::optional<Credentials>> get_credentials(const store::Reader& reader, AccountId id);
Result<std::optional<Alias>> get_alias(const store::Reader& reader, const Address& address);

// Logs it and answers internal.
Unexpected broken_record(std::string_view key);

}  // namespace packetboat::directory
