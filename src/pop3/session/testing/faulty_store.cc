#include "pop3/session/testing/faulty_store.h"

#include <utility>

#include "store/memory.h"

namespace packetboat::pop3::testing {

namespace {

class FaultyReader final : public store::BlobReader {
public:
    FaultyReader(std::unique_ptr<store::BlobReader> inner, std::shared_ptr<Faults> faults)
        : inner_(std::move(inner)), faults_(std::move(faults)) {}

    std::uint64_t size_bytes() const override { return inner_->size_bytes(); }
    Task<Result<std::string>> read(std::uint64_t offset, std::size_t count) override {
        if (faults_->blob_read_at && offset >= *faults_->blob_read_at) co_return fail(ErrorCode::unavailable, "made to fail");
        co_return co_await inner_->read(offset, count);
    }

private:
    std::unique_ptr<store::BlobReader> inner_;
    std::shared_ptr<Faults> faults_;
};

class FaultyStore final : public store::Store {
public:
    explicit FaultyStore(std::shared_ptr<Faults> faults) : inner_(store::make_memory_store()), faults_(std::move(faults)) {}

    Task<Result<store::Committed>> write(store::Partition partition, std::optional<store::CommitId> id, store::WriteBody body) override {
        if (faults_->writes_left && (*faults_->writes_left)-- == 0) {
            faults_->writes_left = 0;
            co_return fail(ErrorCode::unavailable, "made to fail");
        }
        co_return co_await inner_->write(std::move(partition), id, std::move(body));
    }
    Result<std::unique_ptr<store::BlobWriter>> create_blob() override { return inner_->create_blob(); }
    Task<Result<std::unique_ptr<store::BlobReader>>> open_blob(const store::BlobRef& blob) override {
        Result<std::unique_ptr<store::BlobReader>> reader = co_await inner_->open_blob(blob);
        if (!reader) co_return reader;
        co_return std::make_unique<FaultyReader>(std::move(*reader), faults_);
    }
    Task<Result<std::uint64_t>> sweep_blobs() override { return inner_->sweep_blobs(); }
    Task<Result<std::vector<store::Partition>>> partitions(std::string prefix, std::string after, std::size_t limit) override {
        return inner_->partitions(std::move(prefix), std::move(after), limit);
    }
    Task<Result<std::vector<store::Finding>>> verify() override { return inner_->verify(); }
    Task<Result<store::Stats>> stats() override { return inner_->stats(); }
    bool failed() const override { return inner_->failed(); }

protected:
    Task<Result<>> read_any(store::Partition partition, store::Weight weight, store::ReadBody body) override {
        return inner_->read(std::move(partition), weight, [body = std::move(body)](const store::Reader& reader) mutable -> Result<> {
            body(reader);
            return {};
        });
    }

private:
    std::unique_ptr<store::Store> inner_;
    std::shared_ptr<Faults> faults_;
};

}  // namespace

std::unique_ptr<store::Store> make_faulty_store(std::shared_ptr<Faults> faults) { return std::make_unique<FaultyStore>(std::move(faults)); }

}  // namespace packetboat::pop3::testing
