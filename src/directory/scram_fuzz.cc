#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "directory/credentials.h"
#include "directory/scram.h"

// Two messages of a client, parted by a line feed. What is parsed holds together, and nobody gets in without the password.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    using namespace packetboat::directory;
    const auto demand = [](bool holds) {
        if (!holds) std::abort();
    };
    static const ScramKeys keys = make_scram_keys("pencil", "0123456789abcdef", 16);
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t line = text.find('\n');
    const std::string_view first_text = text.substr(0, line);
    const std::string_view final_text = line == std::string_view::npos ? std::string_view() : text.substr(line + 1);

    const Result<ScramClientFirst> first = parse_scram_client_first(first_text);
    const Result<ScramClientFinal> final = parse_scram_client_final(final_text);
    if (first) {
        demand(first->gs2_header + first->bare == first_text);
        demand(is_utf8(first->user) && !first->nonce.empty() && first->nonce.find(',') == std::string::npos);
        demand(first->binding == ScramClientFirst::Binding::required || first->binding_name.empty());
        // Our own message can be told apart at its commas.
        const std::string answer = scram_server_first(first->nonce + "server", keys);
        demand(answer.starts_with("r=" + first->nonce + "server,s="));
    }
    if (final) {
        demand(final_text.starts_with(final->without_proof + ","));
        demand(final->without_proof.starts_with("c=" + base64_encode(final->channel_binding) + ",r=" + final->nonce));
        demand(!scram_verify(keys, final->without_proof, final->proof));
    }
    return 0;
}
