#include "server/erasures.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/executor.h"
#include "server/admin.h"
#include "server/services.h"

namespace packetboat::server {
namespace {

namespace fs = std::filesystem;
using directory::AccountId;
using directory::Directory;
using mailbox::AccountState;

class Erasures : public testing::Test {
protected:
    Erasures() {
        std::string name = (fs::temp_directory_path() / "packetboat-erasures-XXXXXX").string();
        data_ = mkdtemp(name.data());
        restart();
        run_to_end(services->directory().add_domain("example.test")).value();
        dave = run_to_end(services->directory().add_account({.address = at_dave(), .name = {}, .quota_bytes = 0, .password = {}})).value();
    }
    ~Erasures() override {
        services.reset();
        fs::remove_all(data_);
    }
    void restart() {
        services.reset();
        Configuration configuration = Configuration::defaults();
        configuration.data = data_;
        configuration.store_durable = false;
        services = std::move(Services::open(configuration).value());
    }

    static directory::Address at_dave() { return directory::Address::parse("dave@example.test").value(); }
    store::Partition partition() const { return directory::account_partition(dave); }
    Result<mailbox::Added> add() {
        const auto bytes = std::make_shared<const std::string>("Subject: hi\r\n\r\ntext\r\n");
        mailbox::NewEmail email;
        email.content = {.bytes = bytes, .blob = {}, .size_bytes = bytes->size(), .guid = {}};
        return run_to_end(services->mail().add(partition(), std::nullopt, std::move(email)));
    }
    AdminResponse execute(std::string command, std::map<std::string, std::vector<std::string>> args = {}) {
        Admin admin(*services, "mail.example.test", nullptr);
        return run_to_end(admin.execute({.command = std::move(command), .args = std::move(args)}));
    }
    void finish() { run_to_end(finish_erasures(*services, {})); }
    AccountState state() { return run_to_end(services->mail().account_state(partition())).value(); }
    std::vector<AccountId> listed() { return run_to_end(services->directory().erasures({}, 10)).value(); }
    void expect_clean() {
        const AdminResponse verified = execute("store.verify");
        EXPECT_EQ(verified.exit, Exit::done) << verified.error << verified.result;
    }
    void expect_finding(std::string_view what) {
        const AdminResponse verified = execute("store.verify");
        EXPECT_EQ(verified.exit, Exit::findings);
        EXPECT_NE(verified.result.find(what), std::string::npos) << verified.result;
    }

