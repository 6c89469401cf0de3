#include "server/dev.h"

namespace packetboat::server {

namespace {

constexpr const char* dev_domain = "example.test";
constexpr const char* dev_password = "packetboat";

}  // namespace

Configuration dev_configuration(Configuration configuration, const DevOptions& options) {
    const auto at = [&](std::uint16_t standard_port) {
        return std::vector<Endpoint>{{options.bind, static_cast<std::uint16_t>(options.port_base + standard_port)}};
    };
    configuration.hostname = "mail.example.test";
    configuration.data = std::filesystem::absolute(options.data);
    configuration.user.clear();
    configuration.tls_certificate = configuration.data / "dev-certificate.pem";
    configuration.tls_key = configuration.data / "dev-key.pem";
    configuration.listen = {
        .smtp = at(25), .submission = at(587), .submissions = at(465), .lmtp = at(24), .pop3 = at(110), .pop3s = at(995)};
    configuration.plain_text_login = true;
    if (options.dns) configuration.dns_servers = {*options.dns};
    return configuration;
}

Task<Result<>> make_dev_accounts(Services& services) {
    directory::Directory& directory = services.directory();
    if (Result<> added = co_await directory.add_domain(dev_domain); !added && added.error().code != ErrorCode::exists) co_return added;
    for (const char* user : {"admin", "alice", "bob"}) {
        Result<directory::Address> address = directory::Address::from_parts(user, dev_domain);
        if (!address) co_return fail(std::move(address).error());
        const Result<directory::AccountId> id =
            co_await directory.add_account({.address = std::move(*address), .name = user, .quota_bytes = 0, .password = dev_password});
        if (!id && id.error().code != ErrorCode::exists) co_return fail(id.error());
    }
    co_return Result<>{};
}

}  // namespace packetboat::server
