#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/executor.h"
#include "base/text.h"
#include "smtp/session/session.h"
#include "smtp/session/testing/world.h"

namespace {

using namespace packetboat;

// Any bytes, in reads that 0xFE divides; 0xFD is a timeout, 0xFC the server's stopping.
class ArbitraryPeer final : public smtp::Peer {
public:
    ArbitraryPeer(std::string_view script, smtp::wire::Decoder decoder, bool tls) : script_(script), decoder_(std::move(decoder)) {
        info_.session_id = "0123456789a";
        info_.remote.address = IpAddress::v4(192, 0, 2, 7);
        if (tls) info_.tls_version = "TLSv1.3";
    }
    Task<std::optional<smtp::wire::Event>> next(smtp::wire::Mode mode) override {
        for (;;) {
            std::size_t consumed = 0;
            std::optional<smtp::wire::Event> event = decoder_.next(mode, std::string_view(input_).substr(begin_), consumed);
            if (consumed > input_.size() - begin_) std::abort();
            begin_ += consumed;
            if (event) co_return event;
            input_.erase(0, std::exchange(begin_, 0));
            if (input_.size() >= 16 * 1024) std::abort();  // a peer's buffer is no larger
            if (script_.empty()) co_return std::nullopt;
            const std::size_t end = std::min(script_.find_first_of("\xfe\xfd\xfc"), script_.size());
            input_ += script_.substr(0, end);
            const char mark = end < script_.size() ? script_[end] : '\0';
            script_.remove_prefix(std::min(end + 1, script_.size()));
            if (mark == '\xfd' && end == 0) co_return smtp::wire::Event(TimedOut{});
            if (mark == '\xfc' && end == 0) co_return smtp::wire::Event(ShuttingDown{});
        }
    }
    void send(std::string_view bytes) override { output += bytes; }
    Task<bool> drain() override { co_return true; }
    bool has_input() const override { return begin_ < input_.size(); }
    Task<bool> start_tls() override {
        if (has_input()) std::abort();  // the session must not come here with a command in the buffer
        info_.tls_version = "TLSv1.3";
        decoder_.reset();
        co_return true;
    }
    std::optional<std::string> channel_binding(ChannelBinding) const override { return std::string(32, 'x'); }
    const PeerInfo& info() const override { return info_; }

    std::string output;

private:
    std::string_view script_;
    smtp::wire::Decoder decoder_;
    PeerInfo info_;
    std::string input_;
    std::size_t begin_ = 0;
};

// code, "-" or " ", text, CRLF; the lines of one reply have one code.
void check_replies(std::string_view output) {
    std::string open;
    while (!output.empty()) {
        const std::size_t end = output.find("\r\n");
        if (end == std::string_view::npos || end < 4) std::abort();
        const std::string_view line = output.substr(0, end);
        if (line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]) || (line[3] != ' ' && line[3] != '-')) std::abort();
        for (const char c : line) {
            if (c < ' ' || c > '~') std::abort();
        }
        if (!open.empty() && open != line.substr(0, 3)) std::abort();
        open = line[3] == '-' ? std::string(line.substr(0, 3)) : "";
        output.remove_prefix(end + 2);
    }
    if (!open.empty()) std::abort();
}

Task<std::string> converse(std::string_view script, std::uint8_t choice) {
    std::vector<packetboat::testing::Setting> settings = {{"limit", "message 2000"}, {"spool_above", "500"}, {"limit", "command_line 300"}};
    constexpr std::string_view roles[] = {"mx", "submission", "lmtp"};
    settings.push_back({"role", std::string(roles[choice % 3])});
    if ((choice & 0x10) != 0) settings.push_back({"starttls", ""});
    if ((choice & 0x20) != 0) settings.push_back({"normalise", ""});
    if ((choice & 0x40) != 0) settings.push_back({"plain_text", ""});
    smtp::testing::World world(settings);
    co_await world.build();
    ArbitraryPeer peer(script, smtp::make_decoder(world.options), (choice & 0x80) != 0);
    smtp::Session session(peer, world.services(), world.options);
    co_await session.run();
    check_replies(peer.output);
    co_return co_await world.check(peer.output, false);
}

}  // namespace

// Whatever a client sends: the session ends, every line it says is well-formed, and what is stored is what it said 250 to.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view script(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string failure = run_to_end(converse(script, data[0]));
    if (!failure.empty()) {
        std::fprintf(stderr, "%s\n", failure.c_str());
        std::abort();
    }
    return 0;
}
