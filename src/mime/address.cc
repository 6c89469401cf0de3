#include "mime/address.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mime/address_pieces.h"
#include "mime/encoded_word.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

using Kind = AddressPiece::Kind;

// Of one address; what is more is no address that anybody sent, and is left out.
constexpr std::size_t pieces_max = 10'000;

// Characters that end a word outside angle brackets; "." and "[" do not, for names have them.
bool ends_word(char c) { return is_space(c) || std::string_view("()<>,;:@\"").contains(c); }
bool ends_angle_word(char c) { return c != ':' && ends_word(c); }

class Reader {
public:
    enum class Depth : unsigned char { field, quoted };

    Reader(std::string_view value, Words words, Depth depth = Depth::field) : in_(value), words_(words), depth_(depth) {}

    // address-list = (address *("," address)) / obs-addr-list           RFC 5322 §3.4
    AddressList read() {
        while (!in_.at_end() && !full()) {
            white_space();
            if (!in_.at_end()) element();
        }
        finish();
        close_group();
        return std::move(list_);
    }

private:
    bool full() const { return count_ >= addresses_max; }

    // CFWS, of which comments may turn out to be a name.
    void white_space() {
        for (;;) {
            if (in_.skip_space()) apart_ = true;
            if (in_.peek() != '(') return;
            const std::optional<std::string_view> comment = in_.comment();
            if (!comment) return;
            apart_ = true;
            if (!comment_.empty()) comment_ += ' ';
            comment_ += unescape(*comment);
        }
    }

    void element() {
        switch (in_.peek()) {
            case ',':
                in_.skip();
                finish();
                break;
            case ';':  // the end of a group, and to Outlook what "," is to others
                in_.skip();
                finish();
                close_group();
                break;
            case ':':
                in_.skip();
                colon();
                break;
            case '<': angle(); break;
            case '>':
            case '(':
            case ')':  // that has no other half
                in_.skip();
                apart_ = true;
                break;
            default: word();
        }
    }

    void word() {
        const bool apart = std::exchange(apart_, false);
        const bool in_domain = !pieces_.empty() && pieces_.back().is_at();
        AddressPiece piece{.raw = {}, .apart = apart};
        if (in_.peek() == '"') {
            const std::optional<std::string_view> inside = in_.quoted();
            if (!inside) {
                in_.skip();
                apart_ = apart;
                return;
            }
            piece.kind = Kind::quoted;
            piece.raw = *inside;
        } else if (in_.peek() == '@') {
            piece.kind = Kind::at;
            piece.raw = in_.slice(in_.offset(), in_.offset() + 1);
            in_.skip();
        } else if (const std::string_view literal = in_domain ? domain_literal(in_.rest()) : ""; !literal.empty()) {
            piece.raw = literal;
            in_.skip(literal.size());
        } else if (const std::optional<EncodedWord> encoded = in_domain ? std::nullopt : encoded_word(in_.rest())) {
            // It is one word whatever is in it: mailers leave commas and brackets there.
            piece.kind = Kind::encoded_word;
            piece.raw = in_.rest().substr(0, encoded->size);
            in_.skip(encoded->size);
        } else {
            piece.raw = in_.while_([](char c) { return !ends_word(c); });
        }
        if (pieces_.size() < pieces_max) pieces_.push_back(piece);
    }

    // group = display-name ":" [group-list] ";"
    void colon() {
        apart_ = true;
        const bool is_name = !angle_ && !pieces_.empty() && std::ranges::none_of(pieces_, &AddressPiece::is_at);
        // "mailto:a@b" and "smtp:a@b" are no groups.
        const bool is_scheme =
            pieces_.size() == 1 && pieces_[0].kind == Kind::atom && (iequals(pieces_[0].raw, "mailto") || iequals(pieces_[0].raw, "smtp"));
        if (is_name && is_scheme) {
            pieces_.clear();
            return;
        }
        if (!is_name) {
            finish();
            return;
        }
        close_group();
        group_ = Group{.name = display_name(pieces_, words_), .members = {}};
        ++count_;
        start_over();
    }

    // angle-addr = [CFWS] "<" [obs-route] addr-spec ">" [CFWS]
    void angle() {
        if (angle_) second_angle();
        const std::size_t begin = in_.offset();
        in_.while_([](char c) { return c == '<'; });
        std::string route = source_route();
        const std::vector<AddressPiece> pieces = angle_pieces();
        in_.take('>');
        angle_ = angle_mailbox(pieces, words_);
        angle_->route = std::move(route);
        angle_text_ = in_.slice(begin, in_.offset());
        angle_at_ = pieces_.size();
        apart_ = true;
    }

    std::vector<AddressPiece> angle_pieces() {
        std::vector<AddressPiece> pieces;
        while (!in_.at_end()) {
            const bool apart = in_.skip_cfws();
            const bool after_at = !pieces.empty() && pieces.back().is_at();
            AddressPiece piece{.raw = {}, .apart = apart};
            if (in_.peek() == '"') {
                const std::optional<std::string_view> inside = in_.quoted();
                if (!inside) {
                    in_.skip();
                    continue;
                }
                piece.kind = Kind::quoted;
                piece.raw = *inside;
            } else if (in_.peek() == '@') {
                piece.kind = Kind::at;
                piece.raw = in_.slice(in_.offset(), in_.offset() + 1);
                in_.skip();
            } else if (const std::string_view literal = after_at ? domain_literal(in_.rest()) : ""; !literal.empty()) {
                piece.raw = literal;
                in_.skip(literal.size());
            } else {
                piece.raw = in_.while_([](char c) { return !ends_angle_word(c); });
                if (piece.raw.empty() && (in_.peek() == '(' || in_.peek() == ')')) {
                    in_.skip();
                    continue;
                }
                if (piece.raw.empty()) break;
            }
            if (pieces.size() < pieces_max) pieces.push_back(piece);
        }
        drop_scheme(pieces);
        return pieces;
    }

