#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "base/log.h"
#include "delivery/delivery.h"
#include "delivery/outbound.h"
#include "delivery/queue.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "pop3/session/options.h"
#include "server/routes.h"
#include "smtp/session/options.h"

namespace packetboat::server {

// Where each service listens; an empty list: it does not.
struct Listeners {
    std::vector<Endpoint> smtp;
    std::vector<Endpoint> submission;
    std::vector<Endpoint> submissions;
    std::vector<Endpoint> lmtp;
    std::vector<Endpoint> pop3;
    std::vector<Endpoint> pop3s;
};

// Deadlines that a connection's peer keeps for its session.
struct Timeouts {
    std::chrono::seconds idle{};     // nothing came for so long
    std::chrono::seconds session{};  // in all
    std::chrono::seconds goodbye{};  // for the last words, when one of these is over
};

// How long another host may take, by the stage (RFC 5321 §4.5.3.2).
struct OutboundTimeouts {
    std::chrono::seconds greeting{};   // the greeting, and the answer to EHLO
    std::chrono::seconds handshake{};  // of TLS
    std::chrono::seconds command{};    // MAIL, RCPT, AUTH, RSET
    std::chrono::seconds data{};
    std::chrono::seconds block{};  // to take a part of the message
    std::chrono::seconds end{};    // to answer its end
    std::chrono::seconds quit{};
};

// Where the values come from, so that a mistake seen late can still be shown in the file.
struct ConfigurationSource {
    std::string file;                                         // empty: none was read
    std::map<std::string, std::uint64_t, std::less<>> lines;  // of the keys that stand in it, "smtp.message_max"
};

// Everything an operator can set. The defaults are in the table of options (options.cc), which also parses the file and writes
// docs/configuration.md, so that the three cannot differ.
struct Configuration {
    std::string hostname;
    std::filesystem::path data;
    std::string user;            // to run as, when started as root; empty: stay
    std::uint64_t reactors = 0;  // 0: one per core
    std::chrono::seconds stop_grace{};

    LogOptions log;
    std::filesystem::path tls_certificate;
    std::filesystem::path tls_key;
    std::chrono::seconds tls_handshake_timeout{};

    Listeners listen;
    std::uint64_t connections_in_all_max = 0;       // 0: as many as the limit of open files leaves room for
    std::uint64_t connections_max = 0;              // of one service
    std::uint64_t connections_per_address_max = 0;  // of one service

    smtp::Limits smtp;
    bool smtp_accept_bare_newlines = false;  // on submission
    Timeouts smtp_timeouts;
    pop3::Limits pop3;
    Timeouts pop3_timeouts;

    bool plain_text_login = false;  // logins without TLS
    std::uint64_t hashing_threads = 0;
    std::uint64_t hashing_queue_max = 0;
    directory::Limits directory;

    std::uint64_t store_cache_bytes = 0;
    std::uint64_t store_memtable_bytes = 0;
    std::uint64_t store_commit_queue_max = 0;
    std::uint64_t store_reader_threads = 0;
    std::uint64_t store_reader_queue_max = 0;
    std::uint64_t store_min_free_bytes = 0;
    bool store_durable = true;
    mailbox::Limits mailbox;
    delivery::Limits delivery;
    delivery::QueueLimits queue;
    delivery::RetryPlan retry;
    delivery::OutboundOptions outbound;
    std::uint64_t outbound_port = 25;                 // of other domains' hosts
    std::chrono::seconds outbound_connect_timeout{};  // of one address
    OutboundTimeouts outbound_timeouts;
    std::uint64_t outbound_recipients_max = 0;
    std::uint64_t outbound_addresses_tried_max = 0;
    std::uint64_t outbound_addresses_tried_per_host_max = 0;
    std::string outbound_own_names;
    std::vector<IpAddress> outbound_sources;  // to connect from; empty: the system chooses
    std::size_t outbound_tls = 1;             // none, may, encrypt, verify
    std::filesystem::path outbound_ca_file;
    bool outbound_mta_sts = true;
    std::uint64_t outbound_mta_sts_port = 443;  // of policy hosts
    bool outbound_dane = true;

    std::vector<RouteSettings> routes;

    std::vector<Endpoint> dns_servers;  // empty: the system's
    bool dns_dnssec = true;
    std::filesystem::path dns_trust_anchor_file;
    std::chrono::seconds dns_timeout{};
    std::uint64_t dns_queries_max = 0;
    std::uint64_t dns_cache_bytes = 0;

    ConfigurationSource source;

    // What a file that says nothing gives.
    static Configuration defaults();
};

// Reads a TOML file over the defaults. Errors say file, line, what is wrong and what would be right.
Result<Configuration> read_configuration(const std::filesystem::path& file);
Result<Configuration> parse_configuration(std::string_view toml, std::string_view file_name);

// What no single option can tell: whether they go together. Errors (invalid) say file, line and remedy, as those above do.
Result<> check_configuration(const Configuration& configuration);

// What the machine must have for a start: the user, a certificate with its key that can be read and fit, a folder for the data. Changes
// nothing. Errors: invalid, with file, line and remedy.
Result<> check_start(const Configuration& configuration);

// "packetboat.toml:12: tls.key: …"; without what is not known of file and line.
std::string mistake_text(const ConfigurationSource& source, std::string_view key, std::string_view what);

// Keys that differ between two configurations and that only a restart can change.
std::vector<std::string> restart_needed(const Configuration& running, const Configuration& wanted);
// `wanted`, but with these as they run.
Configuration reloaded(const Configuration& running, Configuration wanted);

// docs/configuration.md, and a commented file with every default.
std::string configuration_page();
std::string configuration_example();

}  // namespace packetboat::server
