#include "delivery/testing/failing_store.h"

#include <algorithm>
#include <coroutine>
#include <utility>

#include "base/executor.h"

namespace packetboat::delivery {
namespace {

// Lets everything else that is ready go first, as waiting for a disk would.
struct Yield {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const { Executor::current().post(handle); }
    void await_resume() const noexcept {}
};

}  // namespace

class FailingStore::Blob final : public store::BlobWriter {
public:
    Blob(FailingStore& store, std::unique_ptr<store::BlobWriter> inner) : store_(store), inner_(std::move(inner)) {}

    Task<Result<>> append(std::string bytes) override {
        store_.largest_append_bytes = std::max(store_.largest_append_bytes, bytes.size());
        co_await Yield{};
        if (store_.disk_bytes) {
            if (bytes.size() > *store_.disk_bytes) co_return fail(ErrorCode::unavailable, "the disk is full");
            *store_.disk_bytes -= bytes.size();
        }
        co_return co_await inner_->append(std::move(bytes));
    }
    Task<Result<store::BlobRef>> finish() override {
        co_await Yield{};
        if (store_.disk_bytes && *store_.disk_bytes == 0) co_return fail(ErrorCode::unavailable, "the disk is full");
        co_return co_await inner_->finish();
    }

private:
    FailingStore& store_;
    std::unique_ptr<store::BlobWriter> inner_;
};

Task<Result<store::Committed>> FailingStore::write(store::Partition partition, std::optional<store::CommitId> id, store::WriteBody body) {
    ++writes[partition.name];
    writes_at_once_max = std::max(writes_at_once_max, ++under_way_);
    const Fate fate = fate_of_write(partition);
    co_await Yield{};
    Result<store::Committed> result = fail(ErrorCode::unavailable, "a write error");
    if (fate == Fate::succeed) result = co_await inner_.write(std::move(partition), id, std::move(body));
    if (fate == Fate::fail_after) (void)co_await inner_.write(std::move(partition), id, std::move(body));
    --under_way_;
    co_return result;
}

Result<std::unique_ptr<store::BlobWriter>> FailingStore::create_blob() {
    if (blobs_fail) return fail(ErrorCode::unavailable, "no blobs today");
    ++blobs_created;
    Result<std::unique_ptr<store::BlobWriter>> inner = inner_.create_blob();
    if (!inner) return inner;
    return std::make_unique<Blob>(*this, *std::move(inner));
}

Task<Result<>> FailingStore::read_any(store::Partition partition, store::Weight weight, store::ReadBody body) {
    if (reads_fail) co_return fail(ErrorCode::unavailable, "a read error");
    co_return co_await inner_.read(std::move(partition), weight, [&](const store::Reader& reader) -> Result<> {
        body(reader);
        return {};
    });
}

}  // namespace packetboat::delivery
