#include <utility>

#include "base/text.h"
#include "directory/sasl_names.h"
#include "directory/scram.h"

namespace packetboat::directory {

namespace {

// The server-error-values of RFC 5802 §7 are for the reply's text; we end the exchange with the protocol's own failure, not with an
// "e=" message, which SASL profiles without data in their failures could not carry.
Error failure(std::string_view server_error_value) {
    return {ErrorCode::invalid, "authentication failed: " + std::string(server_error_value)};
}

std::optional<ChannelBinding> binding_of(std::string_view name) {
    if (name == "tls-exporter") return ChannelBinding::tls_exporter;
    if (name == "tls-server-end-point") return ChannelBinding::tls_server_end_point;
    if (name == "tls-unique") return ChannelBinding::tls_unique;
    return std::nullopt;
}

class ScramServer final : public SaslServer {
public:
    ScramServer(Directory& directory, SaslContext context, bool plus, std::function<std::string()> make_nonce)
        : directory_(directory), context_(std::move(context)), plus_(plus), make_nonce_(std::move(make_nonce)) {}

    Task<SaslStep> step(std::optional<std::string> response) override {
        switch (std::exchange(state_, State::over)) {
            case State::initial:
                if (response) co_return co_await first(*response);
                state_ = State::first;
                co_return SaslChallenge{};
            case State::first: co_return response ? co_await first(*response) : SaslStep(failure("other-error"));
            case State::final: co_return response ? co_await final(*response) : SaslStep(failure("other-error"));
            case State::over: break;
        }
        co_return Error{ErrorCode::invalid, "the exchange is over"};
    }

private:
    enum class State : std::uint8_t { initial, first, final, over };

    // Answers server-first-message.
    Task<SaslStep> first(const std::string& message) {
        Result<ScramClientFirst> parsed = parse_scram_client_first(message);
        if (!parsed) co_return failure(parsed.error().text);
        first_ = *std::move(parsed);
        if (const std::string_view mistake = bind(); !mistake.empty()) co_return failure(mistake);
        Result<Directory::ScramLookup> lookup = co_await directory_.scram_keys(context_.client, first_.user);
        if (!lookup) co_return sasl_error(lookup.error());
        lookup_ = *std::move(lookup);
        nonce_ = first_.nonce + make_nonce_();
        server_first_ = scram_server_first(nonce_, lookup_->keys);
        state_ = State::final;
        co_return SaslChallenge{server_first_};
    }

    // Works out what "c=" must be. Answers the server-error-value of what is wrong (RFC 5802 §6), or nothing.
    std::string_view bind() {
        using Binding = ScramClientFirst::Binding;
        expected_binding_ = first_.gs2_header;
        // Under TLS we offered -PLUS. A client that did not see the offer was lied to by somebody between us.
        if (first_.binding == Binding::unoffered && context_.tls) return "server-does-support-channel-binding";
        if (first_.binding != Binding::required) return plus_ ? "channel-bindings-dont-match" : "";
        if (!plus_) return "channel-binding-not-supported";
        const std::optional<ChannelBinding> kind = binding_of(first_.binding_name);
        std::optional<std::string> data;
        if (kind && context_.tls && context_.channel_binding) data = context_.channel_binding(*kind);
        if (!data) return "unsupported-channel-binding-type";
        expected_binding_ += *data;
        return "";
    }

    // Answers server-final-message.
    Task<SaslStep> final(const std::string& message) {
        const Result<ScramClientFinal> parsed = parse_scram_client_final(message);
        if (!parsed) co_return failure(parsed.error().text);
        if (!equal_constant_time(parsed->channel_binding, expected_binding_)) co_return failure("channel-bindings-dont-match");
        if (!equal_constant_time(parsed->nonce, nonce_)) co_return failure("other-error");
        const std::string auth_message = first_.bare + "," + server_first_ + "," + parsed->without_proof;
        const std::optional<std::string> signature = scram_verify(lookup_->keys, auth_message, parsed->proof);
        const bool succeeded = signature && lookup_->account && co_await still_open();
        if (const Result<> told = directory_.count_login(context_.client, lookup_->user, succeeded); !told)
            co_return sasl_error(told.error());
        if (!succeeded) co_return Error{ErrorCode::denied, "authentication failed"};
        if (!may_act_as(*lookup_->account, first_.user, first_.authzid)) co_return wrong_authzid();
        co_return SaslSuccess{*lookup_->account, "v=" + base64_encode(*signature)};
    }

    // The client took its time between the messages, and the account may be gone or disabled by now.
    Task<bool> still_open() {
        const Result<Account> now = co_await directory_.account(lookup_->account->id);
        co_return now && now->enabled;
    }

    Directory& directory_;
    SaslContext context_;
    bool plus_;
    std::function<std::string()> make_nonce_;
    State state_ = State::initial;
    ScramClientFirst first_;
    std::string expected_binding_;
    std::optional<Directory::ScramLookup> lookup_;
    std::string nonce_;
    std::string server_first_;
};

}  // namespace

std::unique_ptr<SaslServer> make_scram_server(Directory& directory, SaslContext context, bool plus,
                                              std::function<std::string()> make_nonce) {
    return std::make_unique<ScramServer>(directory, std::move(context), plus, std::move(make_nonce));
}

}  // namespace packetboat::directory
