#include "agent/written_addresses.h"

#include <string>

#include "base/text.h"
#include "mime/address.h"

namespace packetboat::agent {

namespace {

// Reads a list from the front, character by character.
class Reader {
public:
    std::optional<std::size_t> read(std::string_view text) {
        for (std::size_t at = 0; at < text.size() && good_; ++at) {
            if (text[at] == '\\' && (in_quote_ || comments_ > 0) && at + 1 < text.size()) {
                if (in_quote_) add(text.substr(at, 2));
                ++at;
            } else {
                take(text[at]);
            }
        }
        end_element();
        const bool closed = !in_quote_ && comments_ == 0 && !in_angle_ && !in_literal_;
        return good_ && closed ? std::optional(count_) : std::nullopt;
    }

private:
    void take(char c) {
        if (in_quote_) {
            in_quote_ = c != '"';
            return add({&c, 1});
        }
        if (c == '(') ++comments_;
        if (comments_ > 0) {
            if (c == ')') --comments_;
            return;
        }
        if (in_literal_) {
            in_literal_ = c != ']';
            return add({&c, 1});
        }
        switch (c) {
            case '"': in_quote_ = true; return add({&c, 1});
            case '[': in_literal_ = true; return add({&c, 1});
            case '<':
                good_ = good_ && !in_angle_ && !angle_;
                in_angle_ = true;
                angle_.emplace();
                return;
            case '>':
                good_ = good_ && in_angle_;
                in_angle_ = false;
                return;
            case ',':
            case ';':
                if (!in_angle_) return end_element();
                return add({&c, 1});
            case ':':
                // It was a group's name.
                good_ = good_ && !in_angle_ && !angle_;
                plain_.clear();
                return;
            default: add({&c, 1});
        }
    }

    void add(std::string_view bytes) {
        if (in_angle_) {
            *angle_ += bytes;
            return;
        }
        // Behind the address there is nothing to be said.
        if (angle_ && !trim(bytes).empty()) good_ = false;
        plain_ += bytes;
    }

    void end_element() {
        const std::string element(trim(angle_ ? *angle_ : plain_));
        if (angle_ || !element.empty()) {
            good_ = good_ && mime::parse_address(element);
            ++count_;
        }
        angle_.reset();
        plain_.clear();
    }

    bool good_ = true;
    bool in_quote_ = false;
    bool in_literal_ = false;
    bool in_angle_ = false;
    std::size_t comments_ = 0;          // open ones
    std::string plain_;                 // of this element, what stands outside of the angle brackets
    std::optional<std::string> angle_;  // what stands in them
    std::size_t count_ = 0;
};

}  // namespace

std::optional<std::size_t> count_written_addresses(std::string_view text) { return Reader().read(text); }

}  // namespace packetboat::agent
