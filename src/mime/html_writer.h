#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace packetboat::mime {

// Lays out words and lines as a reader wants them: white space collapsed, no more than one empty line, what stands before each line
// (quote marks, the indentation of a list). Stops when `max_bytes` are written.
class HtmlWriter {
public:
    explicit HtmlWriter(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    bool full() const { return full_; }
    std::size_t size() const { return out_.size(); }
    std::string_view since(std::size_t begin) const { return std::string_view(out_).substr(begin); }

    void text(std::string_view utf8);          // white space is a space
    void preformatted(std::string_view utf8);  // white space is what it is
    void new_line(int lines);                  // at least 1: a new line; 2: after an empty line
    void line_break();                         // of <br>: two of them are an empty line
    void gap();                                // between cells of a row: two spaces, if something stands before it on its line

    // What stands before each line from the next on; `marker` stands in its place once.
    const std::string& prefix() const { return prefix_; }
    void push_prefix(std::string_view more) { prefix_ += more; }
    void cut_prefix(std::size_t size) { prefix_.resize(size); }
    void marker(std::string_view marker) { marker_ = marker; }

    // The text, without white space at its ends, cut to max_bytes at a character; ends with a line end unless it is empty or was cut.
    std::string take();

private:
    void character(std::string_view utf8);
    void break_lines();
    void begin_word();

    std::string out_;
    std::string prefix_;
    std::string last_prefix_;  // of the line before
    std::string marker_;
    std::size_t max_bytes_;
    int lines_ = 0;         // line ends that are due before the next character
    int spaces_ = 0;        // and spaces
    bool at_start_ = true;  // of a line
    bool full_ = false;
};

}  // namespace packetboat::mime
