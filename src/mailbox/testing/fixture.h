#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "mailbox/mailbox.h"
#include "store/memory.h"
#include "store/rocks.h"
#include "store/store.h"

// What the tests of this room share: mail over each engine, and calls that read like sentences.
namespace packetboat::mailbox {

enum class Engine : std::uint8_t { memory, rocks };

inline Content content_of(std::string bytes) {
    const std::uint64_t size = bytes.size();
    return {.bytes = std::make_shared<const std::string>(std::move(bytes)), .size_bytes = size};
}

class MailTest : public testing::TestWithParam<Engine> {
protected:
    MailTest() {
        if (GetParam() == Engine::rocks) {
            std::string name = (std::filesystem::temp_directory_path() / "packetboat-mailbox-XXXXXX").string();
            directory_ = mkdtemp(name.data());
            Result<std::unique_ptr<store::Store>> opened = store::open_rocks({.directory = directory_, .durable = false});
            if (!opened) throw std::runtime_error(opened.error().text);
            store = std::move(*opened);
        }
        if (!store) store = store::make_memory_store();
        limit({});
    }
    ~MailTest() override {
        mail.reset();
        store.reset();
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }

    // The same store under other limits.
    void limit(const Limits& limits) { mail = std::make_unique<Mail>(*store, limits); }

    template <class T>
    Result<T> ask(Task<Result<T>> task) {
        return loop_.run(std::move(task));
    }
    template <class T>
    T must(Task<Result<T>> task) {
        Result<T> result = loop_.run(std::move(task));
        if (!result) throw std::runtime_error("unexpected error: " + result.error().text);
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }
    template <class T>
    std::optional<ErrorCode> error(Task<Result<T>> task) {
        Result<T> result = loop_.run(std::move(task));
        if (result) return std::nullopt;
        return result.error().code;
    }

    Added add(std::string body, NewEmail email = {}) {
        email.content = content_of(std::move(body));
        return must(mail->add(account, std::nullopt, std::move(email)));
    }
    Mail::UpdateOutcome update(Mail::EmailUpdate one) {
        std::vector<Mail::EmailUpdate> updates;
        updates.push_back(std::move(one));
        return must(mail->update(account, std::move(updates))).outcomes.at(0);
    }
    Mailbox box(std::variant<Role, MailboxId> which) { return must(mail->mailbox(account, which)); }
    std::string read(EmailId id) {
        const std::unique_ptr<Body> body = must(mail->body(account, id));
        std::string all;
        for (std::string piece = must(body->next()); !piece.empty(); piece = must(body->next())) all += piece;
        return all;
    }
    std::vector<std::string> findings() {
        std::vector<std::string> sentences;
        for (store::Finding& finding : must(mail->verify(account))) sentences.push_back(std::move(finding.what));
        for (store::Finding& finding : must(store->verify())) sentences.push_back(std::move(finding.what));
        return sentences;
    }
    void expect_sound() { EXPECT_EQ(findings(), std::vector<std::string>()); }
    std::vector<std::string> keys() {
        return must(store->read(account, store::Weight::many, [](const store::Reader& reader) -> Result<std::vector<std::string>> {
            std::vector<std::string> found;
            reader.scan("", "\xff", [&](std::string_view key, std::string_view) {
                found.emplace_back(key);
                return true;
            });
            return found;
        }));
    }

    std::unique_ptr<store::Store> store;
    std::unique_ptr<Mail> mail;
    store::Partition account{"a-test"};

private:
    RunLoop loop_;
    std::filesystem::path directory_;
};

// Once in each test file, for its class derived from MailTest.
#define PACKETBOAT_EVERY_ENGINE(name)                                                  \
    INSTANTIATE_TEST_SUITE_P(on, name, testing::Values(Engine::memory, Engine::rocks), \
                             [](const testing::TestParamInfo<Engine>& on) { return on.param == Engine::memory ? "memory" : "rocks"; })

}  // namespace packetboat::mailbox
