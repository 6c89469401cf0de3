#include "mime/field_name.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace packetboat::mime {

namespace {

constexpr std::array<std::string_view, 31> names = {"",
                                                    "Return-Path",
                                                    "Received",
                                                    "Date",
                                                    "From",
                                                    "Sender",
                                                    "Reply-To",
                                                    "To",
                                                    "Cc",
                                                    "Bcc",
                                                    "Subject",
                                                    "Message-ID",
                                                    "In-Reply-To",
                                                    "References",
                                                    "MIME-Version",
                                                    "Content-Type",
                                                    "Content-Transfer-Encoding",
                                                    "Content-Disposition",
                                                    "Content-ID",
                                                    "Content-Description",
                                                    "Content-Language",
                                                    "Content-Location",
                                                    "Content-MD5",
                                                    "List-Id",
                                                    "List-Unsubscribe",
                                                    "List-Unsubscribe-Post",
                                                    "List-Post",
                                                    "List-Help",
                                                    "List-Subscribe",
                                                    "List-Owner",
                                                    "List-Archive"};
static_assert(names.size() == static_cast<std::size_t>(FieldName::list_archive) + 1);

// Where a name stands in the table of slots: its length and three of its bytes tell all names apart. In ftext, with this bit set, nothing
// but a capital is taken for another letter of these names.
constexpr unsigned folded(char c) { return static_cast<unsigned char>(c) | 0x20U; }
constexpr std::size_t slots_count = 256;

constexpr std::size_t slot_of(std::string_view name, unsigned factor) {
    const unsigned middle = folded(name[name.size() / 2]);
    const unsigned key = static_cast<unsigned>(name.size()) << 24 | folded(name.front()) << 16U | middle << 8U | folded(name.back());
    return (key * factor) >> 24U;
}

struct Table {
    unsigned factor = 0;
    std::array<FieldName, slots_count> slots{};
};

// The first odd factor that gives every name a slot of its own.
consteval Table make_table() {
    for (unsigned factor = 0x9e37'79b1;; factor += 2) {
        Table table{factor, {}};
        const bool fits = std::ranges::all_of(std::span(names).subspan(1), [&](const std::string_view& name) {
            FieldName& slot = table.slots[slot_of(name, factor)];
            if (slot != FieldName::other) return false;
            slot = static_cast<FieldName>(&name - names.data());
            return true;
        });
        if (fits) return table;
    }
}

constexpr Table table = make_table();

}  // namespace

FieldName known_field(std::string_view name) {
    if (name.empty()) return FieldName::other;
    const FieldName field = table.slots[slot_of(name, table.factor)];
    const std::string_view known = names[static_cast<std::size_t>(field)];
    if (known.size() != name.size()) return FieldName::other;
    // Without a branch a byte: every slot that is taken is compared to its end.
    unsigned differ = 0;
    for (std::size_t i = 0; i < name.size(); ++i) differ |= folded(name[i]) ^ folded(known[i]);
    return differ == 0 ? field : FieldName::other;
}

std::string_view name_of(FieldName field) { return names[static_cast<std::size_t>(field)]; }

}  // namespace packetboat::mime
