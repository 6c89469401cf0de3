#include "sasl/client.h"

#include <cassert>
#include <utility>

#include "sasl/scram_client.h"

namespace packetboat::sasl {

namespace {

// message = [authzid] UTF8NUL authcid UTF8NUL passwd                                       RFC 4616 §2
class Plain final : public Client {
public:
    explicit Plain(ClientContext context) : context_(std::move(context)) {}
    std::optional<std::string> initial() override {
        std::string out(context_.authorize_as);
        out += '\0';
        out += context_.user;
        out += '\0';
        return out += context_.password;
    }
    Task<Result<std::string>> answer(std::string) override {
        co_return fail(ErrorCode::invalid, "the server asks for more than PLAIN has");
    }

private:
    ClientContext context_;
};

// draft-murchison-sasl-login: two questions, whose words nobody reads.
class Login final : public Client {
public:
    explicit Login(ClientContext context) : context_(std::move(context)) {}
    std::optional<std::string> initial() override { return std::nullopt; }
    Task<Result<std::string>> answer(std::string) override {
        switch (asked_++) {
            case 0: co_return std::string(context_.user);
            case 1: co_return std::string(context_.password);
            default: co_return fail(ErrorCode::invalid, "the server asks for more than LOGIN has");
        }
    }

private:
    ClientContext context_;
    int asked_ = 0;
};

// RFC 9266 for TLS 1.3, RFC 5929 for older ones.
std::optional<ScramClient::Channel> channel_of(const ChannelBindings& bindings) {
    struct Kind {
        ChannelBinding kind;
        std::string_view name;
    };
    constexpr Kind kinds[] = {{ChannelBinding::tls_exporter, "tls-exporter"},
                              {ChannelBinding::tls_unique, "tls-unique"},
                              {ChannelBinding::tls_server_end_point, "tls-server-end-point"}};
    if (!bindings) return std::nullopt;
    for (const Kind& one : kinds) {
        if (std::optional<std::string> data = bindings(one.kind))
            return ScramClient::Channel{.binding = ScramClient::Binding::used, .name = std::string(one.name), .data = std::move(*data)};
    }
    return std::nullopt;
}

ScramClient::Channel channel_for(const ClientContext& context, bool plus) {
    std::optional<ScramClient::Channel> channel = channel_of(context.channel_bindings);
    if (plus) {
        assert(channel);
        return std::move(*channel);
    }
    // RFC 5802 §6: so that the server notices when somebody has taken its offer of -PLUS away.
    if (channel && !context.plus_offered) return {.binding = ScramClient::Binding::unoffered, .name = {}, .data = {}};
    return {};
}

class Scram final : public Client {
public:
    Scram(ClientContext context, bool plus)
        : context_(std::move(context)), scram_(context_.user, context_.authorize_as, channel_for(context_, plus), new_scram_nonce()) {}

    std::optional<std::string> initial() override { return scram_.client_first(); }

    Task<Result<std::string>> answer(std::string challenge) override {
        switch (asked_++) {
            case 0: co_return co_await prove(std::move(challenge));
            case 1: {
                Result<> verified = scram_.read_server_final(challenge);
                if (!verified) co_return fail(std::move(verified).error());
                co_return std::string();
            }
            default: co_return fail(ErrorCode::invalid, "the server asks for more than SCRAM has");
        }
    }

    // RFC 5802 §5: without the server's signature the client must not believe it.
    Result<> finish() override {
        if (!scram_.server_verified())
            return fail(ErrorCode::denied, "the server took the login without proving that it knows the password");
        return {};
    }

private:
    Task<Result<std::string>> prove(std::string challenge) {
        Result<ScramClient::Salting> salting = scram_.read_server_first(challenge, context_.scram);
        if (!salting) co_return fail(std::move(salting).error());
        const auto derive = [this, &salting] { return salted_password(context_.password, *salting); };
        if (!context_.hashing) co_return scram_.client_final(derive());
        Result<std::string> salted = co_await context_.hashing->run(derive);
        if (!salted) co_return salted;
        co_return scram_.client_final(*salted);
    }

    ClientContext context_;
    ScramClient scram_;
    int asked_ = 0;
};

}  // namespace

bool has_channel_binding(const ChannelBindings& bindings) { return channel_of(bindings).has_value(); }

std::unique_ptr<Client> make_client(std::string_view mechanism, ClientContext context) {
    if (mechanism == "PLAIN") return std::make_unique<Plain>(std::move(context));
    if (mechanism == "LOGIN") return std::make_unique<Login>(std::move(context));
    return std::make_unique<Scram>(std::move(context), mechanism == "SCRAM-SHA-256-PLUS");
}

}  // namespace packetboat::sasl
