#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/write_batch.h>

#include "store/view.h"

namespace packetboat::store {

// The commits that go to disk together: their changes over what RocksDB has, readable by the bodies that come after, and the
// frame of the log that carries them. Between a group and RocksDB there may lie one more: `base`, on its way to the disk.
// Used by one thread; once sealed it is constant, and read by the thread that prepares the next.
class Group final : public Records {
public:
    struct Options {
        std::size_t inline_max_bytes;  // values over that stay in the log
        std::size_t expected_bytes;    // of the frame
    };
    // `header` names the frame's place.
    Group(rocksdb::DB& db, log::Reader& log, std::shared_ptr<const Group> base, log::FrameHeader header, Options options);

    std::optional<std::string> get(std::string_view key) const override;
    // The scan of a group may be interleaved with changes to it.
    void scan(std::string_view from, std::string_view to, const Visit& visit) const override;
    void scan_back(std::string_view from, std::string_view to, const Visit& visit) const override;
    std::string load(const records::Pointer& pointer) const override;

    void put(std::string key, std::string record) { set(std::move(key), std::move(record)); }
    void put_value(std::string key, std::string_view value);
    void erase(std::string key) { set(std::move(key), std::nullopt); }

    // What one body has changed since keep() stays, or goes.
    void keep();
    void roll_back();

    bool changed() const { return !changes_.empty(); }
    std::size_t size_bytes() const { return frame_.size() + record_bytes_; }
    log::LogPosition at() const { return header_.at; }

    // Completes the frame and the batch.
    void seal();
    std::string_view frame() const { return frame_; }
    rocksdb::WriteBatch& batch() { return batch_; }
    // Where the log goes on after it. Sealed groups only.
    log::LogPosition end() const { return {header_.at.segment, header_.at.offset + frame_.size()}; }

private:
    using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;
    struct Undo {
        Changes::iterator change;
        std::optional<std::optional<std::string>> before;  // nullopt: there was no change of that key
    };

    void set(std::string key, std::optional<std::string> record);
    const std::optional<std::string>* find(std::string_view key) const;  // a change of ours or of the base
    std::string_view own_value(const records::Pointer& pointer) const;   // empty: lies elsewhere
    std::vector<const Changes*> layers() const;

    rocksdb::DB& db_;
    log::Reader& log_;
    std::shared_ptr<const Group> base_;
    log::FrameHeader header_;
    std::size_t inline_max_bytes_;

    Changes changes_;
    std::vector<Undo> undo_;
    std::size_t kept_frame_bytes_;
    std::size_t record_bytes_ = 0;
    std::string frame_;  // room for the header, then values; sealed: all of it
    rocksdb::WriteBatch batch_;
};

}  // namespace packetboat::store
