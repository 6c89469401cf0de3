#include "server/admin_commands.h"

namespace packetboat::server::admin {

namespace {

constexpr std::size_t list_page = 500;

std::string done(std::string_view name) { return JsonWriter().object().field("name", name).end().take(); }

}  // namespace

Task<Result<std::string>> domain_add(Context& context) {
    const Result<std::string> name = context.required("name");
    if (!name) co_return fail(name.error());
    Result<> added = co_await context.services.directory().add_domain(*name);
    if (!added) co_return fail(std::move(added).error());
    co_return done(*name);
}

Task<Result<std::string>> domain_list(Context& context) {
    const Result<std::vector<directory::Domain>> domains = co_await context.services.directory().domains();
    if (!domains) co_return fail(domains.error());
    JsonWriter json;
    json.array();
    for (const directory::Domain& domain : *domains) {
        json.object().field("name", domain.name).field("catch_all", domain.catch_all ? domain.catch_all->text() : "");
        json.field("created", domain.created.rfc3339()).end();
    }
    co_return json.end().take();
}

Task<Result<std::string>> domain_rm(Context& context) {
    const Result<std::string> name = context.required("name");
    if (!name) co_return fail(name.error());
    Result<> removed = co_await context.services.directory().remove_domain(*name);
    if (!removed) co_return fail(std::move(removed).error());
    co_return done(*name);
}

Task<Result<std::string>> domain_catch_all(Context& context) {
    const Result<std::string> name = context.required("name");
    if (!name) co_return fail(name.error());
    std::optional<directory::Address> target;
    if (context.arg("target")) {
        Result<directory::Address> address = context.address("target");
        if (!address) co_return fail(std::move(address).error());
        target = std::move(*address);
    }
    Result<> set = co_await context.services.directory().set_catch_all(*name, std::move(target));
    if (!set) co_return fail(std::move(set).error());
    co_return done(*name);
}

Task<Result<std::string>> alias_add(Context& context) {
    Result<directory::Address> address = context.address();
    if (!address) co_return fail(std::move(address).error());
    directory::Alias alias{.address = *address, .targets = {}, .created = Time::now()};
    if (const auto targets = context.request.args.find("targets"); targets != context.request.args.end()) {
        for (const std::string& text : targets->second) {
            Result<directory::Address> target = directory::Address::parse(text);
            if (!target) co_return fail(std::move(target).error());
            alias.targets.push_back(std::move(*target));
        }
    }
    Result<> added = co_await context.services.directory().add_alias(std::move(alias));
    if (!added) co_return fail(std::move(added).error());
    co_return JsonWriter().object().field("address", address->text()).end().take();
}

Task<Result<std::string>> alias_list(Context& context) {
    JsonWriter json;
    json.array();
    std::string after;
    for (;;) {
        const Result<std::vector<directory::Alias>> page =
            co_await context.services.directory().aliases(context.arg("domain").value_or(""), after, list_page);
        if (!page) co_return fail(page.error());
        for (const directory::Alias& alias : *page) {
            json.object().field("address", alias.address.text()).key("targets").array();
            for (const directory::Address& target : alias.targets) json.value(target.text());
            json.end().field("created", alias.created.rfc3339()).end();
        }
        if (page->size() < list_page) break;
        after = page->back().address.text();
    }
    co_return json.end().take();
}

Task<Result<std::string>> alias_rm(Context& context) {
    const Result<directory::Address> address = context.address();
    if (!address) co_return fail(address.error());
    Result<> removed = co_await context.services.directory().remove_alias(*address);
    if (!removed) co_return fail(std::move(removed).error());
    co_return JsonWriter().object().field("address", address->text()).end().take();
}

}  // namespace packetboat::server::admin
