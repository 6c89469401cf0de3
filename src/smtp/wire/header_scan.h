#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace packetboat::smtp::wire {

// Follows a message's header while it streams by: counts Received fields, and puts at its end the fields that it lacks. Holds nothing but
// the beginning of a line while it is not known to be a field.
class HeaderScan {
public:
    // Each a whole field with CRLF, put in when the header has none of that name. Empty: nothing is.
    struct Missing {
        std::string date;
        std::string message_id;
    };
    explicit HeaderScan(Missing missing) : missing_(std::move(missing)) {}

    // What is to be kept, in order, after the next bytes of the message; the views live until the next call.
    const std::vector<std::string_view>& next(std::string_view chunk);
    // The message is over.
    const std::vector<std::string_view>& finish();

    bool ended() const { return ended_; }  // from now on bytes need not be shown
    std::uint64_t received() const { return received_; }
    std::uint64_t header_bytes() const { return header_bytes_; }

private:
    // A field's name is at most so long; what is longer is none.
    static constexpr std::size_t name_max_bytes = 256;

    enum class Kind : std::uint8_t { undecided, field, end, body };
    Kind kind_of(std::string_view line_begin) const;
    void note(std::string_view line_begin);
    void end_header(bool is_body);
    void keep(std::string_view bytes);

    Missing missing_;
    std::string held_;      // the beginning of a line that is undecided
    std::string released_;  // the same, once it was decided, until the next call
    std::string inserted_;
    std::vector<std::string_view> kept_;
    bool in_line_ = false;  // in a line that is known to be a field's
    bool any_field_ = false;
    bool ended_ = false;
    std::uint64_t received_ = 0;
    std::uint64_t header_bytes_ = 0;
};

}  // namespace packetboat::smtp::wire
