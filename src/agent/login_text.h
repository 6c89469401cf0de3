#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/login.h"
#include "base/error.h"

// Internal to the room.
namespace packetboat::agent {

struct LoginText {
    std::vector<Login> logins;
    std::string usual;
};

// The text of the file of logins.
//   usual = "work"
//   [login.work]
//   server = "mail.example.test:587"
//   user = "alice@example.test"
//   password-command = "pass show mail/work"
// Also pop3, from, tls, insecure, password. Errors: invalid, with the line and what is wrong there; unknown keys are wrong.
Result<LoginText> parse_login_text(std::string_view text);
std::string login_text(const LoginText& text);

}  // namespace packetboat::agent
