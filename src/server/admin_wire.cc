#include <simdjson.h>

#include "server/admin.h"

// How a request and its answer are written on the control socket.
namespace packetboat::server {

namespace {

Result<std::vector<std::string>> texts(const simdjson::dom::array& array) {
    std::vector<std::string> out;
    for (const simdjson::dom::element element : array) {
        std::string_view text;
        if (element.get(text) != simdjson::SUCCESS) return fail(ErrorCode::invalid, "an argument is not a text");
        out.emplace_back(text);
    }
    return out;
}

}  // namespace

Exit exit_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid: return Exit::usage;
        case ErrorCode::not_found: return Exit::not_found;
        case ErrorCode::exists: return Exit::conflict;
        case ErrorCode::denied: return Exit::denied;
        case ErrorCode::over_quota:
        case ErrorCode::too_large:
        case ErrorCode::too_many: return Exit::over_limit;
        case ErrorCode::conflict: return Exit::conflict;
        case ErrorCode::timed_out: return Exit::timed_out;
        case ErrorCode::closed: return Exit::unreachable;
        case ErrorCode::unavailable:
        case ErrorCode::internal: return Exit::failed;
    }
    return Exit::failed;
}

std::string AdminRequest::json() const {
    JsonWriter json;
    json.object().field("command", command).key("args").object();
    for (const auto& [name, values] : args) {
        json.key(name).array();
        for (const std::string& value : values) json.value(value);
        json.end();
    }
    return json.end().end().take();
}

Result<AdminRequest> AdminRequest::parse(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    std::string_view command;
    simdjson::dom::object args;
    if (parser.parse(simdjson::padded_string(json)).get(document) != simdjson::SUCCESS ||
        document["command"].get(command) != simdjson::SUCCESS || document["args"].get(args) != simdjson::SUCCESS)
        return fail(ErrorCode::invalid, "the request is not understood");
    AdminRequest request{.command = std::string(command), .args = {}};
    for (const auto& [name, value] : args) {
        simdjson::dom::array array;
        if (value.get(array) != simdjson::SUCCESS) return fail(ErrorCode::invalid, "an argument is not a list");
        Result<std::vector<std::string>> values = texts(array);
        if (!values) return fail(std::move(values).error());
        request.args.emplace(std::string(name), std::move(*values));
    }
    return request;
}

std::string AdminResponse::json() const {
    JsonWriter json;
    json.object().field("exit", static_cast<int>(exit)).field("error", error).key("result").raw(result.empty() ? "null" : result);
    return json.end().take();
}

Result<AdminResponse> AdminResponse::parse(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    std::uint64_t exit = 0;
    std::string_view error;
    simdjson::dom::element result;
    if (parser.parse(simdjson::padded_string(json)).get(document) != simdjson::SUCCESS || document["exit"].get(exit) != simdjson::SUCCESS ||
        document["error"].get(error) != simdjson::SUCCESS || document["result"].get(result) != simdjson::SUCCESS)
        return fail(ErrorCode::internal, "the server's answer is not understood");
    return AdminResponse{.exit = static_cast<Exit>(exit), .error = std::string(error), .result = simdjson::minify(result)};
}

}  // namespace packetboat::server
