#include "agent/calendar.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/terminal_text.h"

// Any text is a calendar or none; what is shown of it is bounded, and steers no terminal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::agent;
    const Calendar calendar = read_calendar({reinterpret_cast<const char*>(data), size});
    if (calendar.events.size() > events_max) std::abort();
    for (const CalendarEvent& event : calendar.events) {
        if (event.attendees.size() > attendees_max) std::abort();
    }
    const std::string text = calendar_text(calendar);
    if (printable(text, Lines::many) != text) std::abort();
    return 0;
}
