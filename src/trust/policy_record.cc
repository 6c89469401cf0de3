#include "trust/policy_record.h"

#include <algorithm>

#include "base/record.h"

namespace packetboat::trust {

namespace {

constexpr std::uint8_t record_version = 1;

// Times sort as unsigned numbers; nothing is fetched before 1970.
std::uint64_t sortable(Time time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(time.micros, 0)); }
Time time_of(std::uint64_t number) { return {static_cast<std::int64_t>(number)}; }

bool is_pattern(const std::string& mx) { return is_host_name(std::string_view(mx).substr(mx.starts_with("*.") ? 2 : 0)); }

bool is_sound(const KeptPolicy& kept) {
    return kept.fetched.micros >= 0 && kept.expires >= kept.fetched && !kept.id.empty() && kept.id.size() <= sts_id_max_bytes &&
           std::ranges::all_of(kept.policy.mx, is_pattern);
}

}  // namespace

store::Partition trust_partition() { return {"trust"}; }
std::string policy_key(std::string_view domain) { return "p" + std::string(domain); }
std::string expiry_key(Time expires, std::string_view domain) { return Writer("x").be64(sortable(expires)).bytes(domain).take(); }

std::optional<Expiry> decode_expiry_key(std::string_view key) {
    RecordReader in(key);
    if (in.u8() != 'x') return std::nullopt;
    const Time expires = time_of(in.be64());
    const std::string_view domain = in.rest();
    if (in.failed() || expires.micros < 0 || domain.empty()) return std::nullopt;
    return Expiry{expires, std::string(domain)};
}

std::string encode_policy(const KeptPolicy& kept) {
    Writer out;
    out.u8(record_version).text(kept.id).varint(sortable(kept.fetched)).varint(sortable(kept.expires));
    out.u8(static_cast<std::uint8_t>(kept.policy.mode)).varint(static_cast<std::uint64_t>(kept.policy.max_age.count()));
    out.varint(kept.policy.mx.size());
    for (const std::string& mx : kept.policy.mx) out.text(mx);
    return out.take();
}

std::optional<KeptPolicy> decode_policy(std::string_view record) {
    RecordReader in(record);
    if (in.u8() != record_version) return std::nullopt;
    KeptPolicy kept;
    kept.id = in.text();
    kept.fetched = time_of(in.varint());
    kept.expires = time_of(in.varint());
    const std::uint8_t mode = in.u8();
    const std::uint64_t max_age = in.varint();
    const std::uint64_t count = in.varint();
    if (mode > static_cast<std::uint8_t>(StsMode::enforce) || max_age > static_cast<std::uint64_t>(sts_max_age_max.count()) ||
        count > sts_mx_max)
        return std::nullopt;
    kept.policy.mode = static_cast<StsMode>(mode);
    kept.policy.max_age = std::chrono::seconds(static_cast<std::int64_t>(max_age));
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) kept.policy.mx.emplace_back(in.text());
    if (!in.ok_and_done() || !is_sound(kept)) return std::nullopt;
    return kept;
}

std::string encode_count(std::uint64_t count) { return Writer().u8(record_version).varint(count).take(); }

std::optional<std::uint64_t> decode_count(std::string_view record) {
    RecordReader in(record);
    if (in.u8() != record_version) return std::nullopt;
    const std::uint64_t count = in.varint();
    if (!in.ok_and_done()) return std::nullopt;
    return count;
}

}  // namespace packetboat::trust
