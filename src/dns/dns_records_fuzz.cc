#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "dns/records.h"

namespace {

using namespace packetboat;
using namespace packetboat::dns;

void require(bool claim) {
    if (!claim) std::abort();
}

void require_normal(const std::string& name) {
    for (const char c : name) require(c > ' ' && c < 0x7f && to_lower(c) == c);
    require(normalize_name(name) == name);
    require(name.empty() || normalize_name(name + ".") == name);
}

// Text that can be a name: its wire form decodes to text that has the same wire form.
void check_text(std::string_view text) {
    const std::optional<std::string> wire = encode_name(text);
    if (!wire) return;
    require(wire->size() <= name_max_bytes);
    std::string_view rest = *wire;
    const std::optional<std::string> name = decode_name(rest);
    require(name && rest.empty());
    require_normal(*name);
    require(encode_name(*name) == wire);
}

}  // namespace

// A record is either decoded, once, or counted as broken; names have one spelling, and that one has the wire form that came.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const Type type : {Type::a, Type::cname, Type::ptr, Type::mx, Type::txt, Type::aaaa, Type::srv, Type::tlsa}) {
        Answer answer;
        add_record(answer, type, bytes);
        require(record_count(answer) + answer.broken == 1);
        for (const Mx& mx : answer.mx) require_normal(mx.exchange);
        for (const Srv& srv : answer.srv) require_normal(srv.target);
        for (const std::string& name : answer.names) require_normal(name);
        for (const std::string& text : answer.texts) require(text.size() < size);
    }
    std::string_view rest = bytes;
    if (const std::optional<std::string> name = decode_name(rest)) {
        require_normal(*name);
        require(encode_name(*name) == lower(bytes.substr(0, size - rest.size())));
    }
    check_text(bytes);
    return 0;
}
