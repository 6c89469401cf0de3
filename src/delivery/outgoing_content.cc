#include "delivery/outgoing_content.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace packetboat::delivery {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

class InMemory final : public ContentSource {
public:
    InMemory(std::shared_ptr<const std::string> bytes, std::uint64_t skip_bytes)
        : bytes_(std::move(bytes)), skip_bytes_(skip_bytes), at_(skip_bytes) {}
    Task<Result<std::string_view>> next() override {
        const std::string_view piece = std::string_view(*bytes_).substr(at_, piece_bytes);
        at_ += piece.size();
        co_return piece;
    }
    void rewind() override { at_ = skip_bytes_; }

private:
    std::shared_ptr<const std::string> bytes_;
    std::size_t skip_bytes_;
    std::size_t at_;
};

class InBlob final : public ContentSource {
public:
    InBlob(std::unique_ptr<store::BlobReader> reader, std::uint64_t skip_bytes)
        : reader_(std::move(reader)), skip_bytes_(skip_bytes), at_(skip_bytes) {}
    Task<Result<std::string_view>> next() override {
        Result<std::string> read = co_await reader_->read(at_, piece_bytes);
        if (!read) co_return fail(std::move(read).error());
        piece_ = *std::move(read);
        at_ += piece_.size();
        if (piece_.empty() && at_ < reader_->size_bytes()) co_return fail(ErrorCode::internal, "the message's file is shorter than it was");
        co_return std::string_view(piece_);
    }
    void rewind() override { at_ = skip_bytes_; }

private:
    std::unique_ptr<store::BlobReader> reader_;
    std::uint64_t skip_bytes_;
    std::uint64_t at_;
    std::string piece_;
};

}  // namespace

Task<Result<std::unique_ptr<ContentSource>>> open_content(store::Store& store, mailbox::Content content, std::uint64_t skip_bytes) {
    if (content.bytes)
        co_return std::make_unique<InMemory>(std::move(content.bytes), std::min<std::uint64_t>(skip_bytes, content.size_bytes));
    if (!content.blob) co_return fail(ErrorCode::internal, "a queued message without content");
    Result<std::unique_ptr<store::BlobReader>> reader = co_await store.open_blob(*content.blob);
    if (!reader) co_return fail(std::move(reader).error());
    co_return std::make_unique<InBlob>(*std::move(reader), skip_bytes);
}

bool says_tls_optional(std::string_view beginning) {
    constexpr std::string_view name = "tls-required:";
    while (!beginning.empty() && !beginning.starts_with("\r\n")) {
        const std::size_t end = beginning.find("\r\n");
        const std::string_view line = beginning.substr(0, end);
        if (line.size() > name.size() && iequals(line.substr(0, name.size()), name) && iequals(trim(line.substr(name.size())), "no"))
            return true;
        if (end == std::string_view::npos) return false;
        beginning.remove_prefix(end + 2);
    }
    return false;
}

}  // namespace packetboat::delivery
