#include <cstdint>
#include <optional>
#include <utility>

#include "mime/charset.h"
#include "mime/code_page.h"
#include "mime/reading.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t attachments_max = 1'000;  // further ones are left out
constexpr std::uint32_t signature = 0x223e'9f78;

// Little-endian numbers from left to right; after the first that is not there nothing is read any more.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : rest_(bytes) {}

    bool failed() const { return failed_; }
    bool at_end() const { return failed_ || rest_.empty(); }
    std::string_view take(std::size_t size) {
        if (failed_ || size > rest_.size()) {
            failed_ = true;
            return {};
        }
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    std::uint32_t number(std::size_t size) {
        std::uint32_t value = 0;
        unsigned shift = 0;
        for (const char byte : take(size)) {
            value |= std::uint32_t{static_cast<std::uint8_t>(byte)} << shift;
            shift += 8;
        }
        return value;
    }
    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return number(4); }
    // [MS-OXTNEF] 2.1.3.4: values are filled up to four bytes; what is missing of that at the very end is not missed.
    std::string_view take_padded(std::size_t size) {
        const std::string_view value = take(size);
        const std::size_t padding = (4 - size % 4) % 4;
        take(padding < rest_.size() ? padding : rest_.size());
        return value;
    }

private:
    std::string_view rest_;
    bool failed_ = false;
};

// [MS-OXTNEF] 2.1.3.2: the lower half of an attribute's id.
enum class Attribute : std::uint16_t {
    subject = 0x8004,
    body = 0x800c,
    attach_data = 0x800f,
    attach_title = 0x8010,
    attach_rend_data = 0x9002,
    msg_props = 0x9003,
    attachment = 0x9005,
    oem_codepage = 0x9007,
};

// [MS-OXCDATA] 2.11.1.
enum Type : std::uint16_t {
    pt_unspecified = 0x0000,
    pt_null = 0x0001,
    pt_i2 = 0x0002,
    pt_long = 0x0003,
    pt_r4 = 0x0004,
    pt_double = 0x0005,
    pt_currency = 0x0006,
    pt_apptime = 0x0007,
    pt_error = 0x000a,
    pt_boolean = 0x000b,
    pt_object = 0x000d,
    pt_i8 = 0x0014,
    pt_string8 = 0x001e,
    pt_unicode = 0x001f,
    pt_systime = 0x0040,
    pt_clsid = 0x0048,
    pt_binary = 0x0102,
    multiple_values = 0x1000,
};

// [MS-OXPROPS], those that are asked for.
enum Tag : std::uint16_t {
    pr_subject = 0x0037,
    pr_body = 0x1000,
    pr_rtf_compressed = 0x1009,
    pr_body_html = 0x1013,
    pr_display_name = 0x3001,
    pr_attach_data = 0x3701,
    pr_attach_filename = 0x3704,
    pr_attach_long_filename = 0x3707,
    pr_attach_mime_tag = 0x370e,
    pr_internet_cpid = 0x3fde,
};

// In bytes as they are stored; 0: the value says its length. nullopt: not known, so what follows cannot be found.
std::optional<std::size_t> fixed_size(std::uint16_t type) {
    switch (type) {
        case pt_unspecified:
        case pt_null:
        case pt_i2:
        case pt_long:
        case pt_r4:
        case pt_error:
        case pt_boolean: return 4;
        case pt_double:
        case pt_currency:
        case pt_apptime:
        case pt_i8:
        case pt_systime: return 8;
        case pt_clsid: return 16;
        case pt_object:
        case pt_string8:
        case pt_unicode:
        case pt_binary: return 0;
        default: return std::nullopt;
    }
}

struct Property {
    std::uint16_t type = 0;
    std::uint16_t tag = 0;
    std::string_view value;  // the first, of several
};

// [MS-OXTNEF] 2.1.3.4. nullopt: broken from here on.
std::optional<Property> next_property(Bytes& in) {
    Property out{.type = in.u16(), .tag = in.u16(), .value = {}};
    if (out.tag >= 0x8000) {  // it has a name: a GUID and a number or a text
        in.take(16);
        const bool is_text = in.u32() == 1;
        const std::uint32_t id_or_size = in.u32();
        if (is_text) in.take_padded(id_or_size);
    }
    const bool many = (out.type & multiple_values) != 0;
    out.type = static_cast<std::uint16_t>(out.type & ~multiple_values);
    const std::optional<std::size_t> size = fixed_size(out.type);
    if (!size) return std::nullopt;
    const std::uint32_t count = many || *size == 0 ? in.u32() : 1;
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        const std::string_view value = in.take_padded(*size == 0 ? in.u32() : *size);
        if (i == 0) out.value = value;
    }
    if (in.failed()) return std::nullopt;
    return out;
}

std::string_view before_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

