#include "pop3/session/options.h"

namespace packetboat::pop3 {

wire::Decoder make_decoder(const Options& options) { return wire::Decoder(options.limits.command_line_max_bytes); }

}  // namespace packetboat::pop3
