#include "smtp/wire/command.h"
#include "smtp/wire/parameters.h"

namespace packetboat::smtp::wire {

namespace {

struct Encoder {
    std::string operator()(const Helo& helo) const { return " " + helo.domain; }
    std::string operator()(const Ehlo& ehlo) const { return " " + ehlo.domain; }
    std::string operator()(const Lhlo& lhlo) const { return " " + lhlo.domain; }
    std::string operator()(const StartTls&) const { return {}; }
    std::string operator()(const Auth& auth) const {
        return " " + auth.mechanism + (auth.initial_response ? " " + *auth.initial_response : "");
    }
    std::string operator()(const Mail& mail) const {
        return " FROM:<" + (mail.reverse_path ? mail.reverse_path->text() : "") + ">" + encode_parameters(mail);
    }
    std::string operator()(const Rcpt& rcpt) const { return " TO:<" + rcpt.forward_path.text() + ">" + encode_parameters(rcpt); }
    std::string operator()(const Data&) const { return {}; }
    std::string operator()(const Bdat& bdat) const { return " " + std::to_string(bdat.octets) + (bdat.last ? " LAST" : ""); }
    std::string operator()(const Rset&) const { return {}; }
    std::string operator()(const Vrfy& vrfy) const { return " " + vrfy.who + (vrfy.smtputf8 ? " SMTPUTF8" : ""); }
    std::string operator()(const Expn& expn) const { return " " + expn.list + (expn.smtputf8 ? " SMTPUTF8" : ""); }
    std::string operator()(const Help& help) const { return help.topic.empty() ? "" : " " + help.topic; }
    std::string operator()(const Noop&) const { return {}; }
    std::string operator()(const Quit&) const { return {}; }
};

}  // namespace

std::string encode(const Command& command) { return std::string(verb_of(command).name) + std::visit(Encoder{}, command); }

}  // namespace packetboat::smtp::wire
