#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mime/builder.h"
#include "mime/index.h"

namespace packetboat::mime {

inline constexpr std::size_t reply_references_max = 100;           // the thread's first message and its latest
inline constexpr std::size_t reply_quote_max_bytes = 1024 * 1024;  // of the original's text; it is cut at a line
inline constexpr std::size_t reply_subject_max_bytes = 2'000;      // cut before a word

enum class Audience : std::uint8_t {
    sender,    // Reply-To, else From; of a message of our own those whom it was for
    everyone,  // they and all of To and Cc; or whom Mail-Followup-To names
    list,      // List-Post's address (RFC 2369 §3.4); where there is none, everyone
};

struct ReplyOptions {
    Mailbox from;              // who answers
    std::vector<Mailbox> own;  // our other addresses: none of them gets an answer
    Audience audience = Audience::sender;
    bool quote = true;
    std::string attribution;  // the line above the quote; empty: "On <date>, <name> wrote:"
};

// An answer to the message, ready to be completed: recipients, "Re: " subject, In-Reply-To, References (RFC 5322 §3.6.4), and its text
// quoted. Any message gives one.
Draft reply(const Index& index, std::string_view message, const ReplyOptions& options);

enum class ForwardAs : std::uint8_t {
    in_line,     // its text below a few lines of its header, its files attached again
    attachment,  // byte for byte, as message/rfc822
};

// The message for somebody else: a draft without recipients.
Draft forward(const Index& index, std::string_view message, const Mailbox& from, ForwardAs how);

// "Re: " or "Fwd: " before a subject, once, in whatever language those before it are: "AW: Re[2]: Lunch" gives "Re: Lunch", and
// "[list] Re: Lunch" gives "Re: [list] Lunch".
std::string reply_subject(std::string_view subject);
std::string forward_subject(std::string_view subject);

}  // namespace packetboat::mime
