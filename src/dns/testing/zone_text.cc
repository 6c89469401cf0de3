#include "dns/testing/zone_text.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/text.h"
#include "dns/records.h"

namespace packetboat::dns::testing {

namespace {

struct Word {
    std::string text;
    bool quoted = false;
};

[[noreturn]] void wrong(const std::string& what) { throw std::invalid_argument(what); }

Word take_quoted(std::string_view& rest) {
    Word word{{}, true};
    for (rest.remove_prefix(1); !rest.empty() && rest.front() != '"'; rest.remove_prefix(1)) {
        if (rest.front() == '\\') rest.remove_prefix(1);
        if (rest.empty()) break;
        word.text += rest.front();
    }
    if (rest.empty()) wrong("a quote is not closed");
    rest.remove_prefix(1);
    return word;
}

std::vector<Word> split(std::string_view line) {
    std::vector<Word> words;
    for (line = trim(line); !line.empty(); line = trim(line)) {
        if (line.front() == ';' || line.front() == '#') break;
        if (line.front() == '"') {
            words.push_back(take_quoted(line));
            continue;
        }
        const std::size_t end = std::min(line.find_first_of(" \t\";"), line.size());
        words.push_back({std::string(line.substr(0, end))});
        line.remove_prefix(end);
    }
    return words;
}

template <class T>
T number(const std::string& text) {
    const std::optional<std::uint64_t> value = parse_u64(text);
    if (!value || *value > std::numeric_limits<T>::max()) wrong("'" + text + "' is not a number, or too large");
    return static_cast<T>(*value);
}

std::string name(const std::string& text) {
    std::optional<std::string> name = normalize_name(text);
    if (!name) wrong("'" + text + "' is not a name");
    return std::move(*name);
}

IpAddress address(const std::string& text, bool v4) {
    const std::optional<IpAddress> address = IpAddress::parse(text);
    if (!address || (text.find(':') == std::string::npos) != v4) wrong("'" + text + "' is not an address of this type");
    return *address;
}

std::string bytes(const std::string& text) {
    std::optional<std::string> bytes = unhex(text);
    if (!bytes || bytes->empty()) wrong("'" + text + "' is not hex");
    return std::move(*bytes);
}

std::string joined(const std::vector<Word>& words) {
    std::string text;
    for (const Word& word : words) text += word.text;
    return text;
}

void need(const std::vector<Word>& data, std::size_t count) {
    if (data.size() != count) wrong("the record needs " + std::to_string(count) + " words of data");
}

void add(Answer& answer, Type type, const std::vector<Word>& data) {
    const auto word = [&](std::size_t i) -> const std::string& { return data[i].text; };
    switch (type) {
        case Type::a:
        case Type::aaaa:
            need(data, 1);
            answer.addresses.push_back(address(word(0), type == Type::a));
            return;
        case Type::mx:
            need(data, 2);
            answer.mx.push_back({number<std::uint16_t>(word(0)), name(word(1))});
            return;
        case Type::txt:
            if (data.empty() || std::ranges::any_of(data, [](const Word& each) { return !each.quoted; })) wrong("TXT needs text in quotes");
            answer.texts.push_back(joined(data));
            return;
        case Type::ptr:
        case Type::cname:
            need(data, 1);
            answer.names.push_back(name(word(0)));
            return;
        case Type::srv:
            need(data, 4);
            answer.srv.push_back(
                {number<std::uint16_t>(word(0)), number<std::uint16_t>(word(1)), number<std::uint16_t>(word(2)), name(word(3))});
            return;
        case Type::tlsa:
            need(data, 4);
            answer.tlsa.push_back(
                {number<std::uint8_t>(word(0)), number<std::uint8_t>(word(1)), number<std::uint8_t>(word(2)), bytes(word(3))});
            return;
    }
}

constexpr std::array all_types{Type::a, Type::cname, Type::ptr, Type::mx, Type::txt, Type::aaaa, Type::srv, Type::tlsa};

// nullopt: ANY.
std::optional<Type> type_of(const std::string& word) {
    if (word == "ANY") return std::nullopt;
    const auto* const type = std::ranges::find_if(all_types, [&](Type each) { return to_string(each) == word; });
    if (type == all_types.end()) wrong("'" + word + "' is not a record type");
    return *type;
}

class Parser {
public:
    void line(std::string_view text) {
        const std::vector<Word> words = split(text);
        if (words.empty()) return;
        if (words[0].text.starts_with('$')) return directive(words);
        if (words.size() < 3) wrong("a line has a name, a type and data");
        const std::string owner = name(words[0].text);
        const std::optional<Type> type = type_of(words[1].text);
        record(add_node(owner), owner, type, {words.begin() + 2, words.end()});
    }
    ZoneText finish() {
        zone_.ttl = ttl_;
        for (const auto& [owner, node] : zone_.nodes) {
            if (node.sets.contains(Type::cname) && node.sets.size() > 1) wrong(owner + " has a CNAME and other records");
        }
        return std::move(zone_);
    }

private:
    void directive(const std::vector<Word>& words) {
        if (words.size() != 2) wrong("'" + words[0].text + "' needs one word");
        if (words[0].text == "$ttl") {
            ttl_ = std::chrono::seconds(number<std::uint32_t>(words[1].text));
        } else if (words[0].text == "$secure" || words[0].text == "$insecure") {
            zone_.secure[name(words[1].text)] = words[0].text == "$secure";
        } else {
            wrong("'" + words[0].text + "' is unknown");
        }
    }

