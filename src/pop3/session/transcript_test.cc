#include <gtest/gtest.h>

#include <ostream>

#include "base/log.h"
#include "base/testing/script_peer.h"
#include "pop3/session/testing/world.h"

namespace packetboat::testing {
void PrintTo(const Transcript& transcript, std::ostream* out) { *out << transcript.name; }
}  // namespace packetboat::testing

namespace packetboat::pop3 {
namespace {

using packetboat::testing::ScriptPeer;
using packetboat::testing::Transcript;

Task<std::string> converse(ScriptPeer<wire::Decoder>& peer, const Transcript& transcript) {
    testing::World world(transcript.settings);
    co_await world.build();
    {
        Session session(peer, world.mail(), world.directory(), world.options);
        co_await session.run();
    }
    co_return co_await world.check(peer.output());
}

class pop3_transcript : public ::testing::TestWithParam<Transcript> {
protected:
    // Thousands of sessions that go wrong on purpose have nothing to say to whoever runs the tests.
    static void SetUpTestSuite() { ASSERT_TRUE(log_open({.level = LogLevel::debug, .file = "/dev/null"})); }
    static void TearDownTestSuite() { log_close(); }
};

TEST_P(pop3_transcript, is_answered_as_written) {
    const Transcript& transcript = GetParam();
    const std::function<wire::Decoder()> make = [&] { return make_decoder(testing::World(transcript.settings).options); };
    EXPECT_EQ(packetboat::testing::replay<wire::Decoder>(transcript, make, converse), "");
}

INSTANTIATE_TEST_SUITE_P(all, pop3_transcript, ::testing::ValuesIn(packetboat::testing::load_transcripts("tests/transcripts/pop3")),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace packetboat::pop3
