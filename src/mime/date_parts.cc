#include "mime/date_parts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "mime/header_lexer.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t tokens_max = 64;
constexpr std::size_t digits_max = 9;

constexpr std::string_view months[] = {"january", "february", "march",     "april",   "may",      "june",
                                       "july",    "august",   "september", "october", "november", "december"};

struct Zone {
    std::string_view name;
    std::int32_t minutes;
};
// RFC 5322 §4.3, and those that clients and gateways of the world have written. Names with several meanings have the one of the mail seen
// with them: IST is India's, CST and BST America's and Britain's.
constexpr Zone zones[] = {
    {"ut", 0},     {"utc", 0},    {"gmt", 0},    {"z", 0},      {"est", -300},  {"edt", -240},  {"cst", -360}, {"cdt", -300},
    {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"akst", -540}, {"akdt", -480}, {"hst", -600}, {"ast", -240},
    {"adt", -180}, {"nst", -210}, {"ndt", -150}, {"brt", -180}, {"brst", -120}, {"art", -180},  {"clt", -240}, {"wet", 0},
    {"west", 60},  {"bst", 60},   {"cet", 60},   {"cest", 120}, {"met", 60},    {"mest", 120},  {"mez", 60},   {"mesz", 120},
    {"mewt", 60},  {"swt", 60},   {"sast", 120}, {"eet", 120},  {"eest", 180},  {"msk", 180},   {"msd", 240},  {"trt", 180},
    {"ist", 330},  {"npt", 345},  {"ict", 420},  {"wib", 420},  {"hkt", 480},   {"sgt", 480},   {"awst", 480}, {"pht", 480},
    {"jst", 540},  {"kst", 540},  {"acst", 570}, {"acdt", 630}, {"aest", 600},  {"aedt", 660},  {"nzt", 720},  {"nzst", 720},
    {"nzdt", 780}, {"idt", 180},
};

struct Token {
    enum class Kind : unsigned char { word, number, mark };
    Kind kind = Kind::mark;
    std::string_view text;
    int value = 0;       // of a number
    bool apart = false;  // white space or a comment before it
    bool taken = false;  // for the time, the zone or a word's tail

    bool is(char c) const { return kind == Kind::mark && text.front() == c; }
    bool is_number(std::size_t digits_least, std::size_t digits_most) const {
        return kind == Kind::number && !taken && text.size() >= digits_least && text.size() <= digits_most;
    }
    bool is_word(std::string_view lower_case) const { return kind == Kind::word && iequals(text, lower_case); }
};

std::vector<Token> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    HeaderLexer in(text);
    while (tokens.size() < tokens_max) {
        const bool apart = in.skip_cfws();
        if (in.at_end()) break;
        Token token{.text = {}, .apart = apart};
        if (is_digit(in.peek())) {
            token.kind = Token::Kind::number;
            token.text = in.while_(is_digit);
            if (token.text.size() <= digits_max) std::from_chars(token.text.data(), token.text.data() + token.text.size(), token.value);
        } else if (is_alpha(in.peek()) || is_8bit(in.peek())) {
            token.kind = Token::Kind::word;
            token.text = in.while_([](char c) { return is_alpha(c) || is_8bit(c); });
        } else {
            token.text = in.rest().substr(0, 1);
            in.skip();
        }
        tokens.push_back(token);
    }
    return tokens;
}

// "Jan", "January", "Sept": three letters of the name at least. 0: none.
int month_of(const Token& token) {
    if (token.kind != Token::Kind::word || token.text.size() < 3) return 0;
    for (std::size_t i = 0; i < std::size(months); ++i) {
        if (token.text.size() <= months[i].size() && iequals(token.text, months[i].substr(0, token.text.size())))
            return static_cast<int>(i) + 1;
    }
    return 0;
}

class Reader {
public:
    explicit Reader(std::string_view text) : tokens_(tokens_of(text)) {}

    std::optional<DateParts> read() {
        const bool has_time = time();
        if (has_time) zone();
        if (!date(has_time)) return std::nullopt;
        const bool midnight = parts_.hour == 24 && parts_.minute == 0 && parts_.second == 0;
        const bool fits = (parts_.hour <= 23 || midnight) && parts_.minute <= 59 && parts_.second <= 60 && parts_.month >= 1 &&
                          parts_.month <= 12 && parts_.day >= 1 && parts_.day <= 31 && parts_.year >= 1 && parts_.year <= 9999;
        return fits ? std::optional(parts_) : std::nullopt;
    }

private:
    const Token& at(std::size_t i) const {
        static constexpr Token none{.text = "\n"};
        return i < tokens_.size() ? tokens_[i] : none;
    }
    int take(std::size_t i) {
        tokens_[i].taken = true;
        return tokens_[i].value;
    }