    ZoneText::Node& add_node(const std::string& owner) {
        for (std::optional<std::string_view> above = parent(owner); above; above = parent(*above))
            zone_.nodes.try_emplace(std::string(*above));
        return zone_.nodes[owner];
    }

    void record(ZoneText::Node& node, const std::string& owner, std::optional<Type> type, std::vector<Word> data) {
        if (data[0].text.starts_with('!') && !data[0].quoted) return failure(node, owner, type, data);
        if (!type) wrong("ANY is for !failed and !bogus");
        std::chrono::seconds ttl = ttl_;
        bool secure = false;
        for (; !data.empty() && !data.back().quoted; data.pop_back()) {
            const std::string& word = data.back().text;
            if (word == "secure") {
                secure = true;
            } else if (word.starts_with("ttl=")) {
                ttl = std::chrono::seconds(number<std::uint32_t>(word.substr(4)));
            } else {
                break;
            }
        }
        const auto [place, first] = node.sets.try_emplace(*type);
        RecordSet& set = place->second;
        if (!first && set.answer.outcome != Outcome::found) wrong(owner + " fails, and has records");
        if (!first && *type == Type::cname) wrong(owner + " has two CNAMEs");
        set.answer.outcome = Outcome::found;
        set.answer.ttl = first ? ttl : std::min(ttl, set.answer.ttl);
        set.secure &= secure;
        add(set.answer, *type, data);
    }

    static void failure(ZoneText::Node& node, const std::string& owner, std::optional<Type> type, const std::vector<Word>& data) {
        const bool bogus = data[0].text == "!bogus";
        if (!bogus && data[0].text != "!failed") wrong("'" + data[0].text + "' is neither !failed nor !bogus");
        RecordSet set;
        set.answer.outcome = bogus ? Outcome::bogus : Outcome::failed;
        set.answer.ttl = std::chrono::seconds(5);
        for (std::size_t i = 1; i < data.size(); ++i) set.answer.why += (i > 1 ? " " : "") + data[i].text;
        if (set.answer.why.empty())
            set.answer.why = bogus ? "DNSSEC: the signature of " + owner + " is wrong" : "no name server of " + owner + " answers";
        if (!type) {
            node.any = std::move(set);
        } else if (!node.sets.try_emplace(*type, std::move(set)).second) {
            wrong(owner + " fails, and has records");
        }
    }

    ZoneText zone_;
    std::chrono::seconds ttl_{3600};
};

}  // namespace

bool ZoneText::is_secure(std::string_view name) const {
    for (std::optional<std::string_view> at = name; at; at = parent(*at)) {
        if (const auto found = secure.find(*at); found != secure.end()) return found->second;
    }
    return false;
}

ZoneText parse_zone(std::string_view text) {
    Parser parser;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        try {
            parser.line(text.substr(0, end));
        } catch (const std::invalid_argument& error) {
            throw std::invalid_argument("line " + std::to_string(number) + ": " + error.what());
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parser.finish();
}

std::optional<std::string_view> parent(std::string_view name) {
    if (name.empty()) return std::nullopt;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '\\') {
            ++i;
        } else if (name[i] == '.') {
            return name.substr(i + 1);
        }
    }
    return "";
}

}  // namespace packetboat::dns::testing
