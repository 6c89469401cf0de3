#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "dns/resolver.h"

namespace packetboat::dns {

struct Question {
    std::string name;  // as normalize_name gives it
    Type type = Type::a;
    friend bool operator==(const Question&, const Question&) = default;
};

struct QuestionHash {
    std::size_t operator()(const Question& question) const {
        return std::hash<std::string_view>{}(question.name) * 31 + static_cast<std::size_t>(question.type);
    }
};

}  // namespace packetboat::dns