    // time-of-day = hour ":" minute [ ":" second ], with fractions, dots for colons, and am or pm; or the "T101500" of ISO 8601.
    bool time() {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (at(i).is_word("t") && i > 0 && at(i - 1).kind == Token::Kind::number && !at(i + 1).apart &&
                (at(i + 1).is_number(4, 4) || at(i + 1).is_number(6, 6)))
                return compact_time(i + 1);
            if (at(i).is_number(1, 2) && at(i + 1).is(':') && at(i + 2).is_number(1, 2)) return clock_time(i, ':');
        }
        // "10.52.37": only beside a month's name, for "1.7.2003" is a date.
        if (std::ranges::none_of(tokens_, [](const Token& token) { return month_of(token) != 0; })) return false;
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (at(i).is_number(1, 2) && at(i + 1).is('.') && at(i + 2).is_number(2, 2) && at(i + 3).is('.') && at(i + 4).is_number(2, 2))
                return clock_time(i, '.');
        }
        return false;
    }
    bool clock_time(std::size_t i, char mark) {
        parts_.hour = take(i);
        parts_.minute = take(i + 2);
        i += 3;
        if (at(i).is(mark) && at(i + 1).is_number(1, 2)) {
            parts_.second = take(i + 1);
            i += 2;
            if ((at(i).is('.') || at(i).is(',')) && !at(i + 1).apart && at(i + 1).kind == Token::Kind::number) {
                take(i + 1);
                i += 2;
            }
        }
        after_time_ = twelve_hours(i);
        return true;
    }
    bool compact_time(std::size_t i) {
        const bool seconds = at(i).text.size() == 6;
        const int value = take(i) * (seconds ? 1 : 100);
        parts_.hour = value / 10'000;
        parts_.minute = value / 100 % 100;
        parts_.second = value % 100;
        after_time_ = i + 1;
        return true;
    }
    // "am", "p.m.". Answers where the rest begins.
    std::size_t twelve_hours(std::size_t i) {
        const bool dotted = at(i + 1).is('.') && at(i + 2).is_word("m");
        const bool pm = at(i).is_word("pm") || (at(i).is_word("p") && dotted);
        const bool am = at(i).is_word("am") || (at(i).is_word("a") && dotted);
        if (!am && !pm) return i;
        if (am && parts_.hour == 12) parts_.hour = 0;
        if (pm && parts_.hour < 12) parts_.hour += 12;
        if (!dotted) return i + 1;
        return at(i + 3).is('.') ? i + 4 : i + 3;
    }

    // zone = ("+" / "-") 4DIGIT / obs-zone                              RFC 5322 §3.3, §4.3
    // Also "+2", "+02:00", "GMT+0200", "EST5EDT" and a name in quotes. Numbers say more than names.
    void zone() {
        std::size_t i = after_time_;
        // asctime has the year between.
        if (at(i).is_number(4, 4) && !year_stands_elsewhere(i)) ++i;
        while (at(i).is('"') || at(i).is(',') || at(i).is('.')) ++i;
        if (at(i).kind == Token::Kind::word && month_of(at(i)) == 0) {
            const std::string_view name = at(i).text;
            const auto* const row = std::ranges::find_if(zones, [&](const Zone& zone) { return iequals(zone.name, name); });
            if (row != std::end(zones)) parts_.offset_minutes = row->minutes;
            ++i;
            // What is glued to the name belongs to it.
            while (at(i).kind != Token::Kind::mark && !at(i).apart) tokens_[i++].taken = true;
            while (at(i).is('"')) ++i;
        }
        while ((at(i).is('+') || at(i).is('-')) && (at(i + 1).is('+') || at(i + 1).is('-'))) ++i;
        if (at(i).is('+') || at(i).is('-')) {
            numeric_zone(i + 1, at(i).is('-'));
        } else if (at(i).is_number(4, 4) && !parts_.offset_minutes && year_stands_elsewhere(i)) {
            numeric_zone(i, false);
        }
    }
    void numeric_zone(std::size_t i, bool west) {
        if (!at(i).is_number(1, 4)) return;
        const std::size_t digits = at(i).text.size();
        const int value = take(i);
        int hours = digits > 2 ? value / 100 : value;
        int minutes = digits > 2 ? value % 100 : 0;
        if (digits <= 2 && at(i + 1).is(':') && at(i + 2).is_number(2, 2)) minutes = take(i + 2);
        parts_.offset_minutes.reset();
        if (minutes > 59 || (west && value == 0 && minutes == 0)) return;
        parts_.offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    }
    // A number with a sign after the time is no year.
    bool year_stands_elsewhere(std::size_t zone) const {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            const bool has_sign = i > after_time_ && (at(i - 1).is('+') || at(i - 1).is('-'));
            if (i != zone && !has_sign && at(i).is_number(4, 4)) return true;
        }
        return false;
    }

    bool date(bool has_time) {
        const auto name = std::ranges::find_if(tokens_, [](const Token& token) { return month_of(token) != 0; });
        if (name != tokens_.end()) return named_month(static_cast<std::size_t>(name - tokens_.begin()));
        return compact_date() || numeric_date(has_time);
    }
    // "1 Jul 2003", "Jul 1, 2003", "Jul 1 10:52:37 2003", "2003-Jul-01": the two numbers nearest the name are the day and the year.
    bool named_month(std::size_t month) {
        parts_.month = month_of(at(month));
        std::vector<const Token*> numbers;
        if (const Token* before = number_before(month)) numbers.push_back(before);
        for (std::size_t i = month + 1; i < tokens_.size() && numbers.size() < 2; ++i) {
            if (at(i).is_number(1, 4)) numbers.push_back(&tokens_[i]);
        }
        if (numbers.size() < 2) return false;
        const bool year_first = numbers[0]->text.size() > 2 || numbers[0]->value > 31;
        return day_and_year(*numbers[year_first ? 1 : 0], *numbers[year_first ? 0 : 1]);
    }
    // Only marks and the "st" of "1st" stand between.
    const Token* number_before(std::size_t month) const {
        for (std::size_t i = month; i > 0 && month - i < 3;) {
            const Token& token = at(--i);
            if (token.is_number(1, 4)) return &token;
            if (token.kind != Token::Kind::mark && token.text.size() > 2) return nullptr;
        }
        return nullptr;
    }
    // "20030701"
    bool compact_date() {
        const auto found = std::ranges::find_if(tokens_, [](const Token& token) { return token.is_number(8, 8); });
        if (found == tokens_.end()) return false;
        parts_.year = found->value / 10'000;
        parts_.month = found->value / 100 % 100;
        parts_.day = found->value % 100;
        return true;
    }
    // "2003-07-01", "7/1/2003", "1.7.2003", "1-7-03", "20 11 79": with slashes the month is first, unless it cannot be one.
    bool numeric_date(bool has_time) {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (!at(i).is_number(1, 4)) continue;
            const bool marks = at(i + 1).is('-') || at(i + 1).is('/') || at(i + 1).is('.');
            const std::size_t step = marks ? 2 : 1;
            if (marks && !at(i + 3).is(at(i + 1).text.front())) continue;
            // Numbers alone are a date only where they stand with a time.
            if (!marks && !has_time) continue;
            const Token& second = at(i + step);
            const Token& third = at(i + 2 * step);
            if (!second.is_number(1, 2) || !third.is_number(1, 4)) continue;
            if (at(i).text.size() > 2) {
                parts_.month = second.value;
                return third.text.size() <= 2 && day_and_year(third, at(i));
            }
            const bool month_first = at(i + 1).is('/') ? at(i).value <= 12 : second.value > 12;
            parts_.month = month_first ? at(i).value : second.value;
            return day_and_year(month_first ? second : at(i), third);
        }
        return false;
    }
    // obs-year                                                          RFC 5322 §4.3
    bool day_and_year(const Token& day, const Token& year) {
        if (day.text.size() > 2) return false;
        parts_.day = day.value;
        parts_.year = year.value;
        if (year.text.size() <= 2) parts_.year += year.value < 50 ? 2000 : 1900;
        if (year.text.size() == 3) parts_.year += 1900;
        return true;
    }

    std::vector<Token> tokens_;
    DateParts parts_;
    std::size_t after_time_ = 0;
};

}  // namespace

std::optional<DateParts> read_date(std::string_view text) { return Reader(text).read(); }

}  // namespace packetboat::mime
