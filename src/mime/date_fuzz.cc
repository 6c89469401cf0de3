#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "mime/date.h"

// A date that was read is written so that it is read again as the same; so is any instant in any zone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::mime;
    const std::optional<Date> read = date({reinterpret_cast<const char*>(data), size});
    if (read) {
        const std::optional<Date> again = date(serialize(*read));
        // Where the zone takes it out of the years that can be written, it is moved into them.
        const bool edge = read->seconds < -62'135'000'000 || read->seconds > 253'401'000'000;
        if (!again || (!edge && *again != *read)) std::abort();
    }
    std::int64_t seconds = 0;
    std::int16_t offset = 0;
    if (size < sizeof seconds + sizeof offset) return 0;
    std::memcpy(&seconds, data, sizeof seconds);
    std::memcpy(&offset, data + sizeof seconds, sizeof offset);
    if (!date(serialize(Date{.seconds = seconds, .offset_minutes = offset}))) std::abort();
    const Date instant{.seconds = seconds % 60'000'000'000, .offset_minutes = offset % 6'000};
    if (date(serialize(instant)) != instant) std::abort();
    return 0;
}
