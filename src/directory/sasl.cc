#include "directory/sasl.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "directory/sasl_names.h"
#include "directory/scram.h"

namespace packetboat::directory {

namespace {

Error malformed(std::string text) { return {ErrorCode::invalid, std::move(text)}; }

// Both mechanisms that send the password end alike.
Task<SaslStep> log_in(Directory& directory, const Client& client, std::string_view user, std::string_view password,
                      std::string_view authzid) {
    Result<Account> account = co_await directory.check_password(client, user, password);
    if (!account) co_return sasl_error(account.error());
    if (!may_act_as(*account, user, authzid)) co_return wrong_authzid();
    co_return SaslSuccess{*std::move(account), {}};
}

// message = [authzid] UTF8NUL authcid UTF8NUL passwd                RFC 4616 §2
class Plain final : public SaslServer {
public:
    Plain(Directory& directory, SaslContext context) : directory_(directory), context_(std::move(context)) {}

    Task<SaslStep> step(std::optional<std::string> response) override {
        if (over_) co_return malformed("the exchange is over");
        if (!response && !std::exchange(asked_, true)) co_return SaslChallenge{};
        over_ = true;
        if (!response) co_return malformed("PLAIN has one message");
        const std::string_view message = *response;
        const std::size_t first = message.find('\0');
        const std::size_t second = first == std::string_view::npos ? first : message.find('\0', first + 1);
        if (second == std::string_view::npos || message.find('\0', second + 1) != std::string_view::npos ||
            !is_utf8(message.substr(0, second)))
            co_return malformed("PLAIN's message is [authzid] NUL authcid NUL passwd");
        const std::string_view user = message.substr(first + 1, second - first - 1);
        const std::string_view password = message.substr(second + 1);
        if (user.empty() || password.empty()) co_return malformed("PLAIN needs a user name and a password");
        co_return co_await log_in(directory_, context_.client, user, password, message.substr(0, first));
    }

private:
    Directory& directory_;
    SaslContext context_;
    bool asked_ = false;
    bool over_ = false;
};

// draft-murchison-sasl-login §2: the user name, then the password. Its clients compare the challenges byte for byte.
class Login final : public SaslServer {
public:
    Login(Directory& directory, SaslContext context) : directory_(directory), context_(std::move(context)) {}

    Task<SaslStep> step(std::optional<std::string> response) override {
        switch (std::exchange(state_, State::over)) {
            case State::initial:
                if (response) co_return take_user(*std::move(response));
                state_ = State::user;
                co_return SaslChallenge{"Username:"};
            case State::user: co_return response ? take_user(*std::move(response)) : SaslStep(malformed("LOGIN needs a user name"));
            case State::password:
                if (!response) co_return malformed("LOGIN needs a password");
                co_return co_await log_in(directory_, context_.client, user_, *response, {});
            case State::over: break;
        }
        co_return malformed("the exchange is over");
    }

private:
    enum class State : std::uint8_t { initial, user, password, over };

    SaslStep take_user(std::string user) {
        user_ = std::move(user);
        state_ = State::password;
        return SaslChallenge{"Password:"};
    }

    Directory& directory_;
    SaslContext context_;
    State state_ = State::initial;
    std::string user_;
};

}  // namespace

bool may_act_as(const Account& account, std::string_view authcid, std::string_view authzid) {
    if (authzid.empty() || authzid == authcid) return true;
    const Result<Address> address = Address::parse(authzid);
    return address && *address == account.address;
}

Error wrong_authzid() { return {ErrorCode::denied, "you may not act for another user"}; }

Error sasl_error(Error error) {
    switch (error.code) {
        case ErrorCode::denied:
        case ErrorCode::invalid:
        case ErrorCode::too_many: break;
        default: error.code = ErrorCode::unavailable;
    }
    return error;
}

std::vector<std::string_view> sasl_mechanisms(bool tls, bool plain_text) {
    std::vector<std::string_view> mechanisms;
    if (tls) mechanisms.push_back("SCRAM-SHA-256-PLUS");
    mechanisms.push_back("SCRAM-SHA-256");
    if (plain_text) mechanisms.insert(mechanisms.end(), {"PLAIN", "LOGIN"});
    return mechanisms;
}

std::unique_ptr<SaslServer> make_sasl_server(std::string_view mechanism, Directory& directory, SaslContext context, bool plain_text) {
    const std::vector<std::string_view> offered = sasl_mechanisms(context.tls, plain_text);
    const auto at = std::find_if(offered.begin(), offered.end(), [&](std::string_view name) { return iequals(name, mechanism); });
    if (at == offered.end()) return nullptr;
    if (*at == "PLAIN") return std::make_unique<Plain>(directory, std::move(context));
    if (*at == "LOGIN") return std::make_unique<Login>(directory, std::move(context));
    return make_scram_server(directory, std::move(context), *at == "SCRAM-SHA-256-PLUS", make_scram_nonce);
}

}  // namespace packetboat::directory
