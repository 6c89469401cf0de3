#include "directory/records.h"

#include "base/log.h"
#include "base/record.h"

namespace packetboat::directory {

namespace {

constexpr std::uint8_t version = 1;
constexpr char separator = '\0';  // in no domain and no local part

std::string address_key(char kind, const Address& address) {
    std::string key;
    key.reserve(2 + address.domain().size() + address.local_part().size());
    key += kind;
    key += address.domain();
    key += separator;
    key += address.local_part();
    return key;
}

std::string id_key(char kind, AccountId id) { return Writer(std::string(1, kind)).be64(static_cast<std::uint64_t>(id)).take(); }

Writer record() { return std::move(Writer().u8(version)); }

RecordReader open(std::string_view record) {
    RecordReader in(record);
    if (in.u8() != version) return RecordReader({});  // in which nothing can be read
    return in;
}

void write(Writer& out, const Address& address) { out.text(address.local_part()).text(address.domain()); }

std::optional<Address> read_address(RecordReader& in) {
    const std::string_view local_part = in.text();
    const std::string_view domain = in.text();
    if (in.failed()) return std::nullopt;
    Result<Address> address = Address::from_parts(local_part, domain);
    if (!address) return std::nullopt;
    return *std::move(address);
}

void write(Writer& out, Time time) { out.varint(static_cast<std::uint64_t>(time.micros)); }
Time read_time(RecordReader& in) { return {static_cast<std::int64_t>(in.varint())}; }

}  // namespace

store::Partition directory_partition() { return {"d"}; }

store::Partition account_partition(AccountId id) { return {id_key('a', id)}; }

std::optional<AccountId> account_of(const store::Partition& partition) {
    return partition.name.starts_with('a') ? id_of_key(partition.name) : std::nullopt;
}

std::string domain_key(std::string_view name) { return "d" + std::string(name); }
std::string account_key(const Address& address) { return address_key('a', address); }
std::string alias_key(const Address& address) { return address_key('l', address); }
std::string age_key(std::string_view domain, AccountId id) {
    return Writer(keys_of('o', domain)).be64(static_cast<std::uint64_t>(id)).take();
}
std::string account_id_key(AccountId id) { return id_key('i', id); }
std::string credentials_key(AccountId id) { return id_key('c', id); }
std::string erasure_key(AccountId id) { return id_key('e', id); }

std::string keys_of(char kind, std::string_view domain) {
    std::string prefix(1, kind);
    if (!domain.empty()) {
        prefix += domain;
        prefix += separator;
    }
    return prefix;
}

std::optional<Address> address_of_key(std::string_view key) {
    const std::size_t at = key.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    Result<Address> address = Address::from_parts(key.substr(at + 1), key.substr(1, at - 1));
    if (!address || key.substr(1) != address_key(key[0], *address).substr(1)) return std::nullopt;
    return *std::move(address);
}

std::optional<AccountId> id_of_key(std::string_view key) {
    RecordReader in(key.substr(1));
    const std::uint64_t id = in.be64();
    if (!in.ok_and_done()) return std::nullopt;
    return AccountId{id};
}

std::string encode(const Domain& domain) {
    Writer out = record();
    write(out, domain.created);
    out.u8(domain.catch_all ? 1 : 0);
    if (domain.catch_all) write(out, *domain.catch_all);
    return out.take();
}

std::optional<Domain> decode_domain(std::string_view name, std::string_view record) {
    RecordReader in = open(record);
    Domain domain{.name = std::string(name), .catch_all = std::nullopt, .created = read_time(in)};
    if (in.u8() != 0) {
        domain.catch_all = read_address(in);
        if (!domain.catch_all) return std::nullopt;
    }
    if (!in.ok_and_done()) return std::nullopt;
    return domain;
}

std::string encode(const Account& account) {
    Writer out = record();
    out.varint(static_cast<std::uint64_t>(account.id)).u8(account.enabled ? 1 : 0).varint(account.quota_bytes).text(account.name);
    write(out, account.created);
    return out.take();
}

std::optional<Account> decode_account(const Address& address, std::string_view record) {
    RecordReader in = open(record);
    Account account;
    account.id = AccountId{in.varint()};
    account.enabled = in.u8() != 0;
    account.quota_bytes = in.varint();
    account.name = in.text();
    account.created = read_time(in);
    if (!in.ok_and_done()) return std::nullopt;
    account.address = address;
    return account;
}

std::string encode(const Address& address) {
    Writer out = record();
    write(out, address);
    return out.take();
}

std::optional<Address> decode_address(std::string_view record) {
    RecordReader in = open(record);
    std::optional<Address> address = read_address(in);
    if (!in.ok_and_done()) return std::nullopt;
    return address;
}

std::string encode(const Credentials& credentials) {
    const ScramKeys& scram = credentials.scram;
    Writer out = record();
    out.varint(credentials.version).text(credentials.password_hash);
    out.text(scram.salt).varint(scram.iterations).text(scram.stored_key).text(scram.server_key);
    return out.take();
}

std::optional<Credentials> decode_credentials(std::string_view record) {
    RecordReader in = open(record);
    Credentials credentials;
    credentials.version = in.varint();
    credentials.password_hash = in.text();
    credentials.scram.salt = in.text();
    credentials.scram.iterations = in.varint();
    credentials.scram.stored_key = in.text();
    credentials.scram.server_key = in.text();
    if (!in.ok_and_done()) return std::nullopt;
    return credentials;
}

std::string encode(const Alias& alias) {
    Writer out = record();
    write(out, alias.created);
    out.varint(alias.targets.size());
    for (const Address& target : alias.targets) write(out, target);
    return out.take();
}

std::optional<Alias> decode_alias(const Address& address, std::string_view record) {
    RecordReader in = open(record);
    Alias alias{.address = address, .targets = {}, .created = read_time(in)};
    for (std::uint64_t left = in.varint(); left > 0; --left) {
        std::optional<Address> target = read_address(in);
        if (!target) return std::nullopt;
        alias.targets.push_back(*std::move(target));
    }
    if (!in.ok_and_done()) return std::nullopt;
    return alias;
}

std::string encode_number(std::uint64_t number) { return record().varint(number).take(); }

std::optional<std::uint64_t> decode_number(std::string_view record) {
    RecordReader in = open(record);
    const std::uint64_t number = in.varint();
    if (!in.ok_and_done()) return std::nullopt;
    return number;
}

std::string encode_bytes(std::string_view bytes) { return record().text(bytes).take(); }

std::optional<std::string> decode_bytes(std::string_view record) {
    RecordReader in = open(record);
    std::string bytes(in.text());
    if (!in.ok_and_done()) return std::nullopt;
    return bytes;
}

Unexpected broken_record(std::string_view key) {
    log_error("directory.broken_record", {}, {{"key", key}});
    return fail(ErrorCode::internal, "a record of the directory is broken");
}

namespace {

template <class Decode>
auto get(const store::Reader& reader, const std::string& key, Decode decode) -> Result<std::invoke_result_t<Decode, std::string_view>> {
    const std::optional<std::string> record = reader.get(key);
    if (!record) return std::nullopt;
    auto value = decode(std::string_view(*record));
    if (!value) return broken_record(key);
    return value;
}

}  // namespace

Result<std::optional<Domain>> get_domain(const store::Reader& reader, std::string_view name) {
    return get(reader, domain_key(name), [&](std::string_view record) { return decode_domain(name, record); });
}

Result<std::optional<Account>> get_account(const store::Reader& reader, const Address& address) {
    return get(reader, account_key(address), [&](std::string_view record) { return decode_account(address, record); });
}

Result<std::optional<Account>> get_account(const store::Reader& reader, AccountId id) {
    const Result<std::optional<Address>> address = get(reader, account_id_key(id), decode_address);
    if (!address) return fail(address.error());
    if (!*address) return std::nullopt;
    Result<std::optional<Account>> account = get_account(reader, **address);
    if (account && !*account) return broken_record(account_id_key(id));
    return account;
}

Result<std::optional<Credentials>> get_credentials(const store::Reader& reader, AccountId id) {
    return get(reader, credentials_key(id), decode_credentials);
}

Result<std::optional<Alias>> get_alias(const store::Reader& reader, const Address& address) {
    return get(reader, alias_key(address), [&](std::string_view record) { return decode_alias(address, record); });
}

}  // namespace packetboat::directory
