#pragma once

#include <string>

#include "agent/mail_source.h"
#include "base/worker_pool.h"
#include "net/reactor.h"
#include "pop3/client/client.h"

namespace packetboat::agent {

// A maildrop as a MailSource. The client is logged in, and outlives it.
class Pop3Source final : public MailSource {
public:
    explicit Pop3Source(pop3::Client& client) : client_(client) {}

    Task<Result<std::vector<MailItem>>> list() override;
    Task<std::vector<Result<std::string>>> headers(std::vector<std::uint64_t> numbers) override;
    Task<Result<std::string>> fetch(std::uint64_t number) override;
    Task<Result<>> remove(std::vector<std::uint64_t> numbers) override;
    Task<Result<>> finish() override;

private:
    pop3::Client& client_;
};

// with_mailbox over POP3, on the reactor. What is given outlives the task.
Task<Result<>> with_pop3(net::Reactor& reactor, WorkerPool& pool, const Server& server, std::chrono::milliseconds timeout,
                         const MailWork& work);

}  // namespace packetboat::agent
