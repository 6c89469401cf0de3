#include "mime/testing/vectors.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/text.h"
#include "mime/utf8.h"

namespace packetboat::mime::testing {

class JsonReader {
public:
    explicit JsonReader(std::string_view text) : rest_(text) {}

    Json value() {
        Json json;
        switch (peek()) {
            case '{': json.value_ = object(); break;
            case '[': json.value_ = array(); break;
            case '"': json.value_ = string(); break;
            default: {
                const std::string word = bare();
                if (word != "null") json.value_ = word;
            }
        }
        return json;
    }

private:
    char peek() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
        if (rest_.empty()) throw std::runtime_error("JSON ends early");
        return rest_.front();
    }
    bool take(char c) {
        if (peek() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!take(c)) throw std::runtime_error("JSON is malformed at " + std::string(rest_.substr(0, 20)));
    }
    Json::Object object() {
        Json::Object members;
        expect('{');
        while (!take('}')) {
            peek();
            std::string key = string();
            expect(':');
            members.emplace_back(std::move(key), value());
            take(',');
        }
        return members;
    }
    std::vector<Json> array() {
        std::vector<Json> items;
        expect('[');
        while (!take(']')) {
            items.push_back(value());
            take(',');
        }
        return items;
    }
    std::string bare() {
        const std::size_t end = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
        std::string word(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return word;
    }
    std::string string() {
        expect('"');
        std::string out;
        while (next() != '"') {
            const char c = take_one();
            if (c != '\\') {
                out += c;
                continue;
            }
            escape(out);
        }
        rest_.remove_prefix(1);
        return out;
    }
    void escape(std::string& out) {
        const char c = take_one();
        constexpr std::string_view names = "bfnrt";
        constexpr std::string_view meanings = "\b\f\n\r\t";
        if (c == 'u') {
            char32_t unit = hex4();
            if (unit >= 0xd800 && unit < 0xdc00) {
                rest_.remove_prefix(2);
                unit = 0x1'0000 + ((unit & 0x3ff) << 10) + (hex4() & 0x3ff);
            }
            append_utf8(out, unit);
        } else {
            const std::size_t at = names.find(c);
            out += at == std::string_view::npos ? c : meanings[at];
        }
    }
    char32_t hex4() {
        const auto unit = static_cast<char32_t>(std::stoul(std::string(rest_.substr(0, 4)), nullptr, 16));
        rest_.remove_prefix(4);
        return unit;
    }
    char next() const {
        if (rest_.empty()) throw std::runtime_error("JSON ends in a string");
        return rest_.front();
    }
    char take_one() {
        const char c = next();
        rest_.remove_prefix(1);
        return c;
    }

    std::string_view rest_;
};

Json Json::parse(std::string_view text) { return JsonReader(text).value(); }

const std::vector<Json>& Json::items() const {
    static const std::vector<Json> none;
    const auto* items = std::get_if<std::vector<Json>>(&value_);
    return items ? *items : none;
}

const Json& Json::operator[](std::string_view key) const {
    static const Json null;
    const Object* members = std::get_if<Object>(&value_);
    if (!members) return null;
    const auto found = std::ranges::find(*members, key, [](const auto& member) { return std::string_view(member.first); });
    return found == members->end() ? null : found->second;
}

std::optional<std::string> vector_file(std::string_view path) {
    const char* given = std::getenv("PACKETBOAT_VECTORS");
    std::ifstream in(std::string(given ? given : "../shared/vectors") + "/" + std::string(path), std::ios::binary);
    if (!in) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace packetboat::mime::testing
