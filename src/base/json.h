#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat {

// Writes a JSON text into a string, commas and quotes by itself (RFC 8259). Bytes that are not UTF-8 become U+FFFD.
//   JsonWriter json; json.object().key("a").value(1).key("b").array().value("x").end().end();
class JsonWriter {
public:
    JsonWriter& object() { return open('{', '}'); }
    JsonWriter& array() { return open('[', ']'); }
    JsonWriter& end();
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    template <std::same_as<bool> B>
    JsonWriter& value(B flag) {
        return raw(flag ? "true" : "false");
    }
    template <std::integral N>
        requires(!std::same_as<N, bool>)
    JsonWriter& value(N number) {
        return raw(std::to_string(number));
    }
    JsonWriter& value(double number);
    JsonWriter& null() { return raw("null"); }
    // A JSON text that is complete already.
    JsonWriter& raw(std::string_view json);

    template <class V>
    JsonWriter& field(std::string_view name, const V& v) {
        return key(name).value(v);
    }

    const std::string& text() const { return out_; }
    std::string take() { return std::move(out_); }

private:
    JsonWriter& open(char first, char last);
    void separate();
    std::string out_;
    std::string open_;  // the closing brackets that are due, innermost last
    bool first_ = true;
    bool after_key_ = false;
};

// `text` as a JSON string, with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace packetboat
