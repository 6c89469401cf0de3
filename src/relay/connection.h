#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "delivery/transport.h"
#include "relay/link.h"

namespace packetboat::relay {

// A host that is ready to take messages. On the transport's reactor; the transport outlives it.
class SmtpConnection final : public delivery::Connection {
public:
    struct Parts {
        std::unique_ptr<Link> link;  // greeted, and whatever else was to be done
        std::string host;
        smtp::ClientProtocol protocol = smtp::ClientProtocol::smtp;
        bool verified = false;           // TLS, with a certificate that was to be verified: what RFC 8689 asks for
        std::size_t recipients_max = 1;  // of a transaction; the server may want fewer
    };
    explicit SmtpConnection(Parts parts) : parts_(std::move(parts)) {}

    Task<std::vector<delivery::Attempt>> send(const delivery::Shipment& shipment) override;
    bool usable() const override { return !parts_.link->stopping() && client().usable(); }
    std::string dialogue() const override { return client().dialogue(); }
    const std::string& remote() const override { return parts_.host; }
    Task<> close() override { return parts_.link->close(); }

private:
    class Sending;

    const smtp::Client& client() const { return parts_.link->client(); }
    smtp::Client& client() { return parts_.link->client(); }
    delivery::Attempt attempt_of(const smtp::RecipientResult& result) const;
    std::vector<delivery::Attempt> all_failed(const delivery::Shipment& shipment, const delivery::Failure& failure) const;

    Parts parts_;
    bool begun_ = false;
};

}  // namespace packetboat::relay
