#include "server/configuration.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "base/text.h"
#include "server/options.h"

namespace packetboat::server {

namespace {

// "packetboat.toml:12: smtp.message_max: must be …"
Unexpected at(std::string_view file, const toml::node& node, std::string_view key, std::string_view what) {
    const ConfigurationSource source{.file = std::string(file), .lines = {{std::string(key), node.source().begin.line}}};
    return fail(ErrorCode::invalid, mistake_text(source, key, what));
}

const Option* find_option(std::string_view key) {
    const auto all = options();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Option& option) { return option.key == key; });
    return found == all.end() ? nullptr : &*found;
}

std::string_view section_of(std::string_view key) { return key.substr(0, key.find('.')); }

bool is_section(std::string_view name) {
    return std::ranges::any_of(options(), [&](const Option& option) { return section_of(option.key) == name; });
}

std::string_view nearest_section(std::string_view name) {
    const auto nearest =
        std::ranges::min_element(options(), {}, [&](const Option& option) { return edit_distance(name, section_of(option.key)); });
    return section_of(nearest->key);
}

// The known key that looks most like this one, with its section or without.
std::string_view nearest_key(std::string_view key) {
    std::string_view nearest;
    std::size_t distance = std::numeric_limits<std::size_t>::max();
    for (const Option& option : options()) {
        const std::string_view name = option.key.substr(option.key.find('.') + 1);
        const std::size_t there = std::min(edit_distance(key, option.key), edit_distance(key, name));
        if (there < distance) {
            distance = there;
            nearest = option.key;
        }
    }
    return nearest;
}

std::string_view list_example(const Option& option) { return option.default_text.empty() ? "192.0.2.1:53" : option.default_text; }

Result<> set_from_node(Configuration& configuration, const Option& option, const toml::node& node) {
    if (const auto* list = node.as_array()) {
        std::vector<std::string> texts;
        for (const toml::node& item : *list) {
            const std::optional<std::string> text = item.value_exact<std::string>();
            if (!text) return fail(ErrorCode::invalid, "must be a list of texts in quotes");
            texts.push_back(*text);
        }
        return set_option(configuration, option, texts);
    }
    if (is_list(option)) return fail(ErrorCode::invalid, "must be a list such as " + toml_value(option, list_example(option)) + ", or []");
    if (const auto text = node.value_exact<std::string>()) return set_option(configuration, option, *text);
    if (const auto flag = node.value_exact<bool>()) return set_option(configuration, option, *flag ? "true" : "false");
    if (const auto number = node.value_exact<std::int64_t>(); number && *number >= 0)
        return set_option(configuration, option, std::to_string(*number));
    return fail(ErrorCode::invalid, "must be a text, a whole number, true or false");
}

Result<> read_section(Configuration& configuration, std::string_view file, std::string_view section, const toml::table& table) {
    for (const auto& [name, node] : table) {
        const std::string key = std::string(section) + "." + std::string(name.str());
        const Option* option = find_option(key);
        if (!option) return at(file, node, key, "there is no such key; did you mean " + std::string(nearest_key(key)) + "?");
        if (const Result<> set = set_from_node(configuration, *option, node); !set) return at(file, node, key, set.error().text);
        configuration.source.lines[key] = node.source().begin.line;
    }
    return {};
}

Result<> set_from_node(RouteSettings& route, const RouteKey& key, const toml::node& node) {
    const auto wants = [](std::string_view what) { return fail(ErrorCode::invalid, "must be " + std::string(what)); };
    if (key.flag) {
        const auto flag = node.value_exact<bool>();
        if (!flag) return wants("true or false");
        route.*key.flag = *flag;
    } else if (key.number) {
        const auto number = node.value_exact<std::int64_t>();
        if (!number || *number < 0 || *number > 65'535) return wants("a number from 0 to 65535");
        route.*key.number = static_cast<std::uint64_t>(*number);
    } else if (key.text) {
        const auto text = node.value_exact<std::string>();
        if (!text) return wants("a text in quotes");
        route.*key.text = *text;
    } else {
        const toml::array* list = node.as_array();
        if (!list) return wants("a list such as " + std::string(key.example));
        for (const toml::node& item : *list) {
            const auto text = item.value_exact<std::string>();
            if (!text) return wants("a list of texts in quotes");
            (route.*key.list).push_back(*text);
        }
    }
    return {};
}

Result<> read_routes(Configuration& configuration, std::string_view file, const toml::array& tables) {
    for (const toml::node& node : tables) {
        const toml::table* table = node.as_table();
        if (!table) return at(file, node, "route", "routes are tables: [[route]]");
        RouteSettings route;
        route.line = node.source().begin.line;
        for (const auto& [name, value] : *table) {
            const auto key = std::ranges::find(route_keys(), name.str(), &RouteKey::name);
            if (key == route_keys().end()) {
                const auto nearest = std::ranges::min_element(route_keys(), {},
                                                              [&](const RouteKey& known) { return edit_distance(name.str(), known.name); });
                return at(file, value, "route." + std::string(name.str()),
                          "there is no such key; did you mean " + std::string(nearest->name) + "?");
            }
            if (const Result<> set = set_from_node(route, *key, value); !set)
                return at(file, value, "route." + std::string(name.str()), set.error().text);
        }
        if (route.domains.empty()) return at(file, node, "route", "says no domains, as domains = [\"example.org\"]");
        configuration.routes.push_back(std::move(route));
    }
    return {};
}

}  // namespace

