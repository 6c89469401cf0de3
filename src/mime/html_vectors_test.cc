#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/text.h"
#include "mime/html_tokens.h"
#include "mime/utf8.h"

// The tokenizer tests of html5lib, where the checkout has them.
namespace packetboat::mime {
namespace {

struct Json;
using Array = std::vector<Json>;
using Object = std::map<std::string, Json>;
struct Json {
    std::variant<std::nullptr_t, bool, std::string, Array, Object> value = nullptr;

    const std::string& text() const { return std::get<std::string>(value); }
    const Array& array() const { return std::get<Array>(value); }
    const Object& object() const { return std::get<Object>(value); }
    bool is_text() const { return std::holds_alternative<std::string>(value); }
};

constexpr char32_t lone_surrogate = 0xd800;

// \uHHHH escapes as UTF-8; `lone` says that one is half a pair, which no UTF-8 text holds.
std::string unescaped(std::string_view text, bool& lone) {
    std::string out;
    const auto unit_at = [&text](std::size_t at) -> char32_t {
        if (!text.substr(at).starts_with("\\u")) return 0;
        return static_cast<char32_t>(std::strtoul(std::string(text.substr(at + 2, 4)).c_str(), nullptr, 16));
    };
    for (std::size_t at = 0; at < text.size();) {
        if (!text.substr(at).starts_with("\\u")) {
            out += text[at++];
            continue;
        }
        char32_t c = unit_at(at);
        at += 6;
        const char32_t low = unit_at(at);
        if ((c & 0xfc00) == lone_surrogate && (low & 0xfc00) == 0xdc00) {
            c = 0x1'0000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
            at += 6;
        }
        if (c >= 0xd800 && c <= 0xdfff) lone = true;
        append_utf8(out, c);
    }
    return out;
}

// Enough of JSON for these files, which are well-formed.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}
    bool lone = false;

