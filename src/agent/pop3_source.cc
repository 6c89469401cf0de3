#include "agent/pop3_source.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "agent/connection.h"
#include "net/stream_peer.h"
#include "net/tls_client.h"

namespace packetboat::agent {

namespace {

using namespace std::chrono_literals;

// Each is one wait of ours; what takes a server long by its nature may take longer.
pop3::ClientTimeouts timeouts(std::chrono::milliseconds each) {
    pop3::ClientTimeouts out;
    for (std::chrono::milliseconds* one : {&out.greeting, &out.command, &out.handshake, &out.block}) *one = each;
    out.login = 3 * each;
    out.update = std::max<std::chrono::milliseconds>(each, 300s);
    return out;
}

template <class T>
Unexpected failed(const pop3::ClientResult<T>& result) {
    return fail(result.error().error);
}

}  // namespace

Task<Result<std::vector<MailItem>>> Pop3Source::list() {
    const pop3::ClientResult<std::vector<pop3::ScanListing>> listing = co_await client_.list();
    if (!listing) co_return failed(listing);
    std::vector<MailItem> items;
    items.reserve(listing->size());
    std::unordered_map<std::uint64_t, std::size_t> at;
    for (const pop3::ScanListing& message : *listing) {
        at.emplace(message.message, items.size());
        items.push_back({.number = message.message, .uid = {}, .size_bytes = message.octets});
    }
    pop3::ClientResult<std::vector<pop3::UniqueId>> uids = co_await client_.uidl();
    // UIDL is optional (RFC 1939 §7); without it there are numbers only.
    if (!uids && !client_.usable()) co_return failed(uids);
    if (uids) {
        for (pop3::UniqueId& uid : *uids) {
            if (const auto item = at.find(uid.message); item != at.end()) items[item->second].uid = std::move(uid.id);
        }
    }
    co_return items;
}

Task<std::vector<Result<std::string>>> Pop3Source::headers(std::vector<std::uint64_t> numbers) {
    std::vector<pop3::ClientResult<pop3::Top>> tops = co_await client_.top(numbers, 0);
    std::vector<Result<std::string>> headers;
    headers.reserve(tops.size());
    for (pop3::ClientResult<pop3::Top>& top : tops) {
        if (top) {
            headers.emplace_back(std::move(top->text));
        } else {
            headers.emplace_back(failed(top));
        }
    }
    co_return headers;
}

Task<Result<std::string>> Pop3Source::fetch(std::uint64_t number) {
    pop3::TextSink sink(message_max_bytes);
    const pop3::ClientResult<std::uint64_t> got = co_await client_.retr(number, sink);
    if (!got) co_return failed(got);
    co_return sink.take_text();
}

Task<Result<>> Pop3Source::remove(std::vector<std::uint64_t> numbers) {
    const std::vector<pop3::ClientResult<>> marked = co_await client_.dele(numbers);
    for (const pop3::ClientResult<>& one : marked) {
        if (!one) co_return failed(one);
    }
    co_return Result<>{};
}

Task<Result<>> Pop3Source::finish() {
    const pop3::ClientResult<> said = co_await client_.quit();
    if (!said) co_return failed(said);
    co_return Result<>{};
}

namespace {

using Pop3Peer = net::StreamPeer<pop3::wire::ReplyDecoder>;

// Up to the login: greeting, capabilities, TLS.
Task<Result<>> log_in(pop3::Client& client, Pop3Peer& peer, const Server& server) {
    if (const auto greeted = co_await client.greeting(); !greeted) co_return failed(greeted);
    if (const auto asked = co_await client.capa(); !asked) co_return failed(asked);
    const bool tls_offered = client.capabilities().stls;
    if (!peer.info().tls() && server.tls != TlsMode::none && (tls_offered || !may_go_without_tls(server))) {
        if (!tls_offered)
            co_return fail(ErrorCode::denied,
                           server.text() + " offers no TLS, and the password is not shown to the network (--tls none does it)");
        if (const auto secured = co_await client.start_tls(); !secured) co_return failed(secured);
    }
    const auto logged_in =
        co_await client.login({.user = server.user, .password = server.password.value_or(""), .authorize_as = {}, .mechanism = {}});
    if (!logged_in) co_return failed(logged_in);
    co_return Result<>{};
}

}  // namespace

Task<Result<>> with_pop3(net::Reactor& reactor, WorkerPool& pool, const Server& server, std::chrono::milliseconds timeout,
                         const MailWork& work) {
    const Result<std::unique_ptr<net::TlsClientContext>> tls = tls_context(server);
    if (!tls) co_return fail(tls.error());
    Result<net::Stream> stream = co_await connect_to(reactor, pool, server, tls->get(), timeout);
    if (!stream) co_return fail(stream.error());
    Pop3Peer peer(*stream, net::ClientTls{tls->get(), server.host}, pop3::wire::ReplyDecoder{}, "agent",
                  {.session_timeout = 24h, .handshake_timeout = timeout});
    pop3::ClientOptions options;
    options.plain_text_login_without_tls = may_go_without_tls(server);
    options.hashing = &pool;
    options.timeouts = timeouts(timeout);
    options.message_max_bytes = message_max_bytes;
    pop3::Client client(peer, options);
    if (Result<> ready = co_await log_in(client, peer, server); !ready) co_return ready;
    Pop3Source source(client);
    Result<> done = co_await work(source);
    if (!done) {
        // Nothing shall be deleted when the work was not done: without the update state, marks are forgotten (RFC 1939 §3).
        if (client.usable()) static_cast<void>(co_await client.rset());
        static_cast<void>(co_await source.finish());
        co_return done;
    }
    co_return co_await source.finish();
}

}  // namespace packetboat::agent
