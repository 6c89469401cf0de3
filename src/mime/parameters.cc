#include "mime/parameters.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "mime/encoded_word.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

// A long value comes in many sections, each of them a parameter to the eye.
constexpr std::size_t sections_max = 10 * parameters_max;

// parameter = attribute [ "*" section ] [ "*" ] "=" value               RFC 2231 §7
struct Section {
    std::string name;
    std::optional<unsigned> number;  // nullopt: the value is whole
    bool extended = false;           // percent-encoded
    std::string value;
};

bool is_file_name(std::string_view name) { return name == "name" || name == "filename"; }

// "name*1*" into its parts. nullopt: the marks make no sense.
std::optional<Section> section_named(std::string_view attribute) {
    const std::size_t star = attribute.find('*');
    Section section{.name = lower(attribute.substr(0, star)), .number = {}, .value = {}};
    if (section.name.empty()) return std::nullopt;
    if (star == std::string_view::npos) return section;
    std::string_view marks = attribute.substr(star + 1);
    section.extended = marks.empty() || marks.ends_with('*');
    if (marks.ends_with('*')) marks.remove_suffix(1);
    if (marks.empty()) return section;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(marks.data(), marks.data() + marks.size(), number);
    if (error != std::errc{} || end != marks.data() + marks.size()) return std::nullopt;
    section.number = number;
    return section;
}

// In file names \ is an escape only before \ and DQUOTE: Windows paths come in quotes as they are.
std::string unescape_file_name(std::string_view inside) {
    std::string out;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        const bool escape = inside[i] == '\\' && i + 1 < inside.size() && (inside[i + 1] == '\\' || inside[i + 1] == '"');
        if (escape) ++i;
        if (inside[i] != '\r' && inside[i] != '\n') out += inside[i];
    }
    return out;
}

// The white space before us ends an unquoted file name only where another parameter follows: clients write "filename=my file.txt".
bool parameter_follows(HeaderLexer in) {
    in.skip_space();
    const bool word = !in.while_(is_token_char).empty();
    in.skip_space();
    return word ? in.peek() == '=' : in.at_end() || in.peek() == ';';
}

std::string unquoted_file_name(HeaderLexer& in) {
    const std::size_t begin = in.offset();
    while (!in.at_end() && in.peek() != ';') {
        if (const std::optional<EncodedWord> word = encoded_word(in.rest())) {
            in.skip(word->size);
        } else if (!is_space(in.peek())) {
            in.skip();
        } else if (parameter_follows(in)) {
            break;
        } else {
            in.skip_space();
        }
    }
    return unfold(in.slice(begin, in.offset()));
}

std::optional<std::string> value_of(HeaderLexer& in, std::string_view name) {
    in.skip_space();
    if (in.peek() == '"') {
        std::optional<std::string_view> inside = in.quoted();
        // Never closed: all the rest is meant.
        if (!inside) {
            inside = in.rest().substr(1);
            in.skip(in.rest().size());
        }
        return is_file_name(name) ? unescape_file_name(*inside) : unescape(*inside);
    }
    std::string value;
    if (is_file_name(name)) {
        value = unquoted_file_name(in);
    } else {
        // A boundary may have parentheses that nobody quoted; elsewhere they are a comment.
        const bool comments = name != "boundary";
        value = in.while_([&](char c) { return !is_space(c) && c != ';' && c != '"' && (c != '(' || !comments); });
        if (value.size() > 1 && value.front() == '\'' && value.back() == '\'') value = value.substr(1, value.size() - 2);
    }
    if (value.empty()) return std::nullopt;
    return value;
}

