#include "server/routes.h"

namespace packetboat::server {

const std::vector<RouteKey>& route_keys() {
    using R = RouteSettings;
    static const std::vector<RouteKey> keys{
        {.name = "domains",
         .example = R"(["example.org", ".example.org", "*"])",
         .help = "Whose mail goes this way: a domain, all below it (with a dot in front), or all the rest. The most specific one decides.",
         .list = &R::domains},
        {.name = "host",
         .example = R"("smtp.example.net")",
         .help = "The host that takes it, a name or an address (a smart host). Without it: the domain's own hosts, by MX.",
         .text = &R::host},
        {.name = "port", .example = "587", .help = "Its port. 0: the usual one.", .number = &R::port},
        {.name = "mx", .example = "false", .help = "The host is a domain, whose MX hosts are meant.", .flag = &R::mx},
        {.name = "protocol", .example = R"("smtp")", .help = "smtp, or lmtp for a mail store.", .text = &R::protocol},
        {.name = "tls",
         .example = R"("verify")",
         .help = "none, may, encrypt or verify, as outbound.tls, which holds without it. Where there is a user: verify.",
         .text = &R::tls},
        {.name = "implicit_tls", .example = "false", .help = "TLS from the first byte (port 465).", .flag = &R::implicit_tls},
        {.name = "user", .example = R"("alice")", .help = "To log in as. Without it: no login.", .text = &R::user},
        {.name = "password_file",
         .example = R"("/etc/packetboat/smarthost.password")",
         .help = "Its first line is the password.",
         .text = &R::password_file},
        {.name = "password_without_tls",
         .example = "false",
         .help = "Show the password to everybody on the way.",
         .flag = &R::password_without_tls},
        {.name = "sources",
         .example = R"(["192.0.2.1"])",
         .help = "Addresses of this machine to send from, in turns; without it outbound.sources hold.",
         .list = &R::sources},
    };
    return keys;
}

std::string routes_page() {
    std::string page =
        "\n## [[route]]\n\nA way for some domains' mail; there may be many of these tables. Changes are taken over by a reload.\n\n"
        "| key | as in | |\n|---|---|---|\n";
    for (const RouteKey& key : route_keys())
        page += "| `" + std::string(key.name) + "` | `" + std::string(key.example) + "` | " + std::string(key.help) + " |\n";
    return page;
}

std::string routes_example() {
    // All of it is a comment: without domains a route is none, so there are no defaults to show.
    std::string file = "\n# A way for some domains' mail; there may be many of these tables.\n# [[route]]\n";
    for (const RouteKey& key : route_keys())
        file += "# " + std::string(key.name) + " = " + std::string(key.example) + "   # " + std::string(key.help) + "\n";
    return file;
}

}  // namespace packetboat::server
