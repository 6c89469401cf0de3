#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace packetboat::mime::testing {

// Numbers that are the same everywhere for the same seed.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() >> 11U) % bound; }
    bool one_in(std::size_t n) { return below(n) == 0; }
    // A size as sizes of files and mails are: around the median, sometimes many times it. The mean is 1.6 times the median.
    std::size_t size_around(std::size_t median);

private:
    std::uint64_t state_;
};

// Messages as they lie in mailboxes: text, HTML with a text alternative, attachments in base64, forwards as message/rfc822, bounces,
// threads with References; headers of 1.5 to 4 KB as delivery makes them; 25 to 40 KB on average, where few large ones make most of the
// bytes.
class Generator {
public:
    enum class LineEnd : bool { lf, crlf };
    explicit Generator(std::uint64_t seed, LineEnd line_end = LineEnd::crlf);

    // Reads the next one; valid until the next call.
    std::string_view next();

private:
    struct Thread {
        std::string subject;
        std::vector<std::string> ids;
    };

    void line(std::string_view text);
    void field(std::string_view name, std::string_view value) { line(std::string(name) + ": " + std::string(value)); }
    void header();
    void received(std::size_t hops);
    void signature();
    void thread_fields();
    void body(int depth);
    void text_part();
    void html_part(std::size_t bytes);
    void alternative();
    void attachment();
    void mixed(int depth);
    void forward();
    void report();
    void lines_of(const std::string& pool, std::size_t bytes);
    std::string boundary();
    std::string token(std::size_t size, std::string_view alphabet);
    std::string host();
    std::string mailbox();
    std::string date();
    std::string words(std::size_t count);

    Random random_;
    std::string_view end_;
    std::string out_;
    std::vector<Thread> threads_;
    std::string text_pool_;    // lines of prose
    std::string html_pool_;    // lines of HTML in quoted-printable
    std::string base64_pool_;  // lines of 76
};

}  // namespace packetboat::mime::testing