Configuration Configuration::defaults() {
    Configuration configuration;
    for (const Option& option : options()) {
        if (const Result<> set = set_option(configuration, option, option.default_text); !set)
            throw std::logic_error(std::string(option.key) + ": " + set.error().text);
    }
    return configuration;
}

Result<Configuration> parse_configuration(std::string_view toml, std::string_view file_name) {
    Configuration configuration = Configuration::defaults();
    configuration.source.file = file_name;
    toml::table document;
    try {
        document = toml::parse(toml);
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::invalid,
                    std::string(file_name) + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
    }
    for (const auto& [name, node] : document) {
        if (const toml::array* tables = node.as_array(); tables && name.str() == "route") {
            if (const Result<> read = read_routes(configuration, file_name, *tables); !read) return fail(read.error());
            continue;
        }
        const toml::table* section = node.as_table();
        if (!section)
            return at(file_name, node, name.str(), "keys stand in sections; did you mean " + std::string(nearest_key(name.str())) + "?");
        if (!is_section(name.str()))
            return at(file_name, node, "[" + std::string(name.str()) + "]",
                      "there is no such section; did you mean [" + std::string(nearest_section(name.str())) + "]?");
        if (const Result<> read = read_section(configuration, file_name, name.str(), *section); !read) return fail(read.error());
    }
    return configuration;
}

Result<Configuration> read_configuration(const std::filesystem::path& file) {
    const auto cannot = [&](std::string_view why) {
        return fail(ErrorCode::not_found, "cannot read the configuration " + file.string() + ": " + std::string(why));
    };
    // The stream would read a folder as an empty file.
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return cannot("it is a folder; name the file in it");
    std::ifstream in(file);
    if (!in) return cannot(std::strerror(errno));
    const std::string text(std::istreambuf_iterator<char>(in), {});
    if (in.bad()) return cannot("reading failed");
    return parse_configuration(text, file.string());
}

std::string mistake_text(const ConfigurationSource& source, std::string_view key, std::string_view what) {
    std::string text = source.file;
    if (const auto line = source.lines.find(key); line != source.lines.end() && !source.file.empty())
        text += ":" + std::to_string(line->second);
    if (!text.empty()) text += ": ";
    return text + std::string(key) + ": " + std::string(what);
}

std::vector<std::string> restart_needed(const Configuration& running, const Configuration& wanted) {
    std::vector<std::string> keys;
    for (const Option& option : options()) {
        if (option.restart && option_text(running, option) != option_text(wanted, option)) keys.emplace_back(option.key);
    }
    return keys;
}

Configuration reloaded(const Configuration& running, Configuration wanted) {
    for (const Option& option : options()) {
        if (!option.restart) continue;
        [[maybe_unused]] const Result<> kept = set_option(wanted, option, option_text(running, option));
        assert(kept);
    }
    return wanted;
}

std::string configuration_page() {
    std::string page =
        "# Configuration\n\n"
        "One TOML file, `/etc/packetboat/packetboat.toml` unless `--config` names another. Every key is optional; an unknown one is an "
        "error.\n"
        "`packetboat serve --check` checks a file, `packetboat configuration` prints one with every default.\n"
        "SIGHUP reads the file anew: a bad file is refused and the server goes on as it was; keys marked *restart* need a restart.\n"
        "Sizes are written \"64 KiB\" or \"50 MiB\", times \"90 s\", \"5 m\", \"2 h\" or \"1 d\".\n\n"
        "This page is made from the table that parses the file (`src/server/options.cc`).\n";
    std::string_view section;
    for (const Option& option : options()) {
        if (section_of(option.key) != section) {
            section = section_of(option.key);
            page += "\n## [" + std::string(section) + "]\n\n| key | default | |\n|---|---|---|\n";
        }
        page += "| `" + std::string(option.key.substr(section.size() + 1)) + "` | `" + toml_value(option, option.default_text) + "` | " +
                std::string(option.help) + (option.restart ? " *restart*" : "") + " |\n";
    }
    return page + routes_page();
}

std::string configuration_example() {
    std::string file = "# Packetboat's configuration. Every key is optional; these are the defaults.\n";
    std::string_view section;
    for (const Option& option : options()) {
        if (section_of(option.key) != section) {
            section = section_of(option.key);
            file += "\n[" + std::string(section) + "]\n";
        }
        file += "# " + std::string(option.help) + "\n#" + std::string(option.key.substr(section.size() + 1)) + " = " +
                toml_value(option, option.default_text) + "\n";
    }
    return file + routes_example();
}

}  // namespace packetboat::server
