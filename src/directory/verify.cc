#include <map>
#include <set>

#include "base/text.h"
#include "directory/records.h"
#include "directory/state.h"

namespace packetboat::directory {

namespace {

// Reads every record of a snapshot, then holds them against each other.
class Verification {
public:
    void look_at(std::string_view key, std::string_view record) {
        switch (key.empty() ? '\0' : key[0]) {
            case 'a': return look_at_account(key, record);
            case 'c': return look_at_credentials(key, record);
            case 'd': return look_at_domain(key, record);
            case 'e': return look_at_erasure(key, record);
            case 'i': return look_at_id(key, record);
            case 'l': return look_at_alias(key, record);
            case 'n': return look_at_next_id(key, record);
            case 'o': return look_at_age(key, record);
            case 's': return look_at_secret(key, record);
            default: find("a record has an unknown key", key);
        }
    }

    std::vector<store::Finding> finish() {
        for (const auto& [address, id] : accounts_) {
            check_domain(address);
            const auto at = ids_.find(id);
            if (at == ids_.end() || at->second != address) find("an account's id does not lead back to it", address.text());
            if (!ages_.contains({address.domain(), id})) find("an account is missing in the order of age", address.text());
            if (static_cast<std::uint64_t>(id) >= next_id_) find("an account has an id that is yet to be given", address.text());
        }
        for (const auto& [id, address] : ids_) {
            const auto at = accounts_.find(address);
            if (at == accounts_.end() || at->second != id) find("an id leads to no account", address.text());
        }
        for (const auto& [domain_and_id, local_part] : ages_) {
            const auto at = ids_.find(domain_and_id.second);
            if (at == ids_.end() || at->second.domain() != domain_and_id.first || at->second.local_part() != local_part)
                find("the order of age has an account that does not exist", domain_and_id.first);
        }
        for (const AccountId id : credentials_) {
            if (!ids_.contains(id)) find("credentials belong to no account", std::to_string(static_cast<std::uint64_t>(id)));
        }
        for (const AccountId id : erasures_) {
            const std::string number = std::to_string(static_cast<std::uint64_t>(id));
            if (ids_.contains(id)) find("an account that exists is to be erased", number);
            if (static_cast<std::uint64_t>(id) >= next_id_)
                find("an account that is to be erased has an id that is yet to be given", number);
        }
        for (const Address& address : aliases_) {
            check_domain(address);
            if (accounts_.contains(address)) find("an address is an account and an alias", address.text());
        }
        return std::move(findings_);
    }

private:
    void find(std::string_view what, std::string_view where) {
        findings_.push_back({"directory", std::string(what) + ": " + escape_control(where)});
    }
    void check_domain(const Address& address) {
        if (!domains_.contains(address.domain())) find("an address is in a domain that does not exist", address.text());
    }

    void look_at_domain(std::string_view key, std::string_view record) {
        const std::string name(key.substr(1));
        const Result<std::string> normal = normalize_domain(name);
        if (!normal || *normal != name || !decode_domain(name, record)) return find("a domain cannot be read", key);
        domains_.insert(name);
    }
    void look_at_account(std::string_view key, std::string_view record) {
        const std::optional<Address> address = address_of_key(key);
        const std::optional<Account> account = address ? decode_account(*address, record) : std::nullopt;
        if (!account) return find("an account cannot be read", key);
        accounts_.emplace(*address, account->id);
    }
    void look_at_id(std::string_view key, std::string_view record) {
        const std::optional<AccountId> id = id_of_key(key);
        const std::optional<Address> address = decode_address(record);
        if (!id || !address) return find("an id cannot be read", key);
        ids_.emplace(*id, *address);
    }
    void look_at_erasure(std::string_view key, std::string_view record) {
        const std::optional<AccountId> id = id_of_key(key);
        if (!id || !decode_address(record)) return find("an account that is to be erased cannot be read", key);
        erasures_.insert(*id);
    }
    void look_at_age(std::string_view key, std::string_view record) {
        const std::size_t end = key.find('\0');
        const std::optional<std::string> local_part = decode_bytes(record);
        const std::optional<AccountId> id = end == std::string_view::npos ? std::nullopt : id_of_key(key.substr(end));
        if (!id || !local_part) return find("an entry in the order of age cannot be read", key);
        ages_.emplace(std::pair(std::string(key.substr(1, end - 1)), *id), *local_part);
    }
    void look_at_credentials(std::string_view key, std::string_view record) {
        const std::optional<AccountId> id = id_of_key(key);
        const std::optional<Credentials> credentials = decode_credentials(record);
        if (!id || !credentials) return find("credentials cannot be read", key);
        const ScramKeys& scram = credentials->scram;
        if (!credentials->password_hash.starts_with("$argon2id$") || scram.salt.empty() || scram.iterations == 0 ||
            scram.stored_key.size() != 32 || scram.server_key.size() != 32)
            find("credentials are none", key);
        credentials_.insert(*id);
    }
    void look_at_alias(std::string_view key, std::string_view record) {
        const std::optional<Address> address = address_of_key(key);
        const std::optional<Alias> alias = address ? decode_alias(*address, record) : std::nullopt;
        if (!alias || alias->targets.empty()) return find("an alias cannot be read", key);
        aliases_.insert(*address);
    }
    void look_at_next_id(std::string_view key, std::string_view record) {
        const std::optional<std::uint64_t> next = decode_number(record);
        if (key != next_id_key || !next) return find("the next account's id cannot be read", key);
        next_id_ = *next;
    }
    void look_at_secret(std::string_view key, std::string_view record) {
        const std::optional<std::string> secret = decode_bytes(record);
        if (key != secret_key || !secret || secret->size() != 32) find("the installation's secret cannot be read", key);
    }

    std::vector<store::Finding> findings_;
    std::set<std::string> domains_;
    std::map<Address, AccountId> accounts_;
    std::map<AccountId, Address> ids_;
    std::map<std::pair<std::string, AccountId>, std::string> ages_;
    std::set<AccountId> credentials_;
    std::set<AccountId> erasures_;
    std::set<Address> aliases_;
    std::uint64_t next_id_ = 0;
};

}  // namespace

Task<Result<std::vector<store::Finding>>> Directory::verify() {
    co_return co_await state_->store.read(directory_partition(), store::Weight::many,
                                          [](const store::Reader& reader) -> Result<std::vector<store::Finding>> {
                                              Verification verification;
                                              reader.scan("", "\xff", [&](std::string_view key, std::string_view record) {
                                                  verification.look_at(key, record);
                                                  return true;
                                              });
                                              return verification.finish();
                                          });
}

}  // namespace packetboat::directory
