#include "store/group.h"

#include <algorithm>

#include "store/crc32c.h"

namespace packetboat::store {

using rocksdb::Slice;

Group::Group(rocksdb::DB& db, log::Reader& log, std::shared_ptr<const Group> base, log::FrameHeader header, Options options)
    : db_(db),
      log_(log),
      base_(std::move(base)),
      header_(header),
      inline_max_bytes_(options.inline_max_bytes),
      kept_frame_bytes_(log::frame_header_bytes) {
    frame_.reserve(options.expected_bytes);
    frame_.resize(log::frame_header_bytes);
}

const std::optional<std::string>* Group::find(std::string_view key) const {
    if (const auto found = changes_.find(key); found != changes_.end()) return &found->second;
    return base_ ? base_->find(key) : nullptr;
}

std::optional<std::string> Group::get(std::string_view key) const {
    if (const std::optional<std::string>* change = find(key)) return *change;
    std::string record;
    if (!check_read(db_.Get(rocksdb::ReadOptions(), Slice(key), &record))) return std::nullopt;
    return record;
}

std::vector<const Group::Changes*> Group::layers() const {
    std::vector<const Changes*> layers;
    for (const Group* group = this; group != nullptr; group = group->base_.get()) layers.push_back(&group->changes_);
    return layers;
}

// At each step the places in the changes are found anew, so that `visit` may change them.
void Group::scan(std::string_view from, std::string_view to, const Visit& visit) const {
    if (from >= to) return;
    const std::vector<const Changes*> over = layers();
    rocksdb::ReadOptions options;
    const Slice end(to);
    options.iterate_upper_bound = &end;
    const std::unique_ptr<rocksdb::Iterator> below(db_.NewIterator(options));
    below->Seek(Slice(from));
    std::string at(from);
    for (;;) {
        std::optional<std::string> key;
        if (below->Valid()) key = below->key().ToString();
        const std::optional<std::string>* change = nullptr;
        for (const Changes* layer : over) {
            const auto next = layer->lower_bound(at);
            if (next == layer->end() || next->first >= to || (key && next->first > *key)) continue;
            if (change != nullptr && next->first == *key) continue;  // hidden by a newer change
            key = next->first;
            change = &next->second;
        }
        if (!key) break;
        const bool is_below = below->Valid() && below->key() == Slice(*key);
        const std::optional<std::string> record = change != nullptr ? *change : below->value().ToString();
        if (record && !visit(*key, *record)) return;
        if (is_below) below->Next();
        at = std::move(*key);
        at += '\0';
    }
    check_read(below->status());
}

void Group::scan_back(std::string_view from, std::string_view to, const Visit& visit) const {
    if (from >= to) return;
    const std::vector<const Changes*> over = layers();
    rocksdb::ReadOptions options;
    const Slice begin(from);
    const Slice end(to);
    options.iterate_lower_bound = &begin;
    options.iterate_upper_bound = &end;
    const std::unique_ptr<rocksdb::Iterator> below(db_.NewIterator(options));
    below->SeekToLast();
    std::string at(to);
    for (;;) {
        std::optional<std::string> key;
        if (below->Valid()) key = below->key().ToString();
        const std::optional<std::string>* change = nullptr;
        for (const Changes* layer : over) {
            auto next = layer->lower_bound(at);
            if (next == layer->begin() || (--next)->first < from || (key && next->first < *key)) continue;
            if (change != nullptr && next->first == *key) continue;
            key = next->first;
            change = &next->second;
        }
        if (!key) break;
        const bool is_below = below->Valid() && below->key() == Slice(*key);
        const std::optional<std::string> record = change != nullptr ? *change : below->value().ToString();
        if (record && !visit(*key, *record)) return;
        if (is_below) below->Prev();
        at = std::move(*key);
    }
    check_read(below->status());
}

std::string_view Group::own_value(const records::Pointer& pointer) const {
    if (pointer.at.segment != header_.at.segment || pointer.at.offset < header_.at.offset) return {};
    return std::string_view(frame_).substr(pointer.at.offset - header_.at.offset, pointer.size_bytes);
}

std::string Group::load(const records::Pointer& pointer) const {
    for (const Group* group = this; group != nullptr; group = group->base_.get()) {
        if (const std::string_view value = group->own_value(pointer); !value.empty()) return std::string(value);
    }
    Result<std::string> value = log_.read(pointer);
    if (!value) throw ReadFailure{std::move(value).error()};
    return std::move(*value);
}

void Group::put_value(std::string key, std::string_view value) {
    if (value.size() <= inline_max_bytes_) return put(std::move(key), records::inline_value(value));
    const records::Pointer pointer{{header_.at.segment, header_.at.offset + frame_.size()}, value.size(), crc32c(value)};
    frame_ += value;
    put(std::move(key), records::pointer(pointer));
}

void Group::set(std::string key, std::optional<std::string> record) {
    record_bytes_ += key.size() + (record ? record->size() : 0);
    const auto [change, is_new] = changes_.try_emplace(std::move(key));
    Undo undo{change, std::nullopt};
    if (!is_new) undo.before.emplace(std::move(change->second));
    undo_.push_back(std::move(undo));
    change->second = std::move(record);
}

void Group::keep() {
    undo_.clear();
    kept_frame_bytes_ = frame_.size();
}

void Group::roll_back() {
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
        if (undo->before) {
            undo->change->second = std::move(*undo->before);
        } else {
            changes_.erase(undo->change);
        }
    }
    undo_.clear();
    frame_.resize(kept_frame_bytes_);
}

void Group::seal() {
    put(keys::applied(), records::position(header_.at));
    keep();
    base_.reset();  // its turn is over, or it would not be ours
    for (const auto& [key, record] : changes_) {
        if (record) {
            batch_.Put(key, *record).PermitUncheckedError();  // fails only beyond a limit that we do not set
        } else {
            batch_.Delete(key).PermitUncheckedError();
        }
    }
    header_.values_bytes = frame_.size() - log::frame_header_bytes;
    header_.batch_bytes = batch_.Data().size();
    header_.batch_crc = crc32c(batch_.Data());
    frame_ += batch_.Data();
    frame_.replace(0, log::frame_header_bytes, log::encode(header_));
}

}  // namespace packetboat::store
