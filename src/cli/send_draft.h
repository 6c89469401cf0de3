#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/compose.h"
#include "agent/submit.h"
#include "base/error.h"
#include "cli/global.h"
#include "cli/server_flags.h"
#include "mime/builder.h"
#include "server/admin.h"
#include "smtp/wire/command.h"

namespace packetboat::cli {

server::Exit exit_of(agent::Outcome outcome);

// Adds the addresses of options that may be given several times, each of which may name several.
Result<> add_recipients(mime::AddressList& list, const std::vector<std::string>& texts);

// Files that go with a message: they are read while it is sent, so they outlive that.
class FilesToAttach {
public:
    static Result<FilesToAttach> open(const std::vector<std::string>& names);
    void attach_to(mime::Draft& draft) const;

private:
    struct File {
        std::string name;  // without its folder
        std::unique_ptr<agent::FileSource> source;
    };
    std::vector<File> files_;
};

// How a draft is to be sent.
struct SendWish {
    smtp::wire::Notify notify;
    smtp::wire::Ret ret = smtp::wire::Ret::not_given;
    std::string envid;
    bool edit = false;     // in the user's editor first
    bool dry_run = false;  // the message is printed, and nobody is asked anything
};

// Sends it, with a bar on the terminal while it takes long, and tells what became of it for every recipient, as text or JSON. A draft
// without From gets the login's. Answers the exit status.
int send_draft(const Global& global, const ServerFlags& flags, mime::Draft draft, const SendWish& wish);

// What became of it, as JSON.
std::string submission_json(const agent::Submission& submission, server::Exit exit);

}  // namespace packetboat::cli
