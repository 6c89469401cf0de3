#include "dns/context.h"

#include <unbound.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/text.h"

namespace packetboat::dns {

namespace {

// IANA's root key signing keys (https://data.iana.org/root-anchors/root-anchors.xml), so that no file is needed: KSK-2017, and KSK-2024,
// which takes its place. A key that comes after them must be added here, a year or more before it signs (RFC 7958, RFC 5011).
constexpr const char* root_trust_anchors[] = {
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

constexpr const char* loopback_v6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.";

// Names that no public zone will ever have (RFC 6761, RFC 6762, RFC 7686, RFC 8375, and ICANN's choice of "internal"). The signed root says
// that they do not exist, so whoever serves them in a network of his own serves them without the root's signature.
constexpr const char* private_names[] = {
    "test.", "example.", "invalid.", "localhost.", "local.", "onion.", "internal.", "home.arpa.", "127.in-addr.arpa.", loopback_v6,
};

// Zones that libunbound answers itself, unless told otherwise. Of these the name servers of a network may have their own; the reverse
// zones of private addresses are let go with unblock-lan-zones.
constexpr const char* private_zones[] = {"test.", "home.arpa."};
// These only name servers that were named to us: "localhost" is this machine, "invalid" is nothing, and "onion" must not leave the house
// (RFC 6761 §6.3 and §6.4, RFC 7686 §2), for all that we know about the servers of a resolv.conf.
constexpr const char* built_in_zones[] = {"localhost.", "invalid.", "onion.", "127.in-addr.arpa.", loopback_v6};

constexpr std::uint64_t sockets_max = 256;  // for UDP; queries beyond them wait for one, within their timeout

struct Setting {
    const char* name;
    std::string value;
};

std::vector<Setting> settings(const ResolverOptions& options) {
    const bool validate = options.dnssec || !options.trust_anchors.empty();
    const std::uint64_t cache_bytes = options.cache_bytes;
    return {
        {"module-config:", validate ? "validator iterator" : "iterator"},
        {"do-not-query-localhost:", "no"},
        {"unblock-lan-zones:", "yes"},
        {"insecure-lan-zones:", "yes"},
        // We forward only: the servers are asked for what is wanted, as it is spelled.
        {"qname-minimisation:", "no"},
        {"use-caps-for-id:", "no"},
        // Otherwise an answer holds no longer than the records that came with it unasked.
        {"minimal-responses:", "yes"},
        // Servers that were silent are tried again soon, in so many seconds: they are all we have.
        {"infra-host-ttl:", "20"},
        {"infra-keep-probing:", "yes"},
        {"infra-cache-max-rtt:", "10000"},
        {"num-queries-per-thread:", std::to_string(options.queries_max)},
        {"outgoing-range:", std::to_string(std::min(options.queries_max, sockets_max))},
        {"outgoing-num-tcp:", "32"},  // 64 KiB each
        {"rrset-cache-size:", std::to_string(cache_bytes / 4)},
        {"msg-cache-size:", std::to_string(cache_bytes / 8)},
        {"key-cache-size:", std::to_string(cache_bytes / 8)},
    };
}

Unexpected unavailable(std::string_view what, int error) {
    return fail(ErrorCode::unavailable, "the DNS resolver: " + std::string(what) + ": " + ub_strerror(error));
}

Result<Context> bare_context() {
    Context context(ub_ctx_create());
    if (!context) return fail(ErrorCode::unavailable, "the DNS resolver cannot be made: no memory, no entropy or no descriptors");
    // It would write to standard error.
    ub_ctx_debugout(context.get(), nullptr);
    if (const int error = ub_ctx_async(context.get(), 1)) return unavailable("threads", error);
    return context;
}

std::vector<std::string> servers(const ResolverOptions& options) {
    std::vector<std::string> servers;
    for (const Endpoint& server : options.servers) servers.push_back(server.address.text() + "@" + std::to_string(server.port));
    if (!servers.empty()) return servers;
    std::ifstream file(options.resolv_conf, std::ios::binary);
    constexpr std::size_t file_max_bytes = 64 * 1024;
    std::string text(file_max_bytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    servers = parse_name_servers(text);
    if (servers.empty()) servers.emplace_back("127.0.0.1");  // resolv.conf(5)
    return servers;
}

// Anything that changes local zones makes the context final.
int make_final(const Context& context, const ResolverOptions& options) {
    for (const char* zone : private_zones) {
        if (const int error = ub_ctx_zone_remove(context.get(), zone)) return error;
    }
    if (options.servers.empty()) return 0;
    for (const char* zone : built_in_zones) {
        if (const int error = ub_ctx_zone_remove(context.get(), zone)) return error;
    }
    return 0;
}

// libunbound says that something is wrong, and not what.
std::optional<std::string> wrong_trust_anchor(const ResolverOptions& options) {
    for (const std::string& anchor : options.trust_anchors) {
        const Result<Context> context = bare_context();
        if (!context) return std::nullopt;
        if (ub_ctx_add_ta(context->get(), anchor.c_str()) != 0 || ub_ctx_zone_remove(context->get(), "test.") != 0) return anchor;
    }
    return std::nullopt;
}

bool one_line(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c == '\n' || c == '\r' || c == '\0'; });
}

}  // namespace

void ContextDeleter::operator()(ub_ctx* context) const { ub_ctx_delete(context); }

Result<Context> make_context(const ResolverOptions& options) {
    for (const std::string& anchor : options.trust_anchors) {
        if (trim(anchor).empty() || !one_line(anchor))
            return fail(ErrorCode::invalid, "not one trust anchor, which is one line: " + escape_control(anchor));
    }
    Result<Context> context = bare_context();
    if (!context) return context;
    for (const Setting& setting : settings(options)) {
        if (const int error = ub_ctx_set_option(context->get(), setting.name, setting.value.c_str()))
            return unavailable(setting.name, error);
    }
    for (const char* name : private_names) {
        if (const int error = ub_ctx_set_option(context->get(), "domain-insecure:", name)) return unavailable(name, error);
    }
    for (const std::string& server : servers(options)) {
        if (const int error = ub_ctx_set_fwd(context->get(), server.c_str())) return unavailable("name server " + server, error);
    }
    if (options.dnssec) {
        for (const char* anchor : root_trust_anchors) {
            if (const int error = ub_ctx_add_ta(context->get(), anchor)) return unavailable("the root's trust anchor", error);
        }
    }
    for (const std::string& anchor : options.trust_anchors) {
        if (const int error = ub_ctx_add_ta(context->get(), anchor.c_str())) return unavailable("a trust anchor", error);
    }
    const int error = make_final(*context, options);
    if (error == 0) return context;
    if (const std::optional<std::string> anchor = wrong_trust_anchor(options))
        return fail(ErrorCode::invalid, "not a trust anchor, which is a DS or DNSKEY record: " + escape_control(*anchor));
    return unavailable("it does not start", error);
}

std::vector<std::string> parse_name_servers(std::string_view resolv_conf) {
    std::vector<std::string> servers;
    while (!resolv_conf.empty() && servers.size() < name_servers_max) {
        const std::size_t end = std::min(resolv_conf.find('\n'), resolv_conf.size());
        std::string_view line = trim(resolv_conf.substr(0, end));
        resolv_conf.remove_prefix(std::min(end + 1, resolv_conf.size()));
        if (line.ends_with('\r')) line = trim(line.substr(0, line.size() - 1));
        constexpr std::string_view keyword = "nameserver";
        if (!line.starts_with(keyword)) continue;
        line.remove_prefix(keyword.size());
        if (trim(line).size() == line.size()) continue;
        line = trim(line);
        const std::string_view server = line.substr(0, line.find_first_of(" \t#;"));
        if (IpAddress::parse(server.substr(0, server.find('%')))) servers.emplace_back(server);
    }
    return servers;
}

std::uint64_t answer_cache_bytes(const ResolverOptions& options) { return options.cache_bytes / 2; }

}  // namespace packetboat::dns