std::vector<Section> read_sections(HeaderLexer& in) {
    std::vector<Section> sections;
    while (!in.at_end() && sections.size() < sections_max) {
        in.skip_cfws();
        const std::string_view attribute = in.while_(is_token_char);
        if (!attribute.empty()) in.skip_cfws();
        if (!in.take('=')) {
            // Not a parameter; what separates them, or junk.
            if (attribute.empty()) in.skip();
            continue;
        }
        std::optional<Section> section = section_named(attribute);
        std::optional<std::string> value = value_of(in, section ? section->name : "");
        if (!section || !value) continue;
        section->value = std::move(*value);
        sections.push_back(std::move(*section));
    }
    return sections;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::optional<std::string> byte = text[i] == '%' && i + 2 < text.size() ? unhex(text.substr(i + 1, 2)) : std::nullopt;
        out += byte ? *byte : std::string(1, text[i]);
        if (byte) i += 2;
    }
    return out;
}

// initial-section = [charset] "'" [language] "'" value; clients leave the marks out, too.
RawParameter joined(const std::vector<const Section*>& sections) {
    std::string bytes;
    std::string_view charset;
    bool extended = false;
    for (const Section* section : sections) {
        std::string_view value = section->value;
        if (!section->extended) {
            bytes += value;
            continue;
        }
        const std::size_t first = value.find('\'');
        const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
        if (!extended && section == sections.front() && second != std::string_view::npos) {
            charset = value.substr(0, first);
            value.remove_prefix(second + 1);
        }
        extended = true;
        bytes += percent_decoded(value);
    }
    return {.name = sections.front()->name, .value = extended ? text_of(charset, bytes) : std::move(bytes), .extended = extended};
}

// Of all that was said of one name: the extended value before continuations before the plain one, and the first of several, which is the
// order of browsers and major clients (RFC 6266 §4.3 has it as well).
RawParameter value_among(std::vector<const Section*> said) {
    const auto whole = [&](bool extended) {
        const auto found = std::ranges::find_if(said, [&](const Section* s) { return !s->number && s->extended == extended; });
        return found == said.end() ? nullptr : *found;
    };
    if (const Section* extended = whole(true)) return joined({extended});
    const Section* plain = whole(false);
    std::erase_if(said, [](const Section* s) { return !s->number; });
    std::ranges::sort(said, {}, [](const Section* s) { return std::pair(*s->number, s); });  // they stand in one vector, in order
    said.erase(std::unique(said.begin(), said.end(), [](const Section* a, const Section* b) { return a->number == b->number; }),
               said.end());
    // What stands behind a gap belongs to something else.
    const auto gap = [](const Section* a, const Section* b) { return *a->number + 1 != *b->number; };
    if (const auto before = std::ranges::adjacent_find(said, gap); before != said.end()) said.erase(before + 1, said.end());
    // Sections without their beginning are worth less than a plain value.
    if (!plain || (!said.empty() && *said.front()->number <= 1)) return said.empty() ? joined({plain}) : joined(said);
    return joined({plain});
}

// A boundary is bytes, not text.
std::string decoded(RawParameter parameter) {
    if (parameter.extended || parameter.name == "boundary") return without_controls(std::move(parameter.value));
    return without_controls(decode_words(text_of(parameter.value)));
}

}  // namespace

std::vector<Parameter> read_parameters(HeaderLexer& in) {
    std::vector<Parameter> parameters;
    for (RawParameter& raw : read_raw_parameters(in)) {
        std::string name = raw.name;
        parameters.push_back({.name = std::move(name), .value = decoded(std::move(raw))});
    }
    return parameters;
}

std::vector<RawParameter> read_raw_parameters(HeaderLexer& in) {
    const std::vector<Section> sections = read_sections(in);
    std::vector<RawParameter> parameters;
    std::vector<std::vector<const Section*>> said;
    std::map<std::string_view, std::size_t> places;
    for (const Section& section : sections) {
        const auto [place, is_new] = places.try_emplace(section.name, said.size());
        if (is_new) said.emplace_back();
        said[place->second].push_back(&section);
    }
    for (const std::vector<const Section*>& one : said) {
        if (parameters.size() == parameters_max) break;
        parameters.push_back(value_among(one));
    }
    return parameters;
}

std::string_view find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
    const auto found = std::ranges::find(parameters, name, &Parameter::name);
    return found == parameters.end() ? std::string_view{} : found->value;
}

}  // namespace packetboat::mime
