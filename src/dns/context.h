#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dns/resolver.h"

struct ub_ctx;

namespace packetboat::dns {

struct ContextDeleter {
    void operator()(ub_ctx* context) const;
};
// libunbound's resolver with its caches. Deleting it ends its thread and drops what is under way, without a callback.
using Context = std::unique_ptr<ub_ctx, ContextDeleter>;

// Set up completely, so that a mistake in the options shows here and not with the first query. Errors: those of make_resolver.
Result<Context> make_context(const ResolverOptions& options);

inline constexpr std::size_t name_servers_max = 8;  // of a resolv.conf; more are left out

// The addresses in the "nameserver" lines of resolv.conf(5), as written (fe80::1%eth0). Lines that are something else are skipped, as
// the system's resolver does.
std::vector<std::string> parse_name_servers(std::string_view resolv_conf);

// Our share of ResolverOptions::cache_bytes; the rest is libunbound's.
std::uint64_t answer_cache_bytes(const ResolverOptions& options);

}  // namespace packetboat::dns
