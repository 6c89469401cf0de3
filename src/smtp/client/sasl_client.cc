#include "smtp/client/sasl_client.h"

namespace packetboat::smtp {

namespace {

sasl::ChannelBindings bindings_of(const ClientPeer& peer) {
    if (!peer.info().tls()) return {};
    return [&peer](ChannelBinding kind) { return peer.channel_binding(kind); };
}

}  // namespace

bool has_channel_binding(const ClientPeer& peer) { return sasl::has_channel_binding(bindings_of(peer)); }

std::unique_ptr<SaslClient> make_sasl_client(std::string_view mechanism, SaslClientContext context) {
    return sasl::make_client(mechanism, {.user = context.credentials.user,
                                         .password = context.credentials.password,
                                         .authorize_as = context.credentials.authorize_as,
                                         .channel_bindings = bindings_of(context.peer),
                                         .plus_offered = context.plus_offered,
                                         .scram = context.scram,
                                         .hashing = context.hashing});
}

}  // namespace packetboat::smtp
