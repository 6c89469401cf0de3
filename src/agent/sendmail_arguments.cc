#include "agent/sendmail_arguments.h"

#include "base/text.h"

namespace packetboat::agent {

namespace {

constexpr std::string_view with_value = "ABCDFLNORVXbfhopr";  // in the next argument where nothing follows the letter
constexpr std::string_view with_rest = "deq";                 // a value only where it follows the letter
constexpr std::string_view without_value = "GUimntv";
constexpr std::string_view ignored = "ABDGLOUXdehmnop";

Unexpected usage(std::string text) { return fail(ErrorCode::invalid, std::move(text)); }

Result<> mode(SendmailArguments& out, std::string_view value) {
    if (value == "m") {
        out.mode = SendmailArguments::Mode::message;
    } else if (value == "s") {
        out.mode = SendmailArguments::Mode::smtp;
    } else if (value == "i") {
        return usage("-bi: there is no alias file here that could be rebuilt; aliases are the server's (packetboat alias)");
    } else if (value == "p") {
        return usage("-bp: nothing is queued here; the server has the queue (packetboat queue list)");
    } else if (value == "d" || value == "D") {
        return usage("-bd: this is no server; packetboat serve is");
    } else {
        return usage("-b" + escape_control(value) + " is no mode that is known here (-bm, -bs)");
    }
    return {};
}

// One option with what belongs to it.
Result<> option(SendmailArguments& out, char letter, const std::string& value) {
    switch (letter) {
        case 'b': return mode(out, value);
        case 't': out.recipients_from_header = true; return {};
        case 'i': out.dot_is_text = true; return {};
        case 'v': out.verbose = true; return {};
        case 'f':
        case 'r': out.sender = value == "<>" ? "" : value; return {};
        case 'F': out.full_name = value; return {};
        case 'C': out.login_file = value; return {};
        case 'V': out.envid = value; return {};
        case 'q': out.remarks.push_back("-q" + value + " is ignored: nothing is queued here, the server has the queue"); return {};
        case 'N': {
            const Result<smtp::wire::Notify> notify = parse_notify(value);
            if (!notify) return usage("-N: " + notify.error().text);
            out.notify = *notify;
            return {};
        }
        case 'R': {
            const Result<smtp::wire::Ret> ret = parse_ret(value);
            if (!ret) return usage("-R: " + ret.error().text);
            out.ret = *ret;
            return {};
        }
        default: break;
    }
    // Of sendmail's many -o options this one only changes what is sent.
    if (letter == 'o' && value == "i") out.dot_is_text = true;
    if (ignored.find(letter) != std::string_view::npos) return {};
    return usage(std::string("-") + letter + " is no option that is known here");
}

}  // namespace

Result<SendmailArguments> parse_sendmail_arguments(std::span<const std::string> arguments) {
    SendmailArguments out;
    bool options = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (!options || word.size() < 2 || word[0] != '-') {
            out.recipients.push_back(word);
            continue;
        }
        if (word == "--dry-run") {
            out.dry_run = true;
            continue;
        }
        if (word == "--") {
            options = false;
            continue;
        }
        for (std::size_t at = 1; at < word.size(); ++at) {
            const char letter = word[at];
            const bool takes_next = with_value.find(letter) != std::string_view::npos;
            const bool takes_rest = takes_next || with_rest.find(letter) != std::string_view::npos;
            if (!takes_rest && without_value.find(letter) == std::string_view::npos)
                return usage(escape_control(word) + ": -" + escape_control(word.substr(at, 1)) + " is no option that is known here");
            std::string value = takes_rest ? word.substr(at + 1) : std::string();
            if (takes_next && value.empty()) {
                if (i + 1 == arguments.size()) return usage(std::string("-") + letter + " takes a value");
                value = arguments[++i];
            }
            if (Result<> taken = option(out, letter, value); !taken) return fail(taken.error());
            if (takes_rest) break;
        }
    }
    return out;
}

Result<smtp::wire::Notify> parse_notify(std::string_view text) {
    smtp::wire::Notify out;
    std::string_view rest = text;
    for (bool more = true; more;) {
        const std::size_t comma = rest.find(',');
        const std::string_view word = trim(rest.substr(0, comma));
        more = comma != std::string_view::npos;
        if (more) rest.remove_prefix(comma + 1);
        bool* const flag = iequals(word, "never")     ? &out.never
                           : iequals(word, "success") ? &out.success
                           : iequals(word, "failure") ? &out.failure
                           : iequals(word, "delay")   ? &out.delay
                                                      : nullptr;
        if (!flag) return usage("\"" + escape_control(text) + "\" is not never, nor of success, failure and delay");
        *flag = true;
    }
    if (out.never && (out.success || out.failure || out.delay)) return usage("never goes with nothing else");
    return out;
}

Result<smtp::wire::Ret> parse_ret(std::string_view text) {
    if (iequals(text, "full")) return smtp::wire::Ret::full;
    if (iequals(text, "hdrs")) return smtp::wire::Ret::headers;
    return usage("\"" + escape_control(text) + "\" is neither full nor hdrs");
}

}  // namespace packetboat::agent
