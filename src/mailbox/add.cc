#include <algorithm>
#include <utility>

#include "mailbox/state.h"
#include "store/sha256.h"

// The way in of every message.
namespace packetboat::mailbox {

namespace {

// Of one append to a blob: what is copied at a time.
constexpr std::size_t piece_bytes = 256 << 10;

Id128 guid_of(const store::BlobRef& blob) { return Id128::from_view(blob.digest().substr(0, 16)); }

Result<> check(const Content& content) {
    if ((content.bytes != nullptr) == content.blob.has_value()) return fail(ErrorCode::invalid, "content is bytes or a blob");
    const std::uint64_t size = content.bytes ? content.bytes->size() : content.blob->size_bytes;
    if (size != content.size_bytes) return fail(ErrorCode::invalid, "the content has not the size it says");
    return {};
}

Task<Result<store::BlobRef>> write_blob(store::Store& store, const std::string& bytes) {
    Result<std::unique_ptr<store::BlobWriter>> writer = store.create_blob();
    if (!writer) co_return fail(std::move(writer).error());
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        Result<> appended = co_await (*writer)->append(bytes.substr(at, piece_bytes));
        if (!appended) co_return fail(std::move(appended).error());
    }
    co_return co_await (*writer)->finish();
}

}  // namespace

Task<Result<Content>> Mail::settle(Content content) {
    if (Result<> checked = check(content); !checked) co_return fail(std::move(checked).error());
    if (content.bytes && content.size_bytes > state_->limits.inline_body_max_bytes) {
        Result<store::BlobRef> blob = co_await write_blob(state_->store, *content.bytes);
        if (!blob) co_return fail(std::move(blob).error());
        content.blob = *blob;
        content.bytes.reset();
        content.guid = guid_of(*blob);
    }
    if (!content.guid) content.guid = guid_of(content.blob ? *content.blob : store::blob_of(*content.bytes));
    co_return content;
}

Task<Result<Added>> Mail::add(store::Partition account, std::optional<store::CommitId> commit, NewEmail email) {
    Result<Keywords> keywords = normalised(std::move(email.keywords), state_->limits);
    if (!keywords) co_return fail(std::move(keywords).error());
    email.keywords = std::move(*keywords);
    Result<Content> content = co_await settle(std::move(email.content));
    if (!content) co_return fail(std::move(content).error());
    email.content = std::move(*content);

    const Result<store::Committed> done = co_await state_->commit(std::move(account), commit, [&](Edit& edit) -> Result<std::string> {
        const Result<Added> added = edit.add(email, *email.content.guid);
        if (!added) return fail(added.error());
        return encode(*added);
    });
    if (!done) co_return fail(done.error());
    std::optional<Added> added = decode_added(done->result);
    if (!added) co_return fail(ErrorCode::invalid, "the commit id belongs to another kind of commit");
    added->replayed = done->replayed;
    co_return *added;
}

}  // namespace packetboat::mailbox
