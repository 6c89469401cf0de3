#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "mime/address.h"
#include "mime/text.h"

// Whatever a field says, what was understood is written so that it is read again as the same, folded or not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::mime;
    const std::string_view value(reinterpret_cast<const char*>(data), size);
    const AddressList list = addresses(value);
    const std::string written = serialize(list);
    const std::string folded = fold("To", written);
    if (addresses(written) != list || addresses(std::string_view(folded).substr(3)) != list || mailboxes(list).size() > addresses_max) {
        std::fprintf(stderr, "written as: %s\n", written.c_str());
        std::abort();
    }
    // What strict rules accept, all readers agree on.
    const std::optional<Mailbox> strict = parse_address(value);
    if (strict && (parse_address(strict->address()) != strict || addresses(strict->address()) != AddressList{*strict})) std::abort();
    return 0;
}
