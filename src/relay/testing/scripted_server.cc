#include "relay/testing/scripted_server.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "net/socket.h"

namespace packetboat::relay::testing {

using smtp::testing::FakeServer;

namespace {

IpAddress address_of(int host) { return IpAddress::v4(127, 0, 0, static_cast<std::uint8_t>(host)); }

Task<bool> say(net::Stream& stream, std::string_view text, std::size_t piece_bytes) {
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, piece_bytes);
        if (!co_await stream.write(piece)) co_return false;
        text.remove_prefix(piece.size());
    }
    co_return true;
}

bool begins_tls(const FakeServer& smtp, std::size_t commands_before, std::string_view reply) {
    return smtp.commands.size() > commands_before && smtp.commands.back() == "STARTTLS" && reply.starts_with("220");
}

}  // namespace

ScriptedServers::ScriptedServers() : server_(std::make_unique<net::Server>(1)) {
    // A port that is free at the first address; that somebody has it at another one alone is not to be expected.
    const Result<Descriptor> socket = net::listen_at({address_of(1), 0}, net::Sharing::alone);
    if (!socket) throw std::runtime_error(socket.error().text);
    port_ = net::local_endpoint(socket->get()).port;
}

ScriptedServers::~ScriptedServers() { server_->stop(std::chrono::milliseconds(0)); }

void ScriptedServers::at(int host, std::vector<Script> scripts) {
    hosts_[host].scripts = std::move(scripts);
    const auto serve_one = [this, host](net::Stream& stream, const std::string&) -> Task<> { return serve(host, stream); };
    const Result<Endpoint> at = server_->listen({.name = "scripted", .endpoint = {address_of(host), port_}}, nullptr, serve_one);
    if (!at) throw std::runtime_error(at.error().text);
}

void ScriptedServers::start() { server_->start(); }

void ScriptedServers::keep(int host, std::size_t connection, const FakeServer& server) {
    const std::scoped_lock lock(mutex_);
    hosts_[host].seen[connection] = server;
}

Task<> ScriptedServers::serve(int host, net::Stream& stream) {
    Script script;
    std::size_t connection = 0;
    {
        const std::scoped_lock lock(mutex_);
        Host& here = hosts_[host];
        connection = here.seen.size();
        script = here.scripts[std::min(connection, here.scripts.size() - 1)];
        here.seen.emplace_back();
        here.clients.push_back(stream.remote().address);
    }
    if (script.instead) co_return co_await script.instead(stream);
    if (script.implicit_tls && !co_await stream.start_tls(*script.tls)) co_return;
    FakeServer& smtp = script.smtp;
    if (!co_await say(stream, smtp.begin(), script.piece_bytes)) co_return;
    std::array<char, 4096> into;
    std::size_t heard = 0;
    while (!smtp.closed()) {
        const Result<std::size_t> got = co_await stream.read_some(into);
        if (!got) break;
        heard += *got;
        if (heard >= script.close_at_byte) break;
        const std::size_t before = smtp.commands.size();
        const std::string reply = smtp.hear({into.data(), *got});
        keep(host, connection, smtp);
        if (!co_await say(stream, reply, script.piece_bytes)) break;
        if (!begins_tls(smtp, before, reply)) continue;
        if (!script.tls) {
            // Behind the handshake's first message: what comes before it is thrown away.
            const Result<std::size_t> ignored = co_await stream.read_some(into);
            co_await say(stream, "What is TLS?\r\n", script.piece_bytes);
            break;
        }
        if (!co_await stream.start_tls(*script.tls)) break;
    }
    keep(host, connection, smtp);
}

std::vector<FakeServer> ScriptedServers::seen(int host) const {
    const std::scoped_lock lock(mutex_);
    return hosts_.at(host).seen;
}

std::vector<std::string> ScriptedServers::commands(int host) const {
    std::vector<std::string> out;
    for (const FakeServer& one : seen(host)) out.insert(out.end(), one.commands.begin(), one.commands.end());
    return out;
}

std::vector<std::string> ScriptedServers::messages(int host) const {
    std::vector<std::string> out;
    for (const FakeServer& one : seen(host)) out.insert(out.end(), one.messages.begin(), one.messages.end());
    return out;
}

std::vector<IpAddress> ScriptedServers::clients(int host) const {
    const std::scoped_lock lock(mutex_);
    return hosts_.at(host).clients;
}

}  // namespace packetboat::relay::testing
