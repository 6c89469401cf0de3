#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace packetboat::mime::testing {

// A JSON value as vector files have it; numbers are text. Reads well-formed files only: what is wrong with one throws.
class Json {
public:
    static Json parse(std::string_view text);

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    bool is_text() const { return std::holds_alternative<std::string>(value_); }
    // Empty when it is something else.
    std::string text() const { return is_text() ? std::get<std::string>(value_) : std::string(); }
    int number() const { return std::stoi(text()); }
    bool is_true() const { return text() == "true"; }
    const std::vector<Json>& items() const;
    const Json& operator[](std::string_view key) const;
    const Json& operator[](std::size_t index) const { return items().at(index); }

private:
    friend class JsonReader;
    using Object = std::vector<std::pair<std::string, Json>>;
    std::variant<std::monostate, std::string, std::vector<Json>, Object> value_;
};

// A file of the collected test vectors: below $PACKETBOAT_VECTORS, else ../shared/vectors. nullopt: they are not here.
std::optional<std::string> vector_file(std::string_view path);

}  // namespace packetboat::mime::testing
