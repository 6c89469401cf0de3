#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/letter.h"
#include "mime/address.h"

namespace packetboat::agent {

struct ShowOptions {
    std::size_t columns = 80;  // of the terminal: text is wrapped to it, and the list of attachments fits; 0: not at all
    bool all_headers = false;
};

inline constexpr std::size_t shown_nesting_max = 5;               // messages forwarded in messages forwarded; deeper ones are listed only
inline constexpr std::size_t shown_max_bytes = 16 * 1024 * 1024;  // of the text; the rest is left out, and it says so

// A message as a person reads it: its header, its text (wrapped; of HTML, as text), what it forwards and invites to, and the list of its
// attachments. Printable: nothing in it steers a terminal.
std::string show(const Letter& letter, const ShowOptions& options);

// Parts of that: for --json, and for searches. Not printable yet.
std::string readable_text(const Letter& letter);  // what the message says, without its header; with what it forwards

// "Alice <alice@example.test>, bob@example.test"
std::string addresses_text(const mime::AddressList& list);
// Who it is from, short: the name, else the address.
std::string sender_text(std::string_view from_value);
// "2026-11-24 09:01" in this machine's time zone; what is no date stays as it is.
std::string date_text(std::string_view date_value);

}  // namespace packetboat::agent
