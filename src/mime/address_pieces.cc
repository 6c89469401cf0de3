#include "mime/address_pieces.h"

#include <algorithm>
#include <utility>

#include "mime/text.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t domain_literal_max_bytes = 255;

using Kind = AddressPiece::Kind;

// obs-local-part and obs-domain allow white space around a dot (RFC 5322 §4.4).
bool belong_together(const AddressPiece& left, const AddressPiece& right) {
    return !right.apart || right.raw.starts_with('.') || left.raw == ".";
}

std::string joined(AddressPieces pieces, Words words) {
    std::string out;
    for (const AddressPiece& piece : pieces) {
        // White space that is neither at a dot nor at an "@" is part of a local part that somebody forgot to quote.
        const bool divides = &piece != pieces.data() && !piece.is_at() && !(&piece - 1)->is_at() && !(&piece - 1)->raw.ends_with('.') &&
                             !belong_together(*(&piece - 1), piece);
        if (divides) out += ' ';
        out += piece.text();
    }
    return field_text(std::move(out), words);
}

std::string domain_of(AddressPieces pieces, Words words) {
    std::string out;
    for (const AddressPiece& piece : pieces) out += piece.raw;
    std::erase_if(out, is_space);
    return field_text(std::move(out), words);
}

// Outlook writes 'a@b.example' where an address stands for a name as well.
void drop_apostrophes(Mailbox& mailbox) {
    if (mailbox.local.size() < 2 || mailbox.domain.size() < 2 || mailbox.local.front() != '\'' || mailbox.domain.back() != '\'') return;
    mailbox.local.erase(0, 1);
    mailbox.domain.pop_back();
}

Mailbox mailbox_of(AddressPieces local, AddressPieces domain, Words words) {
    Mailbox mailbox{.name = {}, .route = {}, .local = joined(local, words), .domain = domain_of(domain, words)};
    if (!local.empty() && local.front().kind == Kind::atom) drop_apostrophes(mailbox);
    return mailbox;
}

// Where an addr-spec is among pieces: [begin, at) is the local part, (at, end) the domain.
struct Place {
    std::size_t begin = 0;
    std::size_t at = 0;
    std::size_t end = 0;
};

// The place around the first "@" from `from` on; at == size: there is none.
Place next_place(AddressPieces pieces, std::size_t from) {
    Place place{.begin = from, .at = from, .end = pieces.size()};
    while (place.at < pieces.size() && !pieces[place.at].is_at()) ++place.at;
    if (place.at == pieces.size()) return place;
    place.begin = place.at;
    while (place.begin > from && (pieces[place.begin].is_at() || belong_together(pieces[place.begin - 1], pieces[place.begin])))
        --place.begin;
    std::size_t i = place.at + 1;
    for (; i < pieces.size(); ++i) {
        const AddressPiece& piece = pieces[i];
        if (piece.is_at()) {
            if (piece.apart) break;
            place.at = i;
        } else if (piece.kind != Kind::atom || !(pieces[i - 1].is_at() || belong_together(pieces[i - 1], piece))) {
            break;
        }
    }
    place.end = i;
    return place;
}

}  // namespace

std::string AddressPiece::text() const { return kind == Kind::quoted ? unescape(raw) : unfold(raw); }

// domain-literal = "[" *([FWS] dtext) [FWS] "]"
std::string_view domain_literal(std::string_view text) {
    if (!text.starts_with('[')) return {};
    for (std::size_t i = 1; i < std::min(text.size(), domain_literal_max_bytes); ++i) {
        if (text[i] == ']') return text.substr(0, i + 1);
        if (std::string_view("<>,;\"()@[\\").contains(text[i])) return {};
    }
    return {};
}

std::string display_name(AddressPieces pieces, Words words) {
    std::string raw;
    for (const AddressPiece& piece : pieces) {
        if (piece.apart && &piece != pieces.data()) raw += ' ';
        raw += piece.text();
    }
    if (words == Words::raw) return field_text(std::move(raw), words);
    return without_controls(decode_words(text_of(raw)));
}

std::vector<Mailbox> bare_mailboxes(AddressPieces pieces, Words words) {
    std::vector<Mailbox> found;
    std::size_t done = 0;
    for (Place place = next_place(pieces, 0); place.at < pieces.size(); place = next_place(pieces, done)) {
        Mailbox mailbox =
            mailbox_of(pieces.subspan(place.begin, place.at - place.begin), pieces.subspan(place.at + 1, place.end - place.at - 1), words);
        mailbox.name = display_name(pieces.subspan(done, place.begin - done), words);
        found.push_back(std::move(mailbox));
        done = place.end;
        if (found.size() == addresses_max) return found;
    }
    const AddressPieces rest = pieces.subspan(done);
    if (rest.empty()) return found;
    if (!found.empty()) {
        std::string& name = found.back().name;
        name += (name.empty() ? "" : " ") + display_name(rest, words);
    } else if (rest.size() == 1 && rest[0].kind == Kind::atom) {
        found.push_back(mailbox_of(rest, {}, words));
    } else {
        found.push_back({.name = display_name(rest, words), .route = {}, .local = {}, .domain = {}});
    }
    return found;
}

Mailbox angle_mailbox(AddressPieces pieces, Words words) {
    std::size_t at = pieces.size();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i].is_at()) at = i;
    }
    if (at == pieces.size()) return mailbox_of(pieces, {}, words);
    // What is no domain ends it.
    std::size_t end = at + 1;
    while (end < pieces.size() && pieces[end].kind != Kind::quoted &&
           (end == at + 1 || belong_together(pieces[end - 1], pieces[end]) || pieces[end - 1].raw.ends_with('.')))
        ++end;
    return mailbox_of(pieces.first(at), pieces.subspan(at + 1, end - at - 1), words);
}

}  // namespace packetboat::mime
