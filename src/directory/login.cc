#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "directory/lookup.h"
#include "directory/records.h"
#include "directory/state.h"

namespace packetboat::directory {

namespace {

constexpr std::size_t user_max_bytes = 512;  // of a name that is no address; longer ones are cut for counting and the log

// One answer for an unknown user, a wrong password and a disabled account.
Unexpected deny() { return fail(ErrorCode::denied, "authentication failed"); }

Result<LoginSubject> read_login(const store::Reader& reader, std::string_view user) {
    LoginSubject subject;
    const std::optional<Address> address = address_of_user(reader, user);
    subject.user = address ? address->text() : lower(user.substr(0, user_max_bytes));
    if (!address) return subject;
    Result<std::optional<Account>> account = get_account(reader, *address);
    if (!account) return fail(std::move(account).error());
    subject.account = *std::move(account);
    if (!subject.account) return subject;
    Result<std::optional<Credentials>> credentials = get_credentials(reader, subject.account->id);
    if (!credentials) return fail(std::move(credentials).error());
    subject.credentials = *std::move(credentials);
    return subject;
}

}  // namespace

std::string_view LoginSubject::obstacle() const {
    if (!account) return "no such user";
    if (!account->enabled) return "disabled";
    return credentials ? "" : "no password set";
}

Unexpected refuse_throttled(const Client& client, std::string_view user) {
    log_warning("auth.throttled", client.session_id, {{"user", user}, {"remote", client.address.text()}, {"protocol", client.protocol}});
    return fail(ErrorCode::too_many, "too many failed logins, try again later");
}

Task<Result<Account>> Directory::check_password(const Client& client, std::string_view user, std::string_view password) {
    const Result<LoginSubject> subject = co_await state_->find_login(user);
    if (!subject) co_return fail(subject.error());
    if (!state_->throttle.may_try(client.address, subject->user)) co_return refuse_throttled(client, subject->user);

    Verdict verdict = Verdict::wrong;
    bool cached = false;
    if (is_acceptable_password(password)) {
        std::string cache_key;
        if (subject->open()) cache_key = state_->cache.key(subject->account->id, subject->credentials->version, password);
        cached = state_->cache.contains(cache_key);
        if (cached) {
            verdict = Verdict::right;
        } else {
            const Result<Verdict> computed = co_await state_->verify(client, *subject, cache_key, password);
            if (!computed) co_return fail(computed.error());
            verdict = *computed;
        }
    }
    if (const Result<> told = state_->conclude(client, *subject, password, verdict, cached); !told) co_return fail(told.error());
    if (!cached && is_outdated(*subject->credentials, state_->limits)) co_await state_->rehash(client, *subject, password);
    co_return *subject->account;
}

Task<Result<LoginSubject>> Directory::State::find_login(std::string_view user) {
    co_return co_await store.read(directory_partition(), store::Weight::few,
                                  [&](const store::Reader& reader) { return read_login(reader, user); });
}

// Whoever the user is, one hash of the same cost. Logins of one account that waited side by side for the first one's hash find its result
// in the cache when their turn comes.
Task<Result<Verdict>> Directory::State::verify(const Client& client, const LoginSubject& subject, const std::string& cache_key,
                                               std::string_view password) {
    const bool open = subject.open();
    const std::string& hash = open ? subject.credentials->password_hash : dummy_hash;
    const Result<Verdict> verdict = co_await hashing.run([&] {
        if (cache.contains(cache_key)) return Verdict::right;
        ++password_hashes;
        const Verdict found = verify_password(hash, password);
        if (found == Verdict::right && open) cache.put(cache_key);
        return found;
    });
    if (!verdict) co_return fail(verdict.error());
    if (*verdict == Verdict::unknown) {
        log_error("auth.hash_failed", client.session_id, {{"user", subject.user}});
        co_return fail(ErrorCode::unavailable, "the password cannot be checked now");
    }
    co_return open ? *verdict : Verdict::wrong;
}

Result<> Directory::State::conclude(const Client& client, const LoginSubject& subject, std::string_view password, Verdict verdict,
                                    bool cached) {
    const bool right = verdict == Verdict::right;
    if (!throttle.conclude(client.address, subject.user, right, password)) return refuse_throttled(client, subject.user);
    const std::string remote = client.address.text();
    if (right) {
        log_info("auth.ok", client.session_id,
                 {{"user", subject.user}, {"remote", remote}, {"protocol", client.protocol}, {"cached", cached}});
        return {};
    }
    const std::string_view reason = subject.open() ? "wrong password" : subject.obstacle();
    log_warning("auth.failed", client.session_id,
                {{"reason", reason}, {"user", subject.user}, {"remote", remote}, {"protocol", client.protocol}});
    return deny();
}

// The password's version stays, it is the same password. That it fails does not concern the login, which was right.
Task<> Directory::State::rehash(const Client& client, const LoginSubject& subject, std::string_view password) {
    const AccountId id = subject.account->id;
    const std::uint64_t version = subject.credentials->version;
    Result<Credentials> made = co_await hash_password(password);
    if (!made) {
        log_warning("auth.rehash_failed", client.session_id, {{"user", subject.user}, {"error", made.error().text}});
        co_return;
    }
    made->version = version;
    const Result<> written = co_await write([&](store::Transaction& t) -> Result<std::string> {
        const Result<std::optional<Credentials>> now = get_credentials(t, id);
        if (!now) return fail(now.error());
        if (*now && (*now)->version == version) t.put(credentials_key(id), encode(*made));
        return std::string();
    });
    if (!written) log_warning("auth.rehash_failed", client.session_id, {{"user", subject.user}, {"error", written.error().text}});
}

Task<Result<Credentials>> Directory::State::hash_password(std::string_view password) {
    Result<std::optional<Credentials>> made = co_await hashing.run([&] { return make_credentials(password, limits); });
    if (!made) co_return fail(made.error());
    if (!*made) co_return fail(ErrorCode::unavailable, "not enough memory for the password hash");
    co_return **std::move(made);
}

// The made-up keys have today's number of iterations. Where that setting was changed, an account that has not logged in since by a
// mechanism that sends the password still answers with its old number, and is thereby known to exist.
Task<Result<Directory::ScramLookup>> Directory::scram_keys(const Client& client, std::string_view user) {
    const Result<LoginSubject> subject = co_await state_->find_login(user);
    if (!subject) co_return fail(subject.error());
    if (!state_->throttle.may_try(client.address, subject->user)) co_return refuse_throttled(client, subject->user);
    const Result<std::string> secret = co_await state_->installation_secret();
    if (!secret) co_return fail(secret.error());
    // Made for everybody, so that it takes the same time for everybody.
    ScramLookup lookup{make_fake_scram_keys(*secret, subject->user, state_->limits.scram_iterations), std::nullopt, subject->user};
    if (subject->open()) {
        lookup.keys = subject->credentials->scram;
        lookup.account = subject->account;
    }
    co_return lookup;
}

Result<> Directory::count_login(const Client& client, std::string_view user, bool succeeded) {
    if (!state_->throttle.conclude(client.address, user, succeeded)) return refuse_throttled(client, user);
    const std::string remote = client.address.text();
    if (succeeded) {
        log_info("auth.ok", client.session_id, {{"user", user}, {"remote", remote}, {"protocol", client.protocol}, {"mechanism", "scram"}});
    } else {
        log_warning("auth.failed", client.session_id,
                    {{"reason", "wrong proof"}, {"user", user}, {"remote", remote}, {"protocol", client.protocol}});
    }
    return {};
}

std::uint64_t Directory::password_hashes() const { return state_->password_hashes; }

// Made by the first who needs it; whoever is second finds it.
Task<Result<std::string>> Directory::State::installation_secret() {
    {
        const std::scoped_lock lock(secret_mutex);
        if (!secret.empty()) co_return secret;
    }
    std::string fresh(32, '\0');
    random_bytes({reinterpret_cast<std::uint8_t*>(fresh.data()), fresh.size()});
    const Result<store::Committed> committed =
        co_await store.write(directory_partition(), std::nullopt, [&](store::Transaction& t) -> Result<std::string> {
            if (const std::optional<std::string> record = t.get(secret_key)) {
                std::optional<std::string> kept = decode_bytes(*record);
                if (!kept) return broken_record(secret_key);
                return *std::move(kept);
            }
            t.put(secret_key, encode_bytes(fresh));
            return fresh;
        });
    if (!committed) co_return fail(committed.error());
    const std::scoped_lock lock(secret_mutex);
    secret = committed->result;
    co_return secret;
}

}  // namespace packetboat::directory
