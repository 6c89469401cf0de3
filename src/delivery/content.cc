#include "delivery/content.h"

#include <utility>

namespace packetboat::delivery {

Task<Result<store::BlobRef>> write_blob(store::Store& store, std::string bytes) {
    Result<std::unique_ptr<store::BlobWriter>> writer = store.create_blob();
    if (!writer) co_return fail(std::move(writer).error());
    Result<> written = co_await (*writer)->append(std::move(bytes));
    if (!written) co_return fail(std::move(written).error());
    co_return co_await (*writer)->finish();
}

Task<Result<mailbox::Content>> settle(store::Store& store, mailbox::Content content, std::uint64_t inline_max_bytes) {
    if (!content.bytes || content.bytes->size() <= inline_max_bytes) co_return content;
    Result<store::BlobRef> blob = co_await write_blob(store, *content.bytes);
    if (!blob) co_return fail(std::move(blob).error());
    co_return mailbox::Content{nullptr, *blob, blob->size_bytes};
}

}  // namespace packetboat::delivery