// What an attachment has been called so far, the best name first.
struct Names {
    std::string long_file_name;
    std::string title;
    std::string file_name;
    std::string display_name;

    std::string best() const {
        for (const std::string* name : {&long_file_name, &title, &file_name}) {
            if (!name->empty()) return *name;
        }
        return display_name;
    }
};

class Reader {
public:
    explicit Reader(std::string_view stream) : in_(stream) {}

    Tnef read() {
        out_.is_tnef = in_.u32() == signature && !in_.failed();
        if (!out_.is_tnef) return std::move(out_);
        in_.u16();  // the key
        while (!in_.at_end()) {
            in_.u8();  // the level: the id says it too
            const std::uint32_t id = in_.u32();
            const std::string_view data = in_.take(in_.u32());
            if (in_.failed()) break;
            attribute(static_cast<Attribute>(id & 0xffff), data);
            in_.u16();  // the check sum, which many writers get wrong
        }
        finish_attachment();
        if (!html_.empty()) out_.html = to_utf8(code_page_label(html_code_page_), html_);
        return std::move(out_);
    }

private:
    void attribute(Attribute which, std::string_view data) {
        switch (which) {
            case Attribute::subject:
                if (out_.subject.empty()) out_.subject = text(pt_string8, data);
                return;
            case Attribute::body:
                if (out_.body.empty()) out_.body = text(pt_string8, data);
                return;
            case Attribute::oem_codepage: code_page_ = Bytes(data).u32(); return;
            case Attribute::attach_rend_data:  // begins an attachment
                finish_attachment();
                in_attachment_ = true;
                return;
            case Attribute::attach_title: keep(names_.title, text(pt_string8, data)); return;
            case Attribute::attach_data: attachment_.bytes = data; return;
            case Attribute::msg_props: return properties(data, &Reader::message_property);
            case Attribute::attachment: return properties(data, &Reader::attachment_property);
        }
    }

    void properties(std::string_view data, void (Reader::*use)(const Property&)) {
        Bytes in(data);
        const std::uint32_t count = in.u32();
        for (std::uint32_t i = 0; i < count && !in.at_end(); ++i) {
            const std::optional<Property> property = next_property(in);
            if (!property) return;
            (this->*use)(*property);
        }
    }

    void message_property(const Property& property) {
        if (property.tag == pr_subject) out_.subject = text(property.type, property.value);
        if (property.tag == pr_body) out_.body = text(property.type, property.value);
        if (property.tag == pr_rtf_compressed && property.type == pt_binary) out_.rtf = decompress_rtf(property.value);
        if (property.tag == pr_internet_cpid) html_code_page_ = Bytes(property.value).u32();
        if (property.tag != pr_body_html) return;
        if (property.type == pt_binary) html_ = property.value;
        if (property.type == pt_string8 || property.type == pt_unicode) out_.html = text(property.type, property.value);
    }

    void attachment_property(const Property& property) {
        if (property.tag == pr_attach_long_filename) keep(names_.long_file_name, text(property.type, property.value));
        if (property.tag == pr_attach_filename) keep(names_.file_name, text(property.type, property.value));
        if (property.tag == pr_display_name) keep(names_.display_name, text(property.type, property.value));
        if (property.tag == pr_attach_mime_tag) attachment_.mime_type = text(property.type, property.value);
        if (property.tag != pr_attach_data) return;
        constexpr std::size_t interface_id_bytes = 16;  // stands before an object, which is a message inside
        if (property.type == pt_binary) attachment_.bytes = property.value;
        if (property.type == pt_object && property.value.size() >= interface_id_bytes) {
            attachment_.bytes = property.value.substr(interface_id_bytes);
        }
    }

    // An empty name takes no other's place.
    static void keep(std::string& name, std::string said) {
        if (!said.empty()) name = std::move(said);
    }

    std::string text(std::uint16_t type, std::string_view value) const {
        if (type == pt_string8) return to_utf8(code_page_label(code_page_), before_nul(value));
        if (type != pt_unicode) return {};
        std::string utf8 = to_utf8("utf-16le", value);
        utf8.resize(before_nul(utf8).size());
        return utf8;
    }

    void finish_attachment() {
        attachment_.name = names_.best();
        const bool is_one = in_attachment_ && (attachment_.bytes.data() != nullptr || !attachment_.name.empty());
        if (is_one && out_.attachments.size() < attachments_max) out_.attachments.push_back(std::move(attachment_));
        attachment_ = {};
        names_ = {};
        in_attachment_ = false;
    }

    Bytes in_;
    Tnef out_;
    std::string_view html_;
    std::uint32_t code_page_ = 1252;
    std::uint32_t html_code_page_ = 0;
    bool in_attachment_ = false;
    TnefAttachment attachment_;
    Names names_;
};

}  // namespace

Tnef read_tnef(std::string_view stream) { return Reader(stream).read(); }

}  // namespace packetboat::mime
