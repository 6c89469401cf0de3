#include "smtp/wire/header_scan.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace packetboat::smtp::wire {

namespace {

// ftext = %d33-57 / %d59-126                                                               RFC 5322 §2.2
constexpr bool is_ftext(char c) { return c > ' ' && c <= '~' && c != ':'; }
constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }

std::string_view field_name(std::string_view line) {
    return line.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(line, is_ftext) - line.begin()));
}

}  // namespace

// What a line is, as far as its beginning tells: field = field-name *WSP ":" …, a continuation of one, the empty line, or text that has
// forgotten it.
HeaderScan::Kind HeaderScan::kind_of(std::string_view line_begin) const {
    if (line_begin.empty() || line_begin == "\r") return Kind::undecided;
    if (line_begin.starts_with("\r\n") || line_begin.front() == '\n') return Kind::end;
    if (is_wsp(line_begin.front())) return any_field_ ? Kind::field : Kind::body;
    const std::string_view name = field_name(line_begin);
    std::string_view rest = line_begin.substr(name.size());
    while (!rest.empty() && is_wsp(rest.front())) rest.remove_prefix(1);
    if (line_begin.size() - rest.size() > name_max_bytes) return Kind::body;
    if (rest.empty()) return Kind::undecided;
    return rest.front() == ':' && !name.empty() ? Kind::field : Kind::body;
}

void HeaderScan::note(std::string_view line_begin) {
    if (is_wsp(line_begin.front())) return;
    any_field_ = true;
    const std::string_view name = field_name(line_begin);
    if (iequals(name, "Received")) ++received_;
    if (iequals(name, "Date")) missing_.date.clear();
    if (iequals(name, "Message-ID")) missing_.message_id.clear();
}

void HeaderScan::keep(std::string_view bytes) {
    if (bytes.empty()) return;
    // What lies together is kept together.
    if (!kept_.empty() && kept_.back().data() + kept_.back().size() == bytes.data()) {
        kept_.back() = {kept_.back().data(), kept_.back().size() + bytes.size()};
    } else {
        kept_.push_back(bytes);
    }
}

void HeaderScan::end_header(bool is_body) {
    ended_ = true;
    inserted_ = missing_.date + missing_.message_id;
    if (in_line_ && !inserted_.empty()) inserted_.insert(0, "\r\n");
    // Text right after the fields, or without any: it gets the empty line that it lacks, or it would be taken for a field.
    if (is_body) inserted_ += "\r\n";
    keep(inserted_);
}

const std::vector<std::string_view>& HeaderScan::next(std::string_view chunk) {
    kept_.clear();
    while (!chunk.empty() && !ended_) {
        if (in_line_) {
            const std::size_t lf = chunk.find('\n');
            const std::size_t bytes = lf == std::string_view::npos ? chunk.size() : lf + 1;
            in_line_ = lf == std::string_view::npos;
            header_bytes_ += bytes;
            keep(chunk.substr(0, bytes));
            chunk.remove_prefix(bytes);
            continue;
        }
        // The line begins in what is held, if anything is. One that begins and is decided in this chunk is not copied.
        const std::size_t look = std::min(chunk.size(), name_max_bytes + 2);
        const bool was_held = !held_.empty();
        if (was_held) held_ += chunk.substr(0, look);
        const std::string_view begin = was_held ? std::string_view(held_) : chunk.substr(0, look);
        const Kind kind = kind_of(begin);
        if (kind == Kind::undecided) {
            if (!was_held) held_ = chunk.substr(0, look);
            chunk.remove_prefix(look);
            continue;
        }
        if (kind == Kind::field) {
            note(begin);
            in_line_ = true;
        } else {
            end_header(kind == Kind::body);
        }
        if (was_held) {
            released_ = std::exchange(held_, {});
            released_.resize(released_.size() - look);
            if (kind == Kind::field) header_bytes_ += released_.size();
            keep(released_);
        }
    }
    keep(chunk);
    return kept_;
}

const std::vector<std::string_view>& HeaderScan::finish() {
    kept_.clear();
    if (ended_) return kept_;
    end_header(!held_.empty());
    keep(held_);
    return kept_;
}

}  // namespace packetboat::smtp::wire
