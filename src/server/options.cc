#include "server/options.h"

#include <array>

namespace packetboat::server {

namespace {

using C = Configuration;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::uint64_t kib = 1 << 10;
constexpr std::uint64_t mib = 1 << 20;

constexpr std::array<std::string_view, 4> level_words{"debug", "info", "warning", "error"};
static_assert(level_words.size() == static_cast<std::size_t>(LogLevel::error) + 1);

const Option table[] = {
    // ---- server
    {"server.hostname", +[](C& c) -> std::string& { return c.hostname; }, "localhost", true,
     "This server's name, as other servers see it: in greetings and in Received fields. It should resolve to this machine."},
    {"server.data", +[](C& c) -> std::filesystem::path& { return c.data; }, "/var/lib/packetboat", true,
     "The folder that holds everything: accounts, mail, the queue. It must be empty before the first start; a missing one is made."},
    {"server.user", +[](C& c) -> std::string& { return c.user; }, "", true,
     "The user to run as when started as root, once the ports are bound and the key is read. Empty: stay root."},
    {"server.reactors", CountField{+[](C& c) -> std::uint64_t& { return c.reactors; }, 0, 256}, "0", true,
     "Threads that serve connections. 0: one per core."},
    {"server.stop_grace", DurationField{+[](C& c) -> seconds& { return c.stop_grace; }, seconds(1), hours(1)}, "4 s", true,
     "How long sessions may take to end when the server stops; then they are cut."},
    // ---- log
    {"log.level",
     ChoiceField{"debug info warning error", +[](C& c, std::size_t i) { c.log.level = static_cast<LogLevel>(i); },
                 +[](const C& c) { return static_cast<std::size_t>(c.log.level); }},
     "info", false, "The least important lines to write: debug, info, warning or error."},
    {"log.format",
     ChoiceField{"logfmt json", +[](C& c, std::size_t i) { c.log.format = static_cast<LogFormat>(i); },
                 +[](const C& c) { return static_cast<std::size_t>(c.log.format); }},
     "logfmt", true, "How lines are written: logfmt or json."},
    {"log.file", +[](C& c) -> std::string& { return c.log.file; }, "", true,
     "The file to write to; it is opened anew on SIGHUP. Empty: standard error."},
    {"log.queue_max_lines", CountField{+[](C& c) -> std::uint64_t& { return c.log.queue_max_lines; }, 16}, "8192", true,
     "Lines that may wait for a slow disk; over it the oldest are dropped and counted."},
    // ---- tls
    {"tls.certificate", +[](C& c) -> std::filesystem::path& { return c.tls_certificate; }, "", true,
     "The certificate chain, PEM, this server's first. It is loaded anew when the file changes. Empty: no TLS."},
    {"tls.key", +[](C& c) -> std::filesystem::path& { return c.tls_key; }, "", true,
     "The certificate's private key, PEM. server.user must be able to read both files too, or a renewed certificate is not taken over."},
    {"tls.handshake_timeout", DurationField{+[](C& c) -> seconds& { return c.tls_handshake_timeout; }, seconds(1), seconds(300)}, "30 s",
     true, "How long the beginning of TLS may take."},
    // ---- listen
    {"listen.smtp", +[](C& c) -> std::vector<Endpoint>& { return c.listen.smtp; }, "*:25, [::]:25", true,
     "Where mail from other servers is taken. An empty list: nowhere; so for all of these."},
    {"listen.submission", +[](C& c) -> std::vector<Endpoint>& { return c.listen.submission; }, "*:587, [::]:587", true,
     "Where users' programs send mail, with STARTTLS."},
    {"listen.submissions", +[](C& c) -> std::vector<Endpoint>& { return c.listen.submissions; }, "*:465, [::]:465", true,
     "Where users' programs send mail, with TLS from the start."},
    {"listen.lmtp", +[](C& c) -> std::vector<Endpoint>& { return c.listen.lmtp; }, "", true,
     "Where another mail system on this machine or network hands over mail by LMTP. There is no login: keep it private."},
    {"listen.pop3", +[](C& c) -> std::vector<Endpoint>& { return c.listen.pop3; }, "*:110, [::]:110", true, "POP3, with STLS."},
    {"listen.pop3s", +[](C& c) -> std::vector<Endpoint>& { return c.listen.pop3s; }, "*:995, [::]:995", true,
     "POP3 with TLS from the start."},
    {"listen.connections_in_all_max", CountField{+[](C& c) -> std::uint64_t& { return c.connections_in_all_max; }}, "0", true,
     "Connections of all services together; more are told to come back. 0: as many as the limit of open files (ulimit -n) leaves room for, "
     "which is the most in any case."},
    {"listen.connections_max", CountField{+[](C& c) -> std::uint64_t& { return c.connections_max; }, 1}, "20000", true,
     "Connections of one service, listen.smtp say, at all its addresses together; more are told to come back."},
    {"listen.connections_per_address_max", CountField{+[](C& c) -> std::uint64_t& { return c.connections_per_address_max; }, 1}, "50", true,
     "Connections of one service from one address (of one /64 in IPv6); loopback is not counted."},
    // ---- smtp
    {"smtp.message_max", SizeField{+[](C& c) -> std::uint64_t& { return c.smtp.message_max_bytes; }, 64 * kib}, "50 MiB", false,
     "The largest message taken; announced as SIZE."},
    {"smtp.recipients_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.recipients_max; }, 100}, "1000", false,
     "Recipients of one message (RFC 5321 wants at least 100)."},
    {"smtp.places_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.places_max; }, 100, 10'000}, "1000", true,
     "Mailboxes here and addresses elsewhere that the recipients of one message may lead to, through aliases; what is over it the sender "
     "sends in another message. At least addresses.alias_targets_max. One message in the queue has room for twice as many, so that what "
     "was "
     "taken can be kept."},
    {"smtp.transactions_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.transactions_max; }, 1}, "1000", false,
     "Messages in one session."},
    {"smtp.errors_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.errors_max; }, 1}, "20", false,
     "Refused commands in one session before goodbye."},
    {"smtp.junk_commands_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.junk_commands_max; }, 1}, "100", false,
     "Commands in a row that bring no message nearer (NOOP, RSET, VRFY …) before goodbye."},
    {"smtp.unknown_recipients_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.unknown_recipients_max; }, 1}, "100", false,
     "Unknown recipients in one session before goodbye."},
    {"smtp.auth_attempts_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.auth_attempts_max; }, 1}, "5", false,
     "Failed logins in one session before goodbye."},
    {"smtp.future_release_max", DurationField{+[](C& c) -> seconds& { return c.smtp.future_release_max; }, seconds(0), days(366)}, "30 d",
     false, "How far ahead users may date a message that waits here until then (FUTURERELEASE). 0: that is not offered."},
    {"smtp.received_max", CountField{+[](C& c) -> std::uint64_t& { return c.smtp.received_max; }, 10}, "100", false,
     "Received fields in a message; more are a loop."},
    {"smtp.header_max", SizeField{+[](C& c) -> std::uint64_t& { return c.smtp.header_max_bytes; }, 64 * kib}, "1 MiB", false,
     "The largest header of a message."},
    {"smtp.command_line_max", SizeField{+[](C& c) -> std::uint64_t& { return c.smtp.command_line_max_bytes; }, 1 * kib, 8 * kib}, "4 KiB",
     false, "The longest command line (RFC 5321 wants 512, its extensions more)."},
    {"smtp.auth_line_max", SizeField{+[](C& c) -> std::uint64_t& { return c.smtp.auth_line_max_bytes; }, 12'290, 16'000}, "12290 B", false,
     "The longest line of a login, with its line end (RFC 4954 §4 wants 12288)."},
    {"smtp.text_line_max", SizeField{+[](C& c) -> std::uint64_t& { return c.smtp.text_line_max_bytes; }}, "0", false,
     "The longest line of a message. RFC 5321 has 1000, much real mail has more; 0: any."},
    {"smtp.accept_bare_newlines", +[](C& c) -> bool& { return c.smtp_accept_bare_newlines; }, "false", false,
     "On submission, take lines that end in a bare CR or LF, and make them CRLF. Everywhere else they are always refused, because message "
     "smuggling lives by them."},
    {"smtp.idle_timeout", DurationField{+[](C& c) -> seconds& { return c.smtp_timeouts.idle; }, seconds(1), days(1)}, "5 m", false,
     "How long a client may be silent (RFC 5321 §4.5.3.2.7)."},
    {"smtp.session_timeout", DurationField{+[](C& c) -> seconds& { return c.smtp_timeouts.session; }, seconds(1), days(7)}, "2 h", false,
     "How long a session may last in all."},
    {"smtp.goodbye_timeout", DurationField{+[](C& c) -> seconds& { return c.smtp_timeouts.goodbye; }, seconds(1), seconds(300)}, "5 s",
     false, "How long the last words may take to a client whose time is over."},
    // ---- pop3
    {"pop3.errors_max", CountField{+[](C& c) -> std::uint64_t& { return c.pop3.errors_max; }, 1}, "20", false,
     "Refused commands in one session before goodbye."},
    {"pop3.auth_attempts_max", CountField{+[](C& c) -> std::uint64_t& { return c.pop3.auth_attempts_max; }, 1}, "5", false,
     "Failed logins in one session before goodbye."},
    {"pop3.messages_max", CountField{+[](C& c) -> std::uint64_t& { return c.pop3.messages_max; }, 1000}, "1000000", false,
     "Messages shown in one session, the oldest; the others when these have gone."},
    {"pop3.command_line_max", SizeField{+[](C& c) -> std::uint64_t& { return c.pop3.command_line_max_bytes; }, 255, 8 * kib}, "512 B",
     false, "The longest command line (RFC 2449 §4 wants 255)."},
    {"pop3.removals_per_commit_max", CountField{+[](C& c) -> std::uint64_t& { return c.pop3.removals_per_commit_max; }, 1, 10'000}, "1000",
     false, "Messages that QUIT removes in one commit; more take several."},
    {"pop3.idle_timeout", DurationField{+[](C& c) -> seconds& { return c.pop3_timeouts.idle; }, seconds(1), days(1)}, "10 m", false,
     "How long a client may be silent (RFC 1939 §3 wants at least 10 minutes)."},
    {"pop3.session_timeout", DurationField{+[](C& c) -> seconds& { return c.pop3_timeouts.session; }, seconds(1), days(7)}, "4 h", false,
     "How long a session may last in all."},
    {"pop3.goodbye_timeout", DurationField{+[](C& c) -> seconds& { return c.pop3_timeouts.goodbye; }, seconds(1), seconds(300)}, "5 s",
     false, "How long the last words may take to a client whose time is over."},
    // ---- auth
    {"auth.plain_text", +[](C& c) -> bool& { return c.plain_text_login; }, "false", false,
     "Let users log in without TLS. Their passwords can then be read on the way."},
    {"auth.hashing_threads", CountField{+[](C& c) -> std::uint64_t& { return c.hashing_threads; }, 1, 256}, "2", true,
     "Threads that compute password hashes."},
    {"auth.hashing_queue_max", CountField{+[](C& c) -> std::uint64_t& { return c.hashing_queue_max; }, 1}, "256", true,
     "Logins that may wait for one; more are told to come back."},
    {"auth.hash_memory_kib", CountField{+[](C& c) -> std::uint64_t& { return c.directory.hash_memory_kib; }, 8, 1 << 22}, "19456", true,
     "Memory of one Argon2id hash, in KiB. Existing hashes are renewed at the next login."},
    {"auth.hash_passes", CountField{+[](C& c) -> std::uint64_t& { return c.directory.hash_passes; }, 1, 100}, "2", true,
     "Passes of one Argon2id hash."},
    {"auth.scram_iterations", CountField{+[](C& c) -> std::uint64_t& { return c.directory.scram_iterations; }, 4096, 10'000'000}, "65536",
     true, "Iterations of the SCRAM-SHA-256 keys made when a password is set (RFC 7677 wants at least 4096)."},
    {"auth.cache_time", DurationField{+[](C& c) -> seconds& { return c.directory.credentials_cache_time; }, seconds(0), days(30)}, "1 h",
     true, "How long a login that was right is remembered, in memory, so that the next is cheap. 0: never."},
    {"auth.cache_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.credentials_cache_max; }}, "10000", true,
     "How many are remembered."},
    {"auth.failures_per_address_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.failures_per_address_max; }, 1}, "20",
     true, "Failed logins from one address (one /64 in IPv6) before it has to wait."},
    {"auth.failures_per_account_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.failures_per_account_max; }, 1}, "50",
     true,
     "Failed logins to one account, from anywhere, before it has to wait. That does not hold for an address from which the account was "
     "logged in to lately: from there it has auth.failures_per_address_max of its own, so that nobody can lock a user out by guessing."},
    {"auth.failure_window", DurationField{+[](C& c) -> seconds& { return c.directory.failure_window; }, seconds(1), days(7)}, "10 m", true,
     "The time in which failed logins are counted."},
    {"auth.known_address_time", DurationField{+[](C& c) -> seconds& { return c.directory.known_address_time; }, seconds(0), days(366)},
     "7 d", true, "How long \"lately\" is there."},
    {"auth.repeats_per_address_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.repeats_per_address_max; }}, "200", true,
     "How often an address may try wrong passwords again that were counted already, as a program with an old password does, before these "
     "count as well."},
    {"auth.wrong_passwords_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.wrong_passwords_max; }, 1, 100'000'000},
     "100000", true, "Wrong passwords known to have been counted, kept as hashes in memory; the oldest go."},
    {"auth.failure_entries_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.failure_entries_max; }, 1, 100'000'000},
     "100000", true, "Addresses, accounts, and pairs of them of which failures are counted, so many of each; the oldest go."},
    // ---- addresses
    {"addresses.alias_depth_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.alias_depth_max; }, 1, 100}, "10", true,
     "Aliases that lead to aliases that lead to aliases."},
    {"addresses.alias_targets_max", CountField{+[](C& c) -> std::uint64_t& { return c.directory.alias_targets_max; }, 1, 10'000}, "1000",
     true, "Addresses that one address may lead to."},
    // ---- mailbox
    {"mailbox.mailboxes_max", CountField{+[](C& c) -> std::uint64_t& { return c.mailbox.mailboxes_max; }, 10}, "10000", true,
     "Mailboxes of one account."},
    {"mailbox.emails_per_mailbox_max", CountField{+[](C& c) -> std::uint64_t& { return c.mailbox.emails_per_mailbox_max; }, 1000},
     "10000000", true, "Emails in one mailbox."},
    {"mailbox.depth_max", CountField{+[](C& c) -> std::uint64_t& { return c.mailbox.mailbox_depth_max; }, 1, 100}, "20", true,
     "Mailboxes in mailboxes in mailboxes."},
    {"mailbox.name_max", SizeField{+[](C& c) -> std::uint64_t& { return c.mailbox.mailbox_name_max_bytes; }, 16, 1 * kib}, "255 B", true,
     "The longest name of a mailbox, without those it is in."},
    {"mailbox.keywords_max", CountField{+[](C& c) -> std::uint64_t& { return c.mailbox.keywords_max; }, 8, 1'000}, "64", true,
     "Keywords (flags) of one email."},
    {"mailbox.keyword_max", SizeField{+[](C& c) -> std::uint64_t& { return c.mailbox.keyword_max_bytes; }, 16, 1 * kib}, "128 B", true,
     "The longest keyword."},
    {"mailbox.change_log_max", CountField{+[](C& c) -> std::uint64_t& { return c.mailbox.change_log_entries_max; }, 1000}, "100000", true,
     "Changes remembered per account; programs that have been away for longer read everything anew."},
    // ---- store
    {"store.cache", SizeField{+[](C& c) -> std::uint64_t& { return c.store_cache_bytes; }, 1 * mib}, "128 MiB", true,
     "Memory for records and small messages read lately."},
    {"store.memtable", SizeField{+[](C& c) -> std::uint64_t& { return c.store_memtable_bytes; }, 1 * mib, 1024 * mib}, "64 MiB", true,
     "Memory for what was written lately, before it is sorted into tables."},
    {"store.commit_queue_max", CountField{+[](C& c) -> std::uint64_t& { return c.store_commit_queue_max; }, 16}, "4096", true,
     "Commits that may wait for the disk; more are told to come back."},
    {"store.reader_threads", CountField{+[](C& c) -> std::uint64_t& { return c.store_reader_threads; }, 1, 256}, "4", true,
     "Threads that read from the disk."},
    {"store.reader_queue_max", CountField{+[](C& c) -> std::uint64_t& { return c.store_reader_queue_max; }, 16}, "4096", true,
     "Reads that may wait for one of them; more are told to come back."},
    {"store.min_free", SizeField{+[](C& c) -> std::uint64_t& { return c.store_min_free_bytes; }}, "64 MiB", true,
     "With less than this free on the disk nothing is taken any more that takes room (452, over and over), and what makes room still "
     "works. 0: never."},
    {"store.durable", +[](C& c) -> bool& { return c.store_durable; }, "true", true,
     "Acknowledge only what is on disk. false is for experiments: a power cut then loses mail that was acknowledged. The log says so at "
     "start."},
    // ---- delivery
    {"delivery.memory_max", SizeField{+[](C& c) -> std::uint64_t& { return c.delivery.memory_max_bytes; }, 4 * mib}, "256 MiB", true,
     "Memory for messages that are being received, of all sessions together."},
    {"delivery.spool_above", SizeField{+[](C& c) -> std::uint64_t& { return c.delivery.spool_above_bytes; }, 64 * kib, 1 * mib}, "1 MiB",
     true, "A larger message goes to the disk as it comes."},
    {"queue.entries_max", CountField{+[](C& c) -> std::uint64_t& { return c.queue.entries_max; }, 1}, "1000000", true,
     "Messages in the outbound queue; more are told to come back."},
    {"queue.retry", +[](C& c) -> std::vector<seconds>& { return c.retry.waits; }, "1 m, 5 m, 15 m, 30 m, 1 h, 2 h, 4 h", true,
     "How long a message waits after its first failed attempt, its second …; the last one holds for all that follow. A tenth more or less, "
     "so that what failed together does not come back together."},
    {"queue.give_up_after", DurationField{+[](C& c) -> seconds& { return c.retry.give_up_after; }, seconds(60), days(60)}, "5 d", true,
     "When the sender is told that it cannot be done (RFC 5321 wants 4 to 5 days)."},
    {"queue.warn_after", DurationField{+[](C& c) -> seconds& { return c.retry.warn_after; }, seconds(0), days(60)}, "0 s", true,
     "When the sender is told that it takes long, as \"4 h\". 0 s: never."},
    // ---- outbound
    {"outbound.connections_max", CountField{+[](C& c) -> std::uint64_t& { return c.outbound.schedule.connections_max; }, 1, 10'000}, "200",
     true, "Connections to other hosts at once."},
    {"outbound.site_connections_start",
     CountField{+[](C& c) -> std::uint64_t& { return c.outbound.schedule.site_connections_start; }, 1, 1'000}, "2", true,
     "Connections to the hosts of one destination to begin with; all domains that the same hosts serve share them. More with every "
     "success, "
     "fewer when it says \"not so fast\"."},
    {"outbound.site_connections_max",
     CountField{+[](C& c) -> std::uint64_t& { return c.outbound.schedule.site_connections_max; }, 1, 1'000}, "20", true,
     "And at most so many."},
    {"outbound.messages_per_connection_max",
     CountField{+[](C& c) -> std::uint64_t& { return c.outbound.messages_per_connection_max; }, 1, 100'000}, "1000", true,
     "Messages sent over one connection, one after the other."},
    {"outbound.connection_kept", DurationField{+[](C& c) -> seconds& { return c.outbound.connection_kept; }, seconds(0), seconds(60)},
     "2 s", true, "How long a connection is kept open for the next message."},
    {"outbound.connect_timeout", DurationField{+[](C& c) -> seconds& { return c.outbound_connect_timeout; }, seconds(1), seconds(300)},
     "30 s", true, "How long a host may take to be connected to, each of its addresses."},
    {"outbound.port", CountField{+[](C& c) -> std::uint64_t& { return c.outbound_port; }, 1, 65'535}, "25", true,
     "The port of other domains' hosts. Another one is of use in a laboratory."},
    {"outbound.sources", +[](C& c) -> std::vector<IpAddress>& { return c.outbound_sources; }, "", true,
     "Addresses of this machine to send from, in turns. An empty list: the system chooses."},
    {"outbound.tls",
     ChoiceField{"none may encrypt verify", +[](C& c, std::size_t i) { c.outbound_tls = i; }, +[](const C& c) { return c.outbound_tls; }},
     "may", true,
     "TLS to hosts that no [[route]] says otherwise of. may: where it is offered; encrypt: never without it; verify: and only with a "
     "certificate for the host's name. What a domain publishes itself (MTA-STS, DANE) is honoured besides."},
    {"outbound.ca_file", +[](C& c) -> std::filesystem::path& { return c.outbound_ca_file; }, "", true,
     "Certificates that are trusted, PEM. Empty: the system's."},
    {"outbound.mta_sts", +[](C& c) -> bool& { return c.outbound_mta_sts; }, "true", true,
     "Honour what domains publish by MTA-STS (RFC 8461): mail for them goes only over TLS to hosts with the right certificate."},
    {"outbound.dane", +[](C& c) -> bool& { return c.outbound_dane; }, "true", true,
     "Honour TLSA records (DANE, RFC 7672) where DNSSEC vouches for them."},
    // ---- dns
    {"dns.servers", +[](C& c) -> std::vector<Endpoint>& { return c.dns_servers; }, "", true,
     "Name servers to ask. An empty list: those of /etc/resolv.conf."},
    {"dns.dnssec", +[](C& c) -> bool& { return c.dns_dnssec; }, "true", true,
     "Validate answers (DNSSEC): forged ones are not used, and DANE can be relied on."},
    {"dns.trust_anchor_file", +[](C& c) -> std::filesystem::path& { return c.dns_trust_anchor_file; }, "", true,
     "DS or DNSKEY records, one a line, of zones that are trusted besides the root."},
    {"dns.timeout", DurationField{+[](C& c) -> seconds& { return c.dns_timeout; }, seconds(1), seconds(120)}, "30 s", true,
     "How long a question may take."},
    {"dns.queries_max", CountField{+[](C& c) -> std::uint64_t& { return c.dns_queries_max; }, 10, 100'000}, "1000", true,
     "Questions under way at once."},
    {"dns.cache", SizeField{+[](C& c) -> std::uint64_t& { return c.dns_cache_bytes; }, 64 * kib}, "16 MiB", true, "Memory for answers."},
};

}  // namespace

std::span<const Option> options() { return table; }

}  // namespace packetboat::server
