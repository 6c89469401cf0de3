#include "dns/testing/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>

#include "dns/records.h"
#include "dns/testing/loopback.h"

namespace packetboat::dns::testing {

namespace {

constexpr std::size_t header_bytes = 12;

std::string u16(std::size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
std::string u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }
std::size_t read_u16(std::string_view bytes) {
    return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[0])) << 8 | static_cast<std::uint8_t>(bytes[1]);
}

std::string wire_name(std::string_view name) { return encode_name(name).value(); }

std::string joined(const std::vector<std::string>& records) {
    std::string bytes;
    for (const std::string& record : records) bytes += record;
    return bytes;
}

// RFC 1035 §4.1.1: an answer with authority, as a server of the zone gives it.
std::string message(const ScriptedServer::Query& query, const ScriptedServer::Reply& reply) {
    std::string_view rest = std::string_view(query.bytes).substr(header_bytes);
    decode_name(rest);
    const std::size_t question_end = query.bytes.size() - rest.size() + 4;
    const std::size_t recursion_desired = static_cast<std::uint8_t>(query.bytes[2]) & 1U;
    const std::size_t flags = 0x8400U | (reply.truncated ? 0x200U : 0U) | recursion_desired << 8 | static_cast<std::size_t>(reply.rcode);
    return u16((read_u16(query.bytes) + reply.id_offset) & 0xffff) + u16(flags) + u16(1) + u16(reply.answers.size()) +
           u16(reply.authority.size()) + u16(0) + query.bytes.substr(header_bytes, question_end - header_bytes) + joined(reply.answers) +
           joined(reply.authority);
}

}  // namespace

struct ScriptedServer::State {
    Script script;
    Loopback sockets;
    Socket wake{::eventfd(0, EFD_CLOEXEC)};
    std::vector<Socket> connections;
    mutable std::mutex mutex;
    std::vector<Query> queries;
    std::thread thread;

    // Empty: nothing is to be said.
    std::string answer(std::string bytes, bool tcp) {
        if (bytes.size() < header_bytes) return {};
        std::string_view rest = std::string_view(bytes).substr(header_bytes);
        const std::optional<std::string> name = decode_name(rest);
        if (!name || rest.size() < 4) return {};
        Query query{{*name, static_cast<Type>(read_u16(rest))}, tcp, std::move(bytes)};
        {
            const std::scoped_lock lock(mutex);
            queries.push_back(query);
        }
        const Reply reply = script(query);
        if (reply.silent) return {};
        return reply.raw.empty() ? message(query, reply) : reply.raw;
    }

    void on_datagram() {
        std::array<char, 4096> buffer;
        sockaddr_storage from{};
        socklen_t from_bytes = sizeof(from);
        const ssize_t count =
            ::recvfrom(sockets.udp.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_bytes);
        if (count <= 0) return;
        const std::string reply = answer({buffer.data(), static_cast<std::size_t>(count)}, false);
        if (reply.empty()) return;
        ::sendto(sockets.udp.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), from_bytes);
    }

    // RFC 1035 §4.2.2. False: the connection is over.
    bool on_stream(int socket) {
        std::array<char, 2> length;
        if (::recv(socket, length.data(), length.size(), MSG_WAITALL) != static_cast<ssize_t>(length.size())) return false;
        std::string bytes(read_u16({length.data(), length.size()}), '\0');
        if (::recv(socket, bytes.data(), bytes.size(), MSG_WAITALL) != static_cast<ssize_t>(bytes.size())) return false;
        std::string reply = answer(std::move(bytes), true);
        if (reply.empty()) return true;
        reply.insert(0, u16(reply.size()));
        return ::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(reply.size());
    }

    void run() {
        for (;;) {
            std::vector<pollfd> descriptors{{wake.get(), POLLIN, 0}, {sockets.udp.get(), POLLIN, 0}, {sockets.tcp.get(), POLLIN, 0}};
            for (const Socket& connection : connections) descriptors.push_back({connection.get(), POLLIN, 0});
            ::poll(descriptors.data(), descriptors.size(), -1);
            if (descriptors[0].revents != 0) return;
            if (descriptors[1].revents != 0) on_datagram();
            for (std::size_t i = 3; i < descriptors.size(); ++i) {
                if (descriptors[i].revents != 0 && !on_stream(descriptors[i].fd)) connections[i - 3] = Socket();
            }
            std::erase_if(connections, [](const Socket& connection) { return connection.get() < 0; });
            if (descriptors[2].revents != 0) connections.emplace_back(::accept4(sockets.tcp.get(), nullptr, nullptr, SOCK_CLOEXEC));
        }
    }
};

ScriptedServer::ScriptedServer(Script script) : state_(std::make_unique<State>()) {
    state_->script = std::move(script);
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

ScriptedServer::~ScriptedServer() {
    ::eventfd_write(state_->wake.get(), 1);
    state_->thread.join();
}

Endpoint ScriptedServer::endpoint() const { return {IpAddress::v4(127, 0, 0, 1), state_->sockets.port}; }

std::vector<ScriptedServer::Query> ScriptedServer::queries() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->queries;
}

std::size_t ScriptedServer::times_asked(const Question& question) const {
    const std::vector<Query> all = queries();
    return static_cast<std::size_t>(std::ranges::count(all, question, &Query::question));
}

std::string ScriptedServer::record(std::string_view name, std::uint16_t type, std::uint32_t ttl, std::string_view rdata) {
    return wire_name(name) + u16(type) + u16(1) + u32(ttl) + u16(rdata.size()) + std::string(rdata);
}

std::string ScriptedServer::a(std::string_view name, std::uint32_t ttl, std::uint8_t last) {
    const std::string rdata{static_cast<char>(192), 0, 2, static_cast<char>(last)};
    return record(name, 1, ttl, rdata);
}

std::string ScriptedServer::cname(std::string_view name, std::uint32_t ttl, std::string_view target) {
    return record(name, 5, ttl, wire_name(target));
}

std::string ScriptedServer::soa(std::string_view name, std::uint32_t ttl, std::uint32_t minimum) {
    return record(name, 6, ttl, wire_name(name) + wire_name(name) + u32(1) + u32(2) + u32(3) + u32(4) + u32(minimum));
}

}  // namespace packetboat::dns::testing
