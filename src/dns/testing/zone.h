#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dns/question.h"
#include "dns/resolver.h"

// The domain name system as a test wants it, without a name server: a Resolver over a text. A line is
//
//   NAME TYPE DATA... [secure] [ttl=SECONDS]
//
//   example.org.            MX    10 mx1.example.org.
//   mx1.example.org.        A     192.0.2.1             secure ttl=60
//   mx1.example.org.        AAAA  2001:db8::1
//   _25._tcp.mx1.example.org. TLSA 3 1 1 0123abcd       ; usage, selector, matching type, data in hex
//   example.org.            TXT   "v=spf1 " "-all"      # strings in quotes, with \" and \\, are joined
//   1.2.0.192.in-addr.arpa. PTR   mx1.example.org.
//   www.example.org.        CNAME mx1.example.org.      ; followed for all types but CNAME
//   *.dyn.example.org.      A     192.0.2.9             ; for names below that do not exist (RFC 4592)
//   _imap._tcp.example.org. SRV   1 2 993 mx1.example.org.
//   bad.example.            MX    !failed no name server of bad.example answers
//   forged.example.         ANY   !bogus                ; ANY: whatever is asked; what comes after !failed and !bogus is Answer::why
//
// All names are whole ones; the final dot may be left out. ";" and "#" begin a comment. A name exists when there is a line for it or for
// one below it; what is asked for others is no_such_name. Other lines:
//
//   $ttl 300               of the lines that follow (3600 before it); the last one of the text is that of negative answers
//   $secure example.org.   everything at and below is signed: records, "there is none" and "no such name"
//   $insecure sub.example.org.   but not this; the closest of these lines decides
//
// An answer is secure when all that led to it is.
namespace packetboat::dns::testing {

class Zone final : public Resolver {
public:
    // Throws std::invalid_argument, which names the line, for a text that is not as above.
    explicit Zone(std::string_view text);
    ~Zone() override;

    // From here on another text holds. Throws as the constructor does; then the old one stays.
    void set(std::string_view text);

    Task<Answer> query(std::string name, Type type) override;

    // All that was asked, in order, also what cannot be a name; names normalized.
    std::vector<Question> asked() const;
    std::size_t times_asked(const Question& question) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::dns::testing
