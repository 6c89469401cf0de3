#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>

#include "mime/base64.h"
#include "mime/decode.h"
#include "mime/quoted_printable.h"

#ifdef PACKETBOAT_GMIME
#include <gmime/gmime.h>
#endif

// How fast bodies are decoded on one core, in GB of encoded text a second; GMime's decoder on the same text, where the build has it.
namespace {

using namespace packetboat::mime;

constexpr std::size_t body_bytes = 1 << 20;  // of a larger attachment; stays in the cache of a core, as mail that was just read does

template <class Decode>
double gigabytes_per_second(std::string_view text, Decode decode) {
    double best = 0;
    for (int round = 0; round < 5; ++round) {
        constexpr int times = 60;
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < times; ++i) decode();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        const double speed = static_cast<double>(text.size()) * times / seconds.count() / 1e9;
        if (speed > best) best = speed;
    }
    return best;
}

constexpr const char* name(Vectors use) {
    switch (use) {
        case Vectors::none: return "portable";
        case Vectors::ssse3: return "SSSE3";
        case Vectors::avx2: return "AVX2";
    }
    return "";
}

#ifdef PACKETBOAT_GMIME
void gmime(GMimeContentEncoding encoding, std::string_view text, std::string& out) {
    const double speed = gigabytes_per_second(text, [&] {
        GMimeEncoding state;
        g_mime_encoding_init_decode(&state, encoding);
        g_mime_encoding_step(&state, text.data(), text.size(), out.data());
    });
    std::printf("  %-9s %6.2f GB/s\n", "GMime", speed);
}
#else
enum GMimeContentEncoding { GMIME_CONTENT_ENCODING_BASE64, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE };
void gmime(GMimeContentEncoding, std::string_view, std::string&) { std::puts("  GMime     (not in this build)"); }
#endif

template <class Decode>
void compare(const char* what, std::string_view text, GMimeContentEncoding encoding, Decode decode) {
    std::printf("%s, %.1f MB\n", what, static_cast<double>(text.size()) / 1e6);
    std::string out(text.size() + 1024, 'x');
    for (const Vectors use : {Vectors::none, Vectors::ssse3, Vectors::avx2}) {
        if (use > vectors()) continue;
        std::printf("  %-9s %6.2f GB/s\n", name(use), gigabytes_per_second(text, [&] { decode(text, out, use); }));
    }
    gmime(encoding, text, out);
}

std::string repeated(std::string_view piece, std::size_t size) {
    std::string out;
    while (out.size() < size) out += piece;
    return out;
}

}  // namespace

int main() {
    const auto base64 = [](std::string_view text, std::string& out, Vectors use) { decode_base64_into(text, out, use); };
    const auto quoted = [](std::string_view text, std::string& out, Vectors use) { decode_quoted_printable_into(text, out, use); };

    std::minstd_rand random(1);  // NOLINT: the same every time
    std::string bytes;
    while (bytes.size() < body_bytes) bytes += static_cast<char>(random() >> 8);
    compare("base64, lines of 76 and CRLF", encode_base64(bytes), GMIME_CONTENT_ENCODING_BASE64, base64);

    const std::string german = repeated(
        "Sehr geehrte Damen und Herren, f\xC3\xBCr die Pr\xC3\xBC"
        "fung der beigef\xC3\xBCgten Unterlagen w\xC3\xA4ren wir Ihnen "
        "dankbar; die Gesch\xC3\xA4"
        "ftsbedingungen finden Sie wie \xC3\xBC"
        "blich im Anhang = Anlage 2.\r\n",
        body_bytes);
    compare("quoted-printable, German text", encode_quoted_printable(german), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, quoted);
    const std::string html = repeated(
        "<td style=\"padding:0\" class=\"cell\"><a href=\"https://shop.example/item?id=4711&ref=mail\">Details</a></td>\r\n<tr>\r\n",
        body_bytes);
    compare("quoted-printable, HTML", encode_quoted_printable(html), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, quoted);
    const std::string russian =
        repeated("\xD0\x94\xD0\xBE\xD0\xB1\xD1\x80\xD1\x8B\xD0\xB9 \xD0\xB4\xD0\xB5\xD0\xBD\xD1\x8C\r\n", body_bytes);
    compare("quoted-printable, Russian text", encode_quoted_printable(russian), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, quoted);
}
