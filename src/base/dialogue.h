#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace packetboat {

// What was said on a connection, for whoever asks later what went wrong. Bounded: of a long one the beginning is forgotten. Fit to be
// shown; what may be a secret is for the caller to leave out.
class Dialogue {
public:
    explicit Dialogue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    void client(std::string_view line);  // its CRLF is left out
    void server(std::string_view line);
    void note(std::string_view what);  // "(TLSv1.3 from here)"

    // Lines that begin with "C: ", "S: " or "(", each with a newline.
    std::string text() const;

private:
    static constexpr std::size_t line_max_bytes = 512;
    void add(std::string line);

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::uint64_t forgotten_ = 0;  // lines
    std::deque<std::string> lines_;
};

}  // namespace packetboat
