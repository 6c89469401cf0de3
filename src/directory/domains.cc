#include "directory/records.h"
#include "directory/state.h"

namespace packetboat::directory {

namespace {

bool has_any(const store::Reader& reader, const std::string& prefix) {
    bool any = false;
    reader.scan(prefix, store::prefix_end(prefix), [&](std::string_view, std::string_view) {
        any = true;
        return false;
    });
    return any;
}

Result<Domain> required(Result<std::optional<Domain>> found) {
    if (!found) return fail(std::move(found).error());
    if (!*found) return fail(ErrorCode::not_found, "no such domain");
    return **std::move(found);
}

}  // namespace

Task<Result<>> Directory::add_domain(std::string name) {
    const Result<std::string> normal = normalize_domain(name);
    if (!normal) co_return fail(normal.error());
    const Domain domain{.name = *normal, .catch_all = std::nullopt, .created = Time::now()};
    co_return co_await state_->write([&](store::Transaction& t) -> Result<std::string> {
        const std::string key = domain_key(domain.name);
        if (t.contains(key)) return fail(ErrorCode::exists, "the domain exists already");
        t.put(key, encode(domain));
        return std::string();
    });
}

Task<Result<>> Directory::remove_domain(std::string name) {
    const Result<std::string> normal = normalize_domain(name);
    if (!normal) co_return fail(normal.error());
    co_return co_await state_->write([&](store::Transaction& t) -> Result<std::string> {
        const std::string key = domain_key(*normal);
        if (!t.contains(key)) return fail(ErrorCode::not_found, "no such domain");
        if (has_any(t, keys_of('a', *normal))) return fail(ErrorCode::conflict, "the domain still has accounts");
        if (has_any(t, keys_of('l', *normal))) return fail(ErrorCode::conflict, "the domain still has aliases");
        t.frees_space();
        t.erase(key);
        return std::string();
    });
}

Task<Result<>> Directory::set_catch_all(std::string name, std::optional<Address> target) {
    const Result<std::string> normal = normalize_domain(name);
    if (!normal) co_return fail(normal.error());
    co_return co_await state_->write([&](store::Transaction& t) -> Result<std::string> {
        Result<Domain> domain = required(get_domain(t, *normal));
        if (!domain) return fail(domain.error());
        domain->catch_all = target;
        t.put(domain_key(*normal), encode(*domain));
        return std::string();
    });
}

Task<Result<std::vector<Domain>>> Directory::domains() {
    co_return co_await state_->store.read(directory_partition(), store::Weight::many,
                                          [](const store::Reader& reader) -> Result<std::vector<Domain>> {
                                              std::vector<Domain> all;
                                              std::optional<Unexpected> broken;
                                              reader.scan("d", store::prefix_end("d"), [&](std::string_view key, std::string_view record) {
                                                  std::optional<Domain> domain = decode_domain(key.substr(1), record);
                                                  if (!domain) {
                                                      broken = broken_record(key);
                                                      return false;
                                                  }
                                                  all.push_back(*std::move(domain));
                                                  return true;
                                              });
                                              if (broken) return *std::move(broken);
                                              return all;
                                          });
}

}  // namespace packetboat::directory
