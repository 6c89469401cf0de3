#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace packetboat::agent {

// What an invitation by mail says (RFC 5545, 5546), as far as a person reads it. Text as it stands there: not printable yet.
struct CalendarEvent {
    std::string summary;
    std::string begin;  // "2026-11-24 09:00 UTC", "2026-11-24 09:00 (Europe/Berlin)", "2026-11-24"; what is no date stays as it is
    std::string end;
    std::string repeats;  // "weekly", of RRULE's FREQ
    std::string location;
    std::string organizer;               // "Alice <alice@example.test>"
    std::vector<std::string> attendees;  // "Bob <bob@example.test> (accepted)"
    std::string description;
};

struct Calendar {
    std::string method;  // "REQUEST", "CANCEL", "REPLY" …; empty: none
    std::vector<CalendarEvent> events;
};

inline constexpr std::size_t events_max = 20;  // what is beyond is not read
inline constexpr std::size_t attendees_max = 50;

// Reads any text: what is no calendar has no events.
Calendar read_calendar(std::string_view utf8);

// A paragraph for each event, lines of "When: …"; printable.
std::string calendar_text(const Calendar& calendar);

}  // namespace packetboat::agent
