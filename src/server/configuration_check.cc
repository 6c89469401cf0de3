#include "net/tls.h"
#include "server/configuration.h"
#include "server/data_directory.h"
#include "server/privileges.h"

namespace packetboat::server {

namespace {

Unexpected mistake(const Configuration& configuration, std::string_view key, std::string_view what) {
    return fail(ErrorCode::invalid, mistake_text(configuration.source, key, what));
}

}  // namespace

Result<> check_configuration(const Configuration& configuration) {
    if (configuration.hostname.empty())
        return mistake(configuration, "server.hostname", "must not be empty; write the name by which other servers know this one");
    if (configuration.smtp.places_max < configuration.directory.alias_targets_max)
        return mistake(configuration, "smtp.places_max",
                       "must be at least addresses.alias_targets_max (" + std::to_string(configuration.directory.alias_targets_max) +
                           "), or some aliases would never get mail");
    const bool certificate = !configuration.tls_certificate.empty();
    const bool key = !configuration.tls_key.empty();
    if (certificate && !key) return mistake(configuration, "tls.certificate", "needs tls.key beside it (or leave out both)");
    if (key && !certificate) return mistake(configuration, "tls.key", "needs tls.certificate beside it (or leave out both)");
    if (certificate) return {};
    constexpr const char* needs = "needs tls.certificate and tls.key (or set listen.submissions and listen.pop3s to [])";
    if (!configuration.listen.submissions.empty()) return mistake(configuration, "listen.submissions", needs);
    if (!configuration.listen.pop3s.empty()) return mistake(configuration, "listen.pop3s", needs);
    return {};
}

Result<> check_start(const Configuration& configuration) {
    if (!configuration.user.empty()) {
        if (const Result<User> user = find_user(configuration.user); !user)
            return mistake(configuration, "server.user",
                           user.error().text + "; make it (adduser --system --group " + configuration.user + "), or name another");
    }
    if (const Result<> data = check_data_directory(configuration); !data)
        return fail(data.error().code, mistake_text(configuration.source, "server.data", data.error().text));
    if (configuration.tls_certificate.empty()) return {};
    const net::TlsFiles files{.certificate = configuration.tls_certificate, .key = configuration.tls_key};
    if (const auto loaded = net::TlsContext::load(files); !loaded) {
        const bool certificate = loaded.error().text.starts_with(files.certificate.string() + ": ");
        return mistake(configuration, certificate ? "tls.certificate" : "tls.key",
                       loaded.error().text + "; name a certificate chain and its own key, both PEM, that the server can read");
    }
    return {};
}

}  // namespace packetboat::server
