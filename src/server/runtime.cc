#include "server/runtime.h"

namespace packetboat::server {

namespace {

smtp::Options smtp_options(const Configuration& configuration, smtp::Role role) {
    smtp::Options options;
    options.role = role;
    options.hostname = configuration.hostname;
    options.starttls = !configuration.tls_certificate.empty();
    options.plain_text_auth_without_tls = configuration.plain_text_login;
    options.require_tls_for_auth = !configuration.plain_text_login;
    if (role == smtp::Role::submission && configuration.smtp_accept_bare_newlines)
        options.bare_newlines = smtp::wire::BareNewlines::normalise;
    options.limits = configuration.smtp;
    return options;
}

}  // namespace

std::shared_ptr<const Runtime> Runtime::of(const Configuration& configuration) {
    auto runtime = std::make_shared<Runtime>();
    runtime->mx = smtp_options(configuration, smtp::Role::mx);
    runtime->submission = smtp_options(configuration, smtp::Role::submission);
    runtime->lmtp = smtp_options(configuration, smtp::Role::lmtp);
    runtime->pop3.hostname = configuration.hostname;
    runtime->pop3.stls = !configuration.tls_certificate.empty();
    runtime->pop3.plain_text_login_without_tls = configuration.plain_text_login;
    runtime->pop3.limits = configuration.pop3;
    runtime->smtp_timeouts = configuration.smtp_timeouts;
    runtime->pop3_timeouts = configuration.pop3_timeouts;
    return runtime;
}

}  // namespace packetboat::server
