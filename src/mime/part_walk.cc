#include "mime/part_walk.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mime/field_name.h"
#include "mime/header_lexer.h"
#include "mime/index_content.h"

namespace packetboat::mime {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr auto npos = std::string_view::npos;

// ftext = %d33-57 / %d59-126                                                               RFC 5322 §2.2
constexpr bool is_ftext(char c) { return c >= '!' && c <= '~' && c != ':'; }
constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }

std::size_t while_wsp(std::string_view text, std::size_t from) { return std::min(text.find_first_not_of(" \t", from), text.size()); }

Domain domain_of(std::string_view encoding_value) {
    HeaderLexer in(encoding_value);
    in.skip_cfws();
    in.take('"');
    const std::string_view mechanism = in.while_(is_token_char);
    if (iequals(mechanism, "binary")) return Domain::binary;
    return mechanism.starts_with('8') ? Domain::eight_bit : Domain::seven_bit;
}

}  // namespace

void PartWalk::begin_part(bool message, bool digest_child) {
    Open part{.number = parts_++};
    if (!open_.empty()) {
        part.depth = open_.back().depth + 1;
        part.signed_in = open_.back().signed_in;
    }
    open_.push_back(part);
    is_message_ = message || open_.size() == 1;
    digest_child_ = digest_child;
    where_ = Where::preface;
    mbox_expected_ = true;
    type_.reset();
    encoding_.reset();
    has_version_ = false;
    events_.part(part.number);
}

// ---- What a line is

PartWalk::Line PartWalk::decide_delimiter(bool complete) {
    const std::string_view head = head_;
    if (boundaries_.empty() || head.front() != '-') return Line::text;
    if (head.size() >= 2 && head[1] != '-') return Line::text;
    if (!complete && head.size() < delimiter_head_max_bytes) return Line::undecided;
    delimiter_ = head.size() < 2 ? std::nullopt : boundaries_.match(head.substr(2, delimiter_head_max_bytes - 2));
    return delimiter_ ? Line::delimiter : Line::text;
}

// As index() has it: the line that separates messages in an mbox, also quoted.
PartWalk::Line PartWalk::decide_mbox(bool complete) const {
    constexpr std::string_view from = "From ";
    std::string_view line = head_;
    if (line.starts_with('>')) line.remove_prefix(1);
    if (line.size() < from.size()) return !complete && from.starts_with(line) ? Line::undecided : Line::text;
    if (!line.starts_with(from)) return Line::text;
    const std::size_t after = line.find_first_not_of(" \t", from.size());
    if (after == npos) return complete ? Line::preface : Line::undecided;
    return line[after] == ':' ? Line::text : Line::preface;
}

// field = field-name *WSP ":"                                                              RFC 5322 §2.2, §4.5
PartWalk::Line PartWalk::decide_field(bool complete) {
    const std::string_view head = head_;
    if (is_wsp(head.front())) {
        if (where_ == Where::header) return Line::fold;
        if (head.find_first_not_of(" \t\r\n") != npos) return Line::text;
        return complete ? Line::preface : Line::undecided;
    }
    const auto name_end = static_cast<std::size_t>(std::ranges::find_if_not(head, is_ftext) - head.begin());
    if (name_end == 0) return Line::text;
    const std::size_t colon = while_wsp(head, name_end);
    if (colon == head.size()) return complete ? Line::text : Line::undecided;
    if (head[colon] != ':') return Line::text;
    name_end_ = name_end;
    return Line::field;
}

// `complete`: there is no more of the line, or no more of it is waited for.
PartWalk::Line PartWalk::decide(bool complete) {
    const std::string_view head = head_;
    const Line delimiter = decide_delimiter(complete);
    if (delimiter != Line::text || where_ == Where::body) return delimiter;
    if (head.front() == '\n' || head.starts_with("\r\n")) return Line::empty;
    if (head == "\r" && !complete) return Line::undecided;
    if (where_ == Where::preface && mbox_expected_) {
        const Line mbox = decide_mbox(complete);
        if (mbox != Line::text) return mbox;
    }
    return decide_field(complete);
}

