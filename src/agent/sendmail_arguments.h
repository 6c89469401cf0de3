#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "smtp/wire/command.h"

namespace packetboat::agent {

// sendmail's command line: half a century of programs call it.
struct SendmailArguments {
    enum class Mode : std::uint8_t { message /* -bm */, smtp /* -bs */ };
    Mode mode = Mode::message;
    bool recipients_from_header = false;               // -t
    bool dot_is_text = false;                          // -i, -oi
    bool verbose = false;                              // -v
    bool dry_run = false;                              // --dry-run
    std::optional<std::string> sender;                 // -f, -r; empty: <>
    std::string full_name;                             // -F
    smtp::wire::Notify notify;                         // -N
    smtp::wire::Ret ret = smtp::wire::Ret::not_given;  // -R
    std::string envid;                                 // -V
    std::string login_file;                            // -C
    std::vector<std::string> recipients;
    std::vector<std::string> remarks;  // what was ignored and better be known, in plain words
};

// Options may stand together ("-ti") and between recipients, values behind their option or in the next argument. What other sendmails
// understand and what means nothing here is ignored, as they do with each other's. Errors: invalid (EX_USAGE).
Result<SendmailArguments> parse_sendmail_arguments(std::span<const std::string> arguments);

// "never", or a list of "success", "failure", "delay". Errors: invalid.
Result<smtp::wire::Notify> parse_notify(std::string_view text);
// "full" or "hdrs". Errors: invalid.
Result<smtp::wire::Ret> parse_ret(std::string_view text);

}  // namespace packetboat::agent