    Json read() {
        skip();
        if (text_[at_] == '{') return {read_object()};
        if (text_[at_] == '[') return {read_array()};
        if (text_[at_] == '"') return {read_string()};
        const std::size_t begin = at_;
        while (at_ < text_.size() && (is_alnum(text_[at_]) || text_[at_] == '-' || text_[at_] == '.')) ++at_;
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (word == "true" || word == "false") return {word == "true"};
        return {};
    }

private:
    void skip() {
        while (std::string_view(" \t\r\n,:").contains(text_[at_])) ++at_;
    }
    bool closes(char c) {
        skip();
        if (text_[at_] != c) return false;
        ++at_;
        return true;
    }
    Object read_object() {
        Object out;
        for (++at_; !closes('}');) {
            const std::string key = read_string();
            out[key] = read();
        }
        return out;
    }
    Array read_array() {
        Array out;
        for (++at_; !closes(']');) out.push_back(read());
        return out;
    }
    std::string read_string() {
        std::string raw;
        for (++at_; text_[at_] != '"'; ++at_) {
            if (text_[at_] != '\\') {
                raw += text_[at_];
                continue;
            }
            constexpr std::string_view from = "nrtbf";
            constexpr std::string_view to = "\n\r\t\b\f";
            const std::size_t known = from.find(text_[++at_]);
            if (text_[at_] == 'u') {
                raw += "\\u";
            } else if (text_[at_] == '\\') {
                raw += "\\u005c";
            } else {
                raw += known == std::string_view::npos ? text_[at_] : to[known];
            }
        }
        ++at_;
        return unescaped(raw, lone);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

std::filesystem::path vectors_folder() {
    const char* given = std::getenv("PACKETBOAT_VECTORS");
    return std::filesystem::path(given != nullptr ? given : "../shared/vectors") / "html/tokenizer";
}

std::string described(const HtmlToken& token) {
    switch (token.kind) {
        case HtmlKind::text: return "text " + token.text;
        case HtmlKind::comment: return "comment " + token.text;
        case HtmlKind::doctype: return "doctype";
        case HtmlKind::end_tag: return "end " + token.text;
        case HtmlKind::start_tag: break;
    }
    std::map<std::string, std::string> sorted;
    for (const HtmlAttribute& attribute : token.attributes) sorted[attribute.name] = attribute.value;
    std::string out = "start " + token.text + (token.self_closing ? " /" : "");
    for (const auto& [name, value] : sorted) out.append(" [").append(name).append("]=[").append(value) += ']';
    return out;
}

void append_joined(std::vector<std::string>& out, const std::string& token) {
    const bool joins = !out.empty() && out.back().starts_with("text ") && token.starts_with("text ");
    if (joins) {
        out.back() += token.substr(5);
    } else {
        out.push_back(token);
    }
}

std::vector<std::string> ours(std::string_view html, HtmlContent content, const std::string& last_start_tag) {
    std::vector<std::string> out;
    HtmlTokenizer tokenizer(html, content, last_start_tag);
    for (HtmlToken token; tokenizer.next(token);) append_joined(out, described(token));
    return out;
}

std::vector<std::string> expected(const Array& tokens, bool twice, bool& lone) {
    const auto text = [&](const Json& json) { return twice ? unescaped(json.text(), lone) : json.text(); };
    std::vector<std::string> out;
    for (const Json& json : tokens) {
        const Array& parts = json.array();
        const std::string& kind = parts[0].text();
        HtmlToken token;
        if (kind == "Character") token.kind = HtmlKind::text;
        if (kind == "Comment") token.kind = HtmlKind::comment;
        if (kind == "DOCTYPE") token.kind = HtmlKind::doctype;
        if (kind == "StartTag") token.kind = HtmlKind::start_tag;
        if (kind == "EndTag") token.kind = HtmlKind::end_tag;
        if (kind != "DOCTYPE") token.text = text(parts[1]);
        if (kind == "StartTag") {
            for (const auto& [name, value] : parts[2].object()) token.attributes.push_back({name, text(value)});
            token.self_closing = parts.size() > 3;
        }
        append_joined(out, described(token));
    }
    return out;
}

constexpr std::pair<std::string_view, HtmlContent> states[] = {{"Data state", HtmlContent::data},
                                                               {"RCDATA state", HtmlContent::rcdata},
                                                               {"RAWTEXT state", HtmlContent::rawtext},
                                                               {"Script data state", HtmlContent::script},
                                                               {"PLAINTEXT state", HtmlContent::plaintext}};

struct Count {
    int run = 0;
    int without_cdata = 0;    // begin in a CDATA section, which only SVG and MathML have
    int lone_surrogates = 0;  // of the input, which UTF-8 cannot say
};

void run(const Object& test, bool lone, Count& count) {
    const bool twice = test.contains("doubleEscaped");
    const std::string input = twice ? unescaped(test.at("input").text(), lone) : test.at("input").text();
    const std::vector<std::string> wanted = expected(test.at("output").array(), twice, lone);
    if (lone) {
        ++count.lone_surrogates;
        return;
    }
    std::vector<std::string> names;
    if (!test.contains("initialStates")) names.emplace_back("Data state");
    if (test.contains("initialStates")) {
        for (const Json& name : test.at("initialStates").array()) names.push_back(name.text());
    }
    const std::string last = test.contains("lastStartTag") ? test.at("lastStartTag").text() : std::string();
    for (const std::string& name : names) {
        const auto* const state = std::ranges::find(states, name, &std::pair<std::string_view, HtmlContent>::first);
        if (state == std::end(states)) {
            ++count.without_cdata;
            continue;
        }
        EXPECT_EQ(ours(input, state->second, last), wanted)
            << test.at("description").text() << " (" << name << "): " << escape_control(input);
        ++count.run;
    }
}

TEST(HtmlVectors, the_tokenizer_agrees_with_html5lib) {
    if (!std::filesystem::exists(vectors_folder())) GTEST_SKIP() << "no html5lib tests at " << vectors_folder();
    Count count;
    for (const auto& file : std::filesystem::directory_iterator(vectors_folder())) {
        // xmlViolation.test is of a mode that turns HTML into XML, which this tokenizer does not have.
        if (file.path().extension() != ".test" || file.path().stem() == "xmlViolation") continue;
        std::ifstream stream(file.path());
        const std::string text{std::istreambuf_iterator<char>(stream), {}};
        const Json json = JsonReader(text).read();
        for (const Json& test : json.object().at("tests").array()) run(test.object(), false, count);
    }
    EXPECT_GT(count.run, 5000);
    std::printf("html5lib: %d run; left out: %d of CDATA sections, %d with lone surrogates\n", count.run, count.without_cdata,
                count.lone_surrogates);
}

}  // namespace
}  // namespace packetboat::mime
