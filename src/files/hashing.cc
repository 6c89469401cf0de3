#include "files/hashing.h"

#include <openssl/evp.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <vector>

#include "base/text.h"
#include "files/system_error.h"

namespace packetboat::files {

namespace {

constexpr std::size_t piece_bytes = 128 * 1024;

class Digest {
public:
    virtual ~Digest() = default;
    virtual void update(const unsigned char* bytes, std::size_t count) = 0;
    virtual std::string finish() = 0;
};

class Crc32 final : public Digest {
public:
    void update(const unsigned char* bytes, std::size_t count) override { crc_ = ::crc32_z(crc_, bytes, count); }
    std::string finish() override {
        std::string out;
        for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((crc_ >> shift) & 0xFF);
        return out;
    }

private:
    uLong crc_ = 0;
};

class Evp final : public Digest {
public:
    bool begin(const EVP_MD* algorithm) { return context_ && EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1; }
    void update(const unsigned char* bytes, std::size_t count) override {
        [[maybe_unused]] const int done = EVP_DigestUpdate(context_.get(), bytes, count);
        assert(done == 1);
    }
    std::string finish() override {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        unsigned size = 0;
        [[maybe_unused]] const int done = EVP_DigestFinal_ex(context_.get(), bytes.data(), &size);
        assert(done == 1);
        return {reinterpret_cast<const char*>(bytes.data()), size};
    }

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

const EVP_MD* evp_of(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::md5: return EVP_md5();
        case HashAlgorithm::sha1: return EVP_sha1();
        case HashAlgorithm::sha256: return EVP_sha256();
        case HashAlgorithm::sha512: return EVP_sha512();
        case HashAlgorithm::crc32: break;
    }
    return nullptr;
}

Result<std::unique_ptr<Digest>> digest_of(HashAlgorithm algorithm) {
    if (algorithm == HashAlgorithm::crc32) return std::make_unique<Crc32>();
    auto digest = std::make_unique<Evp>();
    if (!digest->begin(evp_of(algorithm))) return fail(ErrorCode::unavailable, "this machine does not have that hash");
    return digest;
}

class FileHashing final : public Hashing {
public:
    FileHashing(Descriptor file, std::unique_ptr<Digest> digest, std::uint64_t first, std::uint64_t last)
        : file_(std::move(file)), digest_(std::move(digest)), first_(first), last_(last), at_(first) {}

    Result<bool> step(std::uint64_t bytes) override {
        if (buffer_.empty()) buffer_.resize(std::min<std::uint64_t>(piece_bytes, std::max<std::uint64_t>(last_ - first_, 1)));
        while (bytes > 0 && at_ < last_) {
            const std::size_t count = std::min({bytes, last_ - at_, std::uint64_t{buffer_.size()}});
            const ssize_t got = ::pread(file_.get(), buffer_.data(), count, static_cast<off_t>(at_));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_failure(errno);
            if (got == 0) return fail(ErrorCode::conflict, "the file has become shorter meanwhile");
            digest_->update(buffer_.data(), static_cast<std::size_t>(got));
            at_ += static_cast<std::uint64_t>(got);
            bytes -= static_cast<std::uint64_t>(got);
        }
        if (at_ == last_ && hex_.empty()) hex_ = packetboat::hex(digest_->finish());
        return at_ == last_;
    }
    std::string hex() const override { return hex_; }
    std::uint64_t first() const override { return first_; }
    std::uint64_t last() const override { return last_; }

private:
    Descriptor file_;
    std::unique_ptr<Digest> digest_;
    std::uint64_t first_, last_, at_;
    std::vector<unsigned char> buffer_;
    std::string hex_;
};

}  // namespace

Result<std::unique_ptr<Hashing>> open_hashing(OpenFile file, HashAlgorithm algorithm, std::uint64_t first,
                                              std::optional<std::uint64_t> last) {
    const auto size = static_cast<std::uint64_t>(file.status.st_size);
    const std::uint64_t end = std::min(last.value_or(size), size);
    if (first > end) return fail(ErrorCode::invalid, "the file has no such range");
    Result<std::unique_ptr<Digest>> digest = digest_of(algorithm);
    if (!digest) return fail(digest.error());
    return std::make_unique<FileHashing>(std::move(file.descriptor), std::move(*digest), first, end);
}

}  // namespace packetboat::files