// A byte order mark before all: it is read over, and is the header's if there is one.
PartWalk::Line PartWalk::decide_mark(bool complete) {
    if (byte_order_mark.starts_with(head_) && head_.size() < byte_order_mark.size() && !complete) return Line::undecided;
    mark_expected_ = false;
    if (head_.starts_with(byte_order_mark)) {
        mark_held_ = true;
        head_.erase(0, byte_order_mark.size());
    }
    return Line::text;
}

// ---- What is done about it

void PartWalk::collect(std::string_view bytes) {
    if (collecting_ == nullptr) return;
    *collecting_ += bytes.substr(0, content_value_max_bytes - std::min(content_value_max_bytes, collecting_->size()));
}

void PartWalk::begin_field() {
    where_ = Where::header;
    known_ = known_field(std::string_view(head_).substr(0, name_end_));
    field_begins_ = true;
    collecting_ = nullptr;
    if (known_ == FieldName::mime_version) has_version_ = true;
    if (known_ == FieldName::content_type && !type_) collecting_ = &type_.emplace();
    if (known_ == FieldName::content_transfer_encoding && !encoding_) collecting_ = &encoding_.emplace();
}

PartHead PartWalk::read_head() const {
    const Open& part = open_.back();
    PartHead head{.number = part.number,
                  .signed_in = part.signed_in,
                  .is_message = is_message_,
                  .has_type = type_.has_value(),
                  .has_version = has_version_};
    if (encoding_) {
        const std::string_view value = std::string_view(*encoding_).substr(encoding_->find(':') + 1);
        head.encoding = transfer_encoding(value);
        head.domain = domain_of(value);
    }
    return head;
}

// Decides what the part is: index.cc's decide_kind.
void PartWalk::end_header(bool ended) {
    PartHead head = read_head();
    head.ended = ended;
    PartContent content;
    if (type_) {
        const std::string_view value = std::string_view(*type_).substr(type_->find(':') + 1);
        content = part_content(value);
        const ContentType type = content_type(value);
        head.is_text = type.type == "text" || type.type == "multipart" || type.type == "message";
        if (type.is("multipart", "signed") && head.signed_in == PartHead::none) head.signed_in = head.number;
    } else if (digest_child_) {
        content.kind = Kind::message;
    }
    const bool encoded = head.encoding != TransferEncoding::identity && head.encoding != TransferEncoding::unknown;
    if (content.kind == Kind::message && encoded) content.kind = Kind::leaf;
    Open& part = open_.back();
    if (content.kind != Kind::leaf && (part.depth > limits_.nesting_max || parts_ >= limits_.parts_max)) {
        head.beyond = true;
        content.kind = Kind::leaf;
    }
    head.kind = content.kind;
    if (content.kind == Kind::multipart) {
        part.digest = content.digest;
        boundaries_.open(content.boundary, part.number);
    }
    part.signed_in = head.signed_in;
    where_ = Where::body;
    line_end_ = {};
    collecting_ = nullptr;
    read_ = head;
    events_.header_end(head);
}

// False: there is no room for another part, and the line is body.
bool PartWalk::take_delimiter() {
    if (!delimiter_->closing && parts_ >= limits_.parts_max) {
        boundaries_.close_all();
        events_.too_many();
        return false;
    }
    events_.body_end(false);
    events_.structure(line_end_);
    line_end_ = {};
    while (open_.back().number != delimiter_->part) open_.pop_back();
    boundaries_.close(delimiter_->part + (delimiter_->closing ? 0 : 1));
    return true;
}

void PartWalk::begin_text() {
    if (!line_end_.empty()) events_.line_end(line_end_);
    line_end_ = {};
}

void PartWalk::act(Line line) {
    line_ = line;
    if (where_ != Where::body && mark_held_) {
        mark_held_ = false;
        if (line == Line::text) {
            // Nobody's header: it is the body's.
            end_header(false);
            events_.text(byte_order_mark);
            return;
        }
        events_.field(FieldName::other, false, byte_order_mark);
    }
    if (line == Line::field) begin_field();
    if (line == Line::preface) known_ = FieldName::other;
    if (line == Line::empty) end_header(true);
    if (line == Line::text && where_ == Where::body) begin_text();
    mbox_expected_ = false;
}