    std::unique_ptr<Services> services;
    AccountId dave{};

private:
    fs::path data_;
};

TEST_F(Erasures, a_removed_account_takes_no_mail_and_leaves_none) {
    ASSERT_TRUE(add());
    EXPECT_EQ(execute("account.rm", {{"address", {"dave@example.test"}}}).exit, Exit::done);
    EXPECT_EQ(add().error().code, ErrorCode::not_found);
    EXPECT_EQ(state(), AccountState::erased);
    EXPECT_TRUE(listed().empty());
    expect_clean();
    EXPECT_EQ(execute("account.rm", {{"address", {"dave@example.test"}}}).exit, Exit::not_found);
}

TEST_F(Erasures, a_crash_after_the_account_left_the_directory_orphans_nothing) {
    ASSERT_TRUE(add());
    ASSERT_TRUE(run_to_end(services->directory().remove_account(at_dave())));
    restart();
    expect_clean();  // it is on the list
    finish();
    EXPECT_EQ(state(), AccountState::erased);
    EXPECT_TRUE(listed().empty());
    EXPECT_EQ(add().error().code, ErrorCode::not_found);
    expect_clean();
    // One of the same name begins with nothing, and is not erased.
    const Result<AccountId> again =
        run_to_end(services->directory().add_account({.address = at_dave(), .name = {}, .quota_bytes = 0, .password = {}}));
    ASSERT_TRUE(again);
    dave = *again;
    ASSERT_TRUE(add());
    finish();
    EXPECT_EQ(run_to_end(services->mail().usage(partition())).value().emails, 1U);
    expect_clean();
}

TEST_F(Erasures, a_crash_while_mail_is_erased_orphans_nothing) {
    for (int i = 0; i < 600; ++i) ASSERT_TRUE(add());
    ASSERT_TRUE(run_to_end(services->directory().remove_account(at_dave())));
    std::stop_source stop;
    {
        const mailbox::Mail::Subscription after_a_commit =
            services->mail().watch(partition(), [&](std::uint64_t) { stop.request_stop(); }).value();
        run_to_end(finish_erasures(*services, stop.get_token()));
    }
    EXPECT_EQ(state(), AccountState::removed);
    EXPECT_EQ(add().error().code, ErrorCode::not_found);
    restart();
    EXPECT_EQ(listed(), std::vector{dave});
    expect_clean();
    finish();
    EXPECT_EQ(state(), AccountState::erased);
    EXPECT_TRUE(listed().empty());
    expect_clean();
}

TEST_F(Erasures, a_crash_before_the_list_knows_that_all_is_erased_does_no_harm) {
    ASSERT_TRUE(add());
    ASSERT_TRUE(run_to_end(services->directory().remove_account(at_dave())));
    ASSERT_TRUE(run_to_end(services->mail().erase_account(partition())));
    restart();
    expect_clean();
    finish();
    EXPECT_TRUE(listed().empty());
    expect_clean();
}

TEST_F(Erasures, one_that_fails_holds_up_no_other_and_is_tried_again) {
    ASSERT_TRUE(add());
    const Result<AccountId> bob = run_to_end(services->directory().add_account(
        {.address = directory::Address::parse("bob@example.test").value(), .name = {}, .quota_bytes = 0, .password = {}}));
    ASSERT_TRUE(bob);
    ASSERT_TRUE(run_to_end(services->directory().remove_account(at_dave())));
    ASSERT_TRUE(run_to_end(services->directory().remove_account(directory::Address::parse("bob@example.test").value())));
    std::string kept;
    const auto put = [&](std::string value) {
        return run_to_end(services->store().write(partition(), std::nullopt, [&](store::Transaction& transaction) -> Result<std::string> {
            kept = transaction.get("A").value_or("");
            transaction.put("A", value);
            return std::string();
        }));
    };
    ASSERT_TRUE(put("broken"));
    const std::string record = kept;
    finish();
    EXPECT_EQ(listed(), std::vector{dave});
    expect_finding("could not be checked");
    ASSERT_TRUE(put(record));
    finish();
    EXPECT_TRUE(listed().empty());
    expect_clean();
}

TEST_F(Erasures, verify_tells_of_mail_that_belongs_to_nobody) {
    const AccountId real = dave;
    dave = AccountId{77};
    ASSERT_TRUE(add());
    expect_finding("nobody is going to erase");
    // Marked, but forgotten half-way: the same.
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(add());
    std::stop_source stop;
    {
        const mailbox::Mail::Subscription after_a_commit =
            services->mail().watch(partition(), [&](std::uint64_t) { stop.request_stop(); }).value();
        EXPECT_FALSE(run_to_end(services->mail().erase_account(partition(), stop.get_token())));
    }
    expect_finding("nobody is going to erase");
    ASSERT_TRUE(run_to_end(services->mail().erase_account(partition())));
    expect_clean();

    dave = real;
    ASSERT_TRUE(run_to_end(services->mail().erase_account(partition())));
    expect_finding("the account exists, but its mail is erased");
}

TEST_F(Erasures, verify_tells_of_records_that_are_no_account_s) {
    ASSERT_TRUE(run_to_end(services->store().write({"abc"}, std::nullopt, [](store::Transaction& transaction) -> Result<std::string> {
        transaction.put("Z", "z");
        return std::string();
    })));
    expect_finding("is no account's");
}

}  // namespace
}  // namespace packetboat::server
