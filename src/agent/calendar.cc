#include "agent/calendar.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/terminal_text.h"
#include "base/text.h"

namespace packetboat::agent {

namespace {

// contentline = name *(";" param) ":" value CRLF           RFC 5545 §3.1
struct ContentLine {
    std::string name;  // upper case
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string_view value;

    std::string_view parameter(std::string_view wanted) const {
        const auto found = std::ranges::find(parameters, wanted, &std::pair<std::string, std::string>::first);
        return found == parameters.end() ? std::string_view() : std::string_view(found->second);
    }
};

// Lines that were folded are joined again.
std::string unfolded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\r') continue;
        const bool folded = c == '\n' && at + 1 < text.size() && (text[at + 1] == ' ' || text[at + 1] == '\t');
        if (folded) {
            ++at;
            continue;
        }
        out += c;
    }
    return out;
}

std::optional<ContentLine> content_line(std::string_view line) {
    constexpr std::size_t parameters_max = 20;
    ContentLine out;
    std::size_t begin = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (c == '"') quoted = !quoted;
        if (quoted || (c != ';' && c != ':')) continue;
        const std::string_view piece = line.substr(begin, at - begin);
        begin = at + 1;
        if (out.name.empty()) {
            out.name = upper(piece);
        } else if (out.parameters.size() < parameters_max) {
            const std::size_t equals = std::min(piece.find('='), piece.size());
            std::string_view value = piece.substr(std::min(equals + 1, piece.size()));
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
            out.parameters.emplace_back(upper(piece.substr(0, equals)), value);
        }
        if (c == ':') {
            out.value = line.substr(begin);
            return out;
        }
    }
    return std::nullopt;
}

// TEXT                                                   RFC 5545 §3.3.11
std::string unescaped(std::string_view value) {
    std::string out;
    for (std::size_t at = 0; at < value.size(); ++at) {
        if (value[at] != '\\' || at + 1 == value.size()) {
            out += value[at];
            continue;
        }
        const char next = value[++at];
        out += next == 'n' || next == 'N' ? '\n' : next;
    }
    return out;
}

// "20261124T090000Z"                                     RFC 5545 §3.3.5
std::string moment(const ContentLine& line) {
    const std::string_view value = trim(line.value);
    const auto digits = [&](std::size_t from, std::size_t count) {
        return value.size() >= from + count && std::ranges::all_of(value.substr(from, count), is_digit);
    };
    if (!digits(0, 8)) return std::string(value);
    const auto piece = [&](std::size_t from, std::size_t count) { return std::string(value.substr(from, count)); };
    std::string out = piece(0, 4) + "-" + piece(4, 2) + "-" + piece(6, 2);
    if (value.size() < 15 || value[8] != 'T' || !digits(9, 6)) return out;
    out += " " + piece(9, 2) + ":" + piece(11, 2);
    if (value.ends_with('Z')) return out + " UTC";
    const std::string_view zone = line.parameter("TZID");
    return zone.empty() ? out : out + " (" + std::string(zone) + ")";
}

std::string person(const ContentLine& line) {
    std::string_view address = trim(line.value);
    if (iequals(address.substr(0, 7), "mailto:")) address.remove_prefix(7);
    const std::string_view name = line.parameter("CN");
    if (name.empty() || name == address) return std::string(address);
    return std::string(name) + " <" + std::string(address) + ">";
}

std::string attendee(const ContentLine& line) {
    const std::string status = lower(line.parameter("PARTSTAT"));
    return status.empty() || status == "needs-action" ? person(line) : person(line) + " (" + status + ")";
}

std::string frequency(std::string_view rule) {
    const std::string text = upper(rule);
    const std::size_t at = text.find("FREQ=");
    if (at == std::string::npos) return {};
    return lower(std::string_view(text).substr(at + 5, std::min(text.find(';', at), text.size()) - at - 5));
}

void take(CalendarEvent& event, const ContentLine& line) {
    if (line.name == "SUMMARY") event.summary = unescaped(line.value);
    if (line.name == "DTSTART") event.begin = moment(line);
    if (line.name == "DTEND") event.end = moment(line);
    if (line.name == "RRULE") event.repeats = frequency(line.value);
    if (line.name == "LOCATION") event.location = unescaped(line.value);
    if (line.name == "ORGANIZER") event.organizer = person(line);
    if (line.name == "DESCRIPTION") event.description = unescaped(line.value);
    if (line.name == "ATTENDEE" && event.attendees.size() < attendees_max) event.attendees.push_back(attendee(line));
}

std::string_view kind_of(std::string_view method) {
    if (method == "REQUEST") return "Invitation";
    if (method == "CANCEL") return "Cancelled";
    if (method == "REPLY") return "Answer to an invitation";
    if (method == "COUNTER") return "Another time proposed";
    return "Event";
}

void add_line(std::string& out, std::string_view label, std::string_view value) {
    if (!value.empty()) out += std::string(label) + ": " + printable(value) + "\n";
}

}  // namespace

Calendar read_calendar(std::string_view utf8) {
    Calendar calendar;
    const std::string text = unfolded(utf8);
    bool in_event = false;
    std::size_t inside = 0;  // components within the event (an alarm), which are not read
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::optional<ContentLine> line = content_line(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!line) continue;
        const bool event = iequals(trim(line->value), "VEVENT");
        if (line->name == "BEGIN") {
            if (in_event) ++inside;
            if (event && !in_event && calendar.events.size() == events_max) break;
            if (event && !in_event) calendar.events.emplace_back();
            in_event = in_event || event;
        } else if (line->name == "END") {
            if (inside > 0)
                --inside;
            else
                in_event = false;
        } else if (in_event) {
            if (inside == 0) take(calendar.events.back(), *line);
        } else if (line->name == "METHOD") {
            calendar.method = upper(trim(line->value));
        }
    }
    return calendar;
}

std::string calendar_text(const Calendar& calendar) {
    std::string out;
    for (const CalendarEvent& event : calendar.events) {
        if (!out.empty()) out += "\n";
        add_line(out, kind_of(calendar.method), event.summary.empty() ? "(no title)" : event.summary);
        std::string when = event.begin;
        if (!event.end.empty() && event.end != event.begin) when += " to " + event.end;
        if (!event.repeats.empty()) when += ", " + event.repeats;
        add_line(out, "When", when);
        add_line(out, "Where", event.location);
        add_line(out, "Organizer", event.organizer);
        std::string attendees;
        for (const std::string& who : event.attendees) attendees += (attendees.empty() ? "" : ", ") + who;
        add_line(out, "Attendees", attendees);
        if (!event.description.empty()) out += "\n" + printable(event.description, Lines::many) + "\n";
    }
    return out;
}

}  // namespace packetboat::agent
