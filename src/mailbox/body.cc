#include <algorithm>
#include <utility>

#include "mailbox/keys.h"
#include "mailbox/state.h"

// Reading emails and their bodies.
namespace packetboat::mailbox {

namespace {

constexpr std::size_t piece_max_bytes = 64 << 10;

class InlineBody final : public Body {
public:
    explicit InlineBody(std::string bytes) : bytes_(std::move(bytes)), size_bytes_(bytes_.size()) {}

    std::uint64_t size_bytes() const override { return size_bytes_; }
    Task<Result<std::string>> next() override {
        if (at_ == 0 && bytes_.size() <= piece_max_bytes) co_return std::exchange(bytes_, {});
        std::string piece = bytes_.substr(std::min(at_, bytes_.size()), piece_max_bytes);
        at_ += piece.size();
        co_return piece;
    }

private:
    std::string bytes_;
    std::uint64_t size_bytes_;
    std::size_t at_ = 0;
};

class BlobBody final : public Body {
public:
    explicit BlobBody(std::unique_ptr<store::BlobReader> reader) : reader_(std::move(reader)) {}

    std::uint64_t size_bytes() const override { return reader_->size_bytes(); }
    Task<Result<std::string>> next() override {
        if (at_ >= reader_->size_bytes()) co_return std::string();
        Result<std::string> piece = co_await reader_->read(at_, piece_max_bytes);
        if (!piece) co_return piece;
        if (piece->empty()) co_return fail(ErrorCode::internal, "the body ends before its size");
        at_ += piece->size();
        co_return piece;
    }

private:
    std::unique_ptr<store::BlobReader> reader_;
    std::uint64_t at_ = 0;
};

struct Found {
    Email email;
    std::string bytes;  // of a body that rides in the store
};

Result<Found> find(const store::Reader& reader, EmailId id) {
    Result<Email> email = read_email(reader, id);
    if (!email) return fail(std::move(email).error());
    Found found{.email = std::move(*email)};
    if (found.email.blob) return found;
    std::optional<std::string> value = reader.get(key::body(id));
    const std::optional<std::string_view> bytes = value ? decode_body(*value) : std::nullopt;
    if (!bytes || bytes->size() != found.email.size_bytes) return broken_record(key::body(id));
    value->erase(0, value->size() - bytes->size());
    found.bytes = std::move(*value);
    return found;
}

}  // namespace

Task<Result<Email>> Mail::email(store::Partition account, EmailId id) {
    co_return co_await state_->store.read(std::move(account), store::Weight::few,
                                          [&](const store::Reader& reader) { return read_email(reader, id); });
}

Task<Result<std::unique_ptr<Body>>> Mail::body(store::Partition account, EmailId id) {
    Result<Found> found =
        co_await state_->store.read(std::move(account), store::Weight::few, [&](const store::Reader& reader) { return find(reader, id); });
    if (!found) co_return fail(std::move(found).error());
    if (!found->email.blob) co_return std::make_unique<InlineBody>(std::move(found->bytes));
    Result<std::unique_ptr<store::BlobReader>> blob = co_await state_->store.open_blob(*found->email.blob);
    // An email whose blob is gone is broken, not absent.
    if (!blob && blob.error().code == ErrorCode::not_found) co_return broken_record(key::email(id));
    if (!blob) co_return fail(std::move(blob).error());
    co_return std::make_unique<BlobBody>(std::move(*blob));
}

}  // namespace packetboat::mailbox
