#include "agent/login_text.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// Whatever the file of logins says, what may be saved of it is written so that it is read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    using namespace packetboat::agent;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const Result<HostPort> address = parse_host_port(input)) {
        const Result<HostPort> again = parse_host_port(address->text());
        if (!again || *again != *address) std::abort();
    }
    const Result<LoginText> parsed = parse_login_text(input);
    if (!parsed) return 0;
    Logins logins;
    LoginText kept;
    for (const Login& login : parsed->logins) {
        if (logins.put(login)) kept.logins.push_back(login);
    }
    if (logins.set_usual(parsed->usual)) kept.usual = parsed->usual;
    const std::string written = login_text(kept);
    const Result<LoginText> again = parse_login_text(written);
    if (!again || again->logins != kept.logins || again->usual != kept.usual) {
        std::fprintf(stderr, "written as: %s\n%s\n", written.c_str(), again ? "" : again.error().text.c_str());
        std::abort();
    }
    return 0;
}
