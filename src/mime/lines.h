#pragma once

#include <cstddef>
#include <string_view>

namespace packetboat::mime {

// The lines of a text one after the other. A line ends with CRLF or LF; the last may have no end.
class Lines {
public:
    explicit Lines(std::string_view text) : text_(text) {}

    bool at_end() const { return next_ >= text_.size(); }
    // The next line, without its end. Not at the end of the text.
    std::string_view take() {
        begin_ = next_;
        const std::size_t lf = text_.find('\n', begin_);
        std::string_view line = text_.substr(begin_, lf == std::string_view::npos ? lf : lf - begin_);
        next_ = lf == std::string_view::npos ? text_.size() : lf + 1;
        if (next_ != begin_ + line.size() && line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }
    // Where the line taken last begins, and where the next one will.
    std::size_t begin() const { return begin_; }
    std::size_t next() const { return next_; }
    // The line taken last will be taken again.
    void put_back() { next_ = begin_; }

private:
    std::string_view text_;
    std::size_t begin_ = 0;
    std::size_t next_ = 0;
};

}  // namespace packetboat::mime