// Decides what begins with head_, as far as that can be told, and passes on what was held for it.
void PartWalk::settle(bool complete) {
    if (mark_expected_ && decide_mark(complete) == Line::undecided) return;
    while (!head_.empty() && line_ == Line::undecided) {
        const Line line = decide(complete);
        if (line == Line::undecided) return;
        const bool in_header = where_ != Where::body;
        const bool after_mark = mark_held_;
        if (in_header && (line == Line::text || line == Line::delimiter) && !after_mark) {
            end_header(false);
            if (read_.kind == Kind::message) begin_part(true, false);
            // A multipart's own boundary, or the header of the message inside, may begin here. A delimiter of those outside stays one.
            if (line == Line::text || read_.kind == Kind::message) continue;
        }
        if (line == Line::delimiter && !take_delimiter()) continue;
        act(line);
        if (after_mark && line == Line::text) line_ = Line::undecided;
    }
    if (line_ == Line::undecided || head_.empty()) return;
    const std::string head = std::move(head_);
    head_.clear();
    emit(head);
}

void PartWalk::emit_text(std::string_view bytes) {
    if (cr_held_ && bytes.front() != '\n') {
        events_.text("\r");
        cr_held_ = false;
    }
    const bool ends = bytes.back() == '\n';
    if (ends) bytes.remove_suffix(1);
    if (bytes.ends_with('\r')) {
        cr_held_ = true;
        bytes.remove_suffix(1);
    }
    if (!bytes.empty()) events_.text(bytes);
    if (!ends) return;
    line_end_ = cr_held_ ? "\r\n" : "\n";
    cr_held_ = false;
}

// A piece of the line that was decided, not empty; no LF is in it but at its end.
void PartWalk::emit(std::string_view bytes) {
    switch (line_) {
        case Line::undecided: return;
        case Line::preface:
        case Line::field:
        case Line::fold:
            events_.field(known_, std::exchange(field_begins_, false), bytes);
            collect(bytes);
            break;
        case Line::empty:
        case Line::delimiter: events_.structure(bytes); break;
        case Line::text: emit_text(bytes); break;
    }
    if (bytes.back() != '\n') return;
    const Line ended = std::exchange(line_, Line::undecided);
    if (ended == Line::empty && read_.kind == Kind::message) begin_part(true, false);
    if (ended != Line::delimiter) return;
    if (delimiter_->closing) {
        where_ = Where::body;
        events_.resume(delimiter_->part);
    } else {
        begin_part(false, open_.back().digest);
    }
}

// ---- Pieces

// Puts of the line that begins as much into head_ as there is and may be needed, and tries to decide it.
void PartWalk::take_head(std::string_view& piece) {
    const std::size_t room = line_head_max_bytes - head_.size();
    const std::size_t lf = piece.substr(0, room).find('\n');
    const std::size_t taken = std::min(piece.size(), lf == npos ? room : lf + 1);
    head_ += piece.substr(0, taken);
    piece.remove_prefix(taken);
    const bool complete = lf != npos || head_.size() >= line_head_max_bytes;
    // A head that comes byte by byte is looked at when it has doubled, or reading would not be linear.
    if (!complete && head_.size() < decide_at_) return;
    settle(complete);
    decide_at_ = head_.size() * 2;
}

void PartWalk::next(std::string_view piece) {
    while (!piece.empty()) {
        if (line_ == Line::undecided) {
            const bool plain = where_ == Where::body && head_.empty() && piece.front() != '-' && !mark_expected_;
            if (!plain) {
                take_head(piece);
                continue;
            }
            act(Line::text);
        }
        const std::size_t lf = piece.find('\n');
        const std::size_t taken = lf == npos ? piece.size() : lf + 1;
        emit(piece.substr(0, taken));
        piece.remove_prefix(taken);
    }
}

void PartWalk::finish() {
    settle(true);
    // A delimiter that nothing follows, not even its line end, still begins a part or an epilogue.
    if (line_ == Line::delimiter) {
        line_ = Line::undecided;
        if (delimiter_->closing) {
            where_ = Where::body;
            events_.resume(delimiter_->part);
        } else {
            begin_part(false, open_.back().digest);
        }
    }
    if (mark_held_) act(Line::text);
    while (where_ != Where::body) {
        end_header(false);
        if (read_.kind == Kind::message) begin_part(true, false);
    }
    if (cr_held_) events_.text("\r");
    begin_text();
    events_.body_end(true);
}

}  // namespace packetboat::mime
