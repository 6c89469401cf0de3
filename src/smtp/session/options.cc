#include "smtp/session/options.h"

namespace packetboat::smtp {

wire::Decoder make_decoder(const Options& options) {
    return wire::Decoder({.command_line_max_bytes = options.limits.command_line_max_bytes,
                          .auth_line_max_bytes = options.limits.auth_line_max_bytes,
                          .syntax = {.strict = options.strict_syntax}});
}

}  // namespace packetboat::smtp
