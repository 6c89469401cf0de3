#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/script_peer.h"
#include "smtp/session/session.h"
#include "smtp/session/testing/world.h"

// Replays tests/transcripts/smtp/*.txt: whole, cut everywhere, ended everywhere. After each of these what is stored is what 250 was said
// to.
namespace packetboat::smtp {
namespace {

using ScriptPeer = packetboat::testing::ScriptPeer<wire::Decoder>;
using packetboat::testing::Transcript;

Task<std::string> converse(ScriptPeer& peer, const Transcript& transcript) {
    testing::World world(transcript.settings);
    co_await world.build();
    Session session(peer, world.services(), world.options);
    co_await session.run();
    const std::string& output = peer.output();
    const auto expected = std::accumulate(transcript.steps.begin(), transcript.steps.end(), std::size_t{0},
                                          [](std::size_t sum, const auto& step) { return sum + step.server.size(); });
    const bool complete = static_cast<std::size_t>(std::ranges::count(output, '\n')) >= expected;
    co_return co_await world.check(output, complete);
}

const std::map<std::string, Transcript>& transcripts() {
    static const std::map<std::string, Transcript> all = [] {
        std::map<std::string, Transcript> by_name;
        for (Transcript& one : packetboat::testing::load_transcripts("tests/transcripts/smtp")) by_name[one.name] = std::move(one);
        return by_name;
    }();
    return all;
}
std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const auto& [name, transcript] : transcripts()) out.push_back(name);
    return out;
}

class smtp_transcript : public ::testing::TestWithParam<std::string> {};

TEST_P(smtp_transcript, is_answered_as_written) {
    const Transcript& transcript = transcripts().at(GetParam());
    const testing::World world(transcript.settings);
    EXPECT_EQ(packetboat::testing::replay<wire::Decoder>(transcript, [&] { return make_decoder(world.options); }, converse), "");
}

INSTANTIATE_TEST_SUITE_P(, smtp_transcript, ::testing::ValuesIn(names()), [](const auto& one) { return one.param; });

}  // namespace
}  // namespace packetboat::smtp