    // "<mailto:a@b.example?subject=x>"
    static void drop_scheme(std::vector<AddressPiece>& pieces) {
        constexpr std::string_view scheme = "mailto:";
        if (pieces.empty() || pieces[0].kind != Kind::atom || !iequals(pieces[0].raw.substr(0, scheme.size()), scheme)) return;
        pieces[0].raw.remove_prefix(scheme.size());
        pieces.back().raw = pieces.back().raw.substr(0, pieces.back().raw.find('?'));
    }

    // obs-route = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":"      RFC 5322 §4.4
    // Nothing is taken when there is no ":" at its end.
    std::string source_route() {
        const std::size_t begin = in_.offset();
        in_.skip_cfws();
        std::string route;
        if (in_.peek() == '@') {
            while (!in_.at_end() && in_.peek() != ':') {
                if (in_.skip_cfws()) continue;
                if (const std::string_view literal = route.ends_with('@') ? domain_literal(in_.rest()) : ""; !literal.empty()) {
                    std::ranges::remove_copy_if(literal, std::back_inserter(route), is_space);
                    in_.skip(literal.size());
                    continue;
                }
                const std::string_view part = in_.while_([](char c) { return c == ',' || c == '@' || !ends_word(c); });
                if (part.empty()) break;
                route += part;
            }
            if (in_.take(':')) return field_text(std::move(route), words_);
        }
        in_.go_to(begin);
        return {};
    }

    // "John <Doe> <a@b>": the first was no address. "a <a@b> c <c@d>": a comma is missing.
    void second_angle() {
        if (!angle_->domain.empty()) {
            emit_angle(AddressPieces(pieces_).first(angle_at_));
            pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(angle_at_));
        } else {
            const AddressPiece text{.kind = Kind::atom, .raw = angle_text_, .apart = true};
            pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(angle_at_), text);
        }
        angle_.reset();
    }

    // What stands before a separator becomes an address, or several.
    void finish() {
        const AddressPieces pieces(pieces_);
        if (!angle_) {
            if (!from_quotes()) emit_bare(pieces);
        } else if (std::ranges::any_of(pieces.subspan(angle_at_), &AddressPiece::is_at)) {
            emit_angle(pieces.first(angle_at_));
            emit_bare(pieces.subspan(angle_at_));
        } else {
            emit_angle(pieces);
        }
        start_over();
    }
    void start_over() {
        pieces_.clear();
        comment_.clear();
        angle_.reset();
        apart_ = false;
    }

    // Some clients put quotes around what they do not know how to quote: "a@b.example, c@d.example" and nothing else.
    bool from_quotes() {
        if (depth_ == Depth::quoted || pieces_.size() != 1 || pieces_[0].kind != Kind::quoted || !pieces_[0].raw.contains('@'))
            return false;
        const std::string inside = pieces_[0].text();
        for (Mailbox& mailbox : mailboxes(Reader(inside, words_, Depth::quoted).read())) emit(std::move(mailbox));
        return true;
    }

    void emit_angle(AddressPieces name) {
        Mailbox mailbox = std::move(*angle_);
        mailbox.name = display_name(name, words_);
        emit_with_comment(std::move(mailbox));
    }
    void emit_bare(AddressPieces pieces) {
        std::vector<Mailbox> found = bare_mailboxes(pieces, words_);
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (i + 1 == found.size()) {
                emit_with_comment(std::move(found[i]));
            } else {
                emit(std::move(found[i]));
            }
        }
    }
    // "a@b (John Doe)": the old way to say a name.
    void emit_with_comment(Mailbox mailbox) {
        if (mailbox.name.empty()) {
            std::string comment = std::exchange(comment_, {});
            mailbox.name = words_ == Words::raw ? field_text(std::move(comment), words_) : without_controls(decode_words(text_of(comment)));
        }
        emit(std::move(mailbox));
    }
    void emit(Mailbox mailbox) {
        if (full() || mailbox == Mailbox{.name = {}, .route = mailbox.route, .local = {}, .domain = {}}) return;
        ++count_;
        if (group_) {
            group_->members.push_back(std::move(mailbox));
        } else {
            list_.emplace_back(std::move(mailbox));
        }
    }
    void close_group() {
        if (group_) list_.emplace_back(std::move(*group_));
        group_.reset();
    }

    HeaderLexer in_;
    Words words_;
    Depth depth_;
    AddressList list_;
    std::optional<Group> group_;
    std::size_t count_ = 0;

    // Of the address that is being read:
    std::vector<AddressPiece> pieces_;
    std::string comment_;
    std::optional<Mailbox> angle_;
    std::string_view angle_text_;
    std::size_t angle_at_ = 0;  // how many pieces were before it
    bool apart_ = false;
};

}  // namespace

AddressList addresses(std::string_view value) { return addresses(value, Words::decoded); }

AddressList addresses(std::string_view value, Words words) { return Reader(value, words).read(); }

std::vector<Mailbox> mailboxes(const AddressList& list) {
    std::vector<Mailbox> all;
    for (const Address& address : list) {
        if (const Mailbox* mailbox = std::get_if<Mailbox>(&address)) {
            all.push_back(*mailbox);
        } else {
            std::ranges::copy(std::get<Group>(address).members, std::back_inserter(all));
        }
    }
    return all;
}

}  // namespace packetboat::mime
