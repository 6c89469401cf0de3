#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mime/base64.h"
#include "mime/decode.h"
#include "mime/quoted_printable.h"

// Every path of a decoder gives the same bytes and stays in its room; what an encoder writes decodes to what it was.
namespace {

using namespace packetboat::mime;

void require(bool holds) {
    if (!holds) std::abort();
}

// Into memory of exactly the size that is asked for.
template <class Decode>
std::string decoded(std::size_t room, Decode decode) {
    const auto out = std::make_unique<char[]>(room);
    return {out.get(), decode(std::span<char>(out.get(), room))};
}

std::string base64_by(Vectors use, std::string_view text) {
    return decoded(base64_size_max(text.size()), [&](std::span<char> out) { return decode_base64_into(text, out, use); });
}

std::string quoted_by(Vectors use, std::string_view text) {
    return decoded(text.size(), [&](std::span<char> out) { return decode_quoted_printable_into(text, out, use); });
}

// `made_up_max`: bytes that no character of the text stands for.
void check_files(std::string_view text, const std::vector<EncodedFile>& files, std::size_t made_up_max) {
    require(files.size() <= 100);
    std::size_t end = 0;
    std::size_t bytes = 0;
    std::size_t lines_bytes = 0;
    for (const EncodedFile& file : files) {
        require(file.begin >= end && file.begin < file.end && file.end <= text.size());
        bytes += file.bytes.size();
        lines_bytes += file.end - file.begin;
        end = file.end;
    }
    require(bytes <= lines_bytes + made_up_max);
}

// As the encoder takes it: line ends are CRLF.
std::string with_crlf(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
        out += text[i];
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), std::min(size, std::size_t{64 * 1024}));
    for (const Vectors use : {Vectors::ssse3, Vectors::avx2}) {
        if (use > vectors()) continue;
        require(base64_by(use, text) == base64_by(Vectors::none, text));
        require(quoted_by(use, text) == quoted_by(Vectors::none, text));
    }
    require(decode_base64(encode_base64(text)) == text);
    require(decode_quoted_printable(encode_quoted_printable(text)) == with_crlf(text));
    check_files(text, uuencoded_files(text), text.size() + lost_spaces_max_bytes);
    check_files(text, yencoded_files(text), 0);
    best_form(text, true);
    best_form(text, false);
    return 0;
}
