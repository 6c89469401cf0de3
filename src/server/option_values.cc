#include <algorithm>

#include "base/text.h"
#include "server/options.h"
#include "server/values.h"

// Option values to and from texts.
namespace packetboat::server {

namespace {

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (const std::string_view part = trim(text.substr(0, end)); !part.empty()) parts.emplace_back(part);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

Result<> in_range(std::uint64_t value, std::uint64_t min, std::uint64_t max, std::string (*format)(std::uint64_t)) {
    if (value >= min && value <= max) return {};
    if (max == UINT64_MAX) return fail(ErrorCode::invalid, "must be at least " + format(min));
    return fail(ErrorCode::invalid, "must be from " + format(min) + " to " + format(max));
}

// One text of a list to a value, or what would have been right.
Result<Endpoint> parse_item(std::string_view text, const Endpoint*) {
    if (const std::optional<Endpoint> endpoint = parse_endpoint(text)) return *endpoint;
    return fail(ErrorCode::invalid,
                "not an address with a port: \"" + std::string(text) + "\" (try \"*:25\", \"192.0.2.1:25\" or \"[::]:25\")");
}
Result<IpAddress> parse_item(std::string_view text, const IpAddress*) {
    if (const std::optional<IpAddress> address = IpAddress::parse(text)) return *address;
    return fail(ErrorCode::invalid, "not an address: \"" + std::string(text) + "\" (try \"192.0.2.1\" or \"2001:db8::1\")");
}
Result<std::chrono::seconds> parse_item(std::string_view text, const std::chrono::seconds*) {
    const std::optional<std::chrono::seconds> time = parse_duration(text);
    if (time && *time >= std::chrono::seconds(1) && *time <= std::chrono::days(30)) return *time;
    return fail(ErrorCode::invalid, "not a time from 1 s to 30 d: \"" + std::string(text) + "\" (try \"90 s\", \"5 m\" or \"2 h\")");
}

template <class Item>
Result<> set_items(std::vector<Item>& items, const std::vector<std::string>& list) {
    std::vector<Item> parsed;
    for (const std::string& text : list) {
        const Result<Item> item = parse_item(text, static_cast<const Item*>(nullptr));
        if (!item) return fail(item.error());
        parsed.push_back(*item);
    }
    items = std::move(parsed);
    return {};
}
Result<> set_times(std::vector<std::chrono::seconds>& times, const std::vector<std::string>& list) {
    constexpr std::size_t times_max = 32;
    if (list.empty() || list.size() > times_max) return fail(ErrorCode::invalid, "must be a list of 1 to 32 times");
    return set_items(times, list);
}

std::string item_text(const Endpoint& endpoint) { return endpoint.text(); }
std::string item_text(const IpAddress& address) { return address.text(); }
std::string item_text(const std::chrono::seconds& time) { return format_duration(time); }

template <class Item>
std::string items_text(const std::vector<Item>& items) {
    std::string text;
    for (const Item& item : items) text += (text.empty() ? "" : ", ") + item_text(item);
    return text;
}

Result<> set_choice(Configuration& configuration, const ChoiceField& field, std::string_view text) {
    const std::vector<std::string> words = split(field.words, ' ');
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end()) return fail(ErrorCode::invalid, "must be one of: " + std::string(field.words));
    field.set(configuration, static_cast<std::size_t>(found - words.begin()));
    return {};
}

}  // namespace

Result<> set_option(Configuration& configuration, const Option& option, std::string_view text) {
    const auto count = [&](const CountField& field) -> Result<> {
        const std::optional<std::uint64_t> value = parse_u64(text);
        if (!value) return fail(ErrorCode::invalid, "must be a whole number");
        field.at(configuration) = *value;
        return in_range(*value, field.min, field.max, +[](std::uint64_t n) { return std::to_string(n); });
    };
    const auto size = [&](const SizeField& field) -> Result<> {
        const std::optional<std::uint64_t> value = parse_size(text);
        if (!value) return fail(ErrorCode::invalid, "must be a size such as \"64 KiB\", \"50 MiB\" or \"2 GiB\"");
        field.at(configuration) = *value;
        return in_range(*value, field.min, field.max, format_size);
    };
    const auto duration = [&](const DurationField& field) -> Result<> {
        const std::optional<std::chrono::seconds> value = parse_duration(text);
        if (!value) return fail(ErrorCode::invalid, "must be a time such as \"90 s\", \"5 m\" or \"2 h\"");
        field.at(configuration) = *value;
        if (*value >= field.min && *value <= field.max) return {};
        return fail(ErrorCode::invalid, "must be from " + format_duration(field.min) + " to " + format_duration(field.max));
    };
    const auto flag = [&](FlagField field) -> Result<> {
        if (text != "true" && text != "false") return fail(ErrorCode::invalid, "must be true or false");
        field(configuration) = text == "true";
        return {};
    };
    return std::visit(Overloaded{
                          [&](TextField field) -> Result<> {
                              field(configuration) = text;
                              return {};
                          },
                          [&](PathField field) -> Result<> {
                              field(configuration) = text;
                              return {};
                          },
                          flag,
                          count,
                          size,
                          duration,
                          [&](DurationsField field) { return set_times(field(configuration), split(text, ',')); },
                          [&](AddressesField field) { return set_items(field(configuration), split(text, ',')); },
                          [&](EndpointsField field) { return set_items(field(configuration), split(text, ',')); },
                          [&](const ChoiceField& field) { return set_choice(configuration, field, text); },
                      },
                      option.field);
}

Result<> set_option(Configuration& configuration, const Option& option, const std::vector<std::string>& list) {
    if (const auto* field = std::get_if<EndpointsField>(&option.field)) return set_items((*field)(configuration), list);
    if (const auto* field = std::get_if<AddressesField>(&option.field)) return set_items((*field)(configuration), list);
    if (const auto* field = std::get_if<DurationsField>(&option.field)) return set_times((*field)(configuration), list);
    return fail(ErrorCode::invalid, "takes one value, not a list");
}

bool is_list(const Option& option) {
    return std::holds_alternative<EndpointsField>(option.field) || std::holds_alternative<AddressesField>(option.field) ||
           std::holds_alternative<DurationsField>(option.field);
}

std::string option_text(const Configuration& configuration, const Option& option) {
    // The fields answer references to change; here nothing is changed.
    auto& c = const_cast<Configuration&>(configuration);
    return std::visit(Overloaded{
                          [&](TextField field) { return field(c); },
                          [&](PathField field) { return field(c).string(); },
                          [&](FlagField field) { return std::string(field(c) ? "true" : "false"); },
                          [&](const CountField& field) { return std::to_string(field.at(c)); },
                          [&](const SizeField& field) { return format_size(field.at(c)); },
                          [&](const DurationField& field) { return format_duration(field.at(c)); },
                          [&](DurationsField field) { return items_text(field(c)); },
                          [&](AddressesField field) { return items_text(field(c)); },
                          [&](EndpointsField field) { return items_text(field(c)); },
                          [&](const ChoiceField& field) { return split(field.words, ' ')[field.get(c)]; },
                      },
                      option.field);
}

std::string toml_value(const Option& option, std::string_view text) {
    if (std::holds_alternative<FlagField>(option.field) || std::holds_alternative<CountField>(option.field)) return std::string(text);
    if (!is_list(option)) return "\"" + std::string(text) + "\"";
    std::string list = "[";
    for (const std::string& part : split(text, ',')) list += (list.size() > 1 ? ", \"" : "\"") + part + "\"";
    return list + "]";
}

}  // namespace packetboat::server
