#include <random>

#include "mailbox/testing/fixture.h"
#include "mailbox/testing/model.h"

namespace packetboat::mailbox {
namespace {

// Thousands of random changes to an account and to a model of it, which have to stay the same.
class MailModel : public MailTest {
protected:
    static constexpr std::uint64_t quota = 60'000;

    static int steps() { return GetParam() == Engine::memory ? 4'000 : 1'500; }
    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
    bool chance(std::size_t percent) { return pick(100) < percent; }

    template <class Map>
    auto any_of(const Map& map) {
        return std::next(map.begin(), static_cast<std::ptrdiff_t>(pick(map.size())))->first;
    }
    EmailId any_email() { return model_.emails.empty() || chance(3) ? EmailId{9'999'999} : any_of(model_.emails); }
    MailboxId any_mailbox() { return chance(3) ? MailboxId{9'999} : any_of(model_.mailboxes); }
    Keywords any_keywords() {
        static const std::vector<std::string> some = {"$seen", "$flagged", "red", "$draft", "blue"};
        Keywords keywords;
        while (chance(50)) keywords.push_back(some[pick(some.size())]);
        return keywords;
    }

    void begin() {
        limit({.mailbox_depth_max = 4, .inline_body_max_bytes = 200, .change_log_entries_max = 500});
        for (const Mailbox& box : must(mail->mailboxes(account))) {
            model_.mailboxes[box.id] = {.name = box.name, .role = box.role, .highest_modseq = 1};
        }
    }

    void step() {
        switch (pick(20)) {
            case 0: return create();
            case 1: return rename();
            case 2: return chance(30) ? remove() : replay();
            default: return chance(40) ? add_email() : change_emails();
        }
    }

    void add_email() {
        NewEmail email;
        std::string body(pick(400), static_cast<char>('a' + pick(26)));
        email.keywords = any_keywords();
        const MailboxId where = any_mailbox();
        email.where = where;
        email.quota_bytes = quota;
        email.content = content_of(body);
        const Id128 id = Id128::derived({std::to_string(random_())});
        const Result<Added> added = ask(mail->add(account, id, email));
        if (!model_.mailboxes.contains(where)) return expect_error(added, ErrorCode::not_found);
        if (model_.bytes() + body.size() > quota) return expect_error(added, ErrorCode::over_quota);
        ASSERT_TRUE(added) << added.error().text;
        ModelEmail& stored = model_.emails[added->id];
        stored.body = std::move(body);
        stored.keywords.insert(email.keywords.begin(), email.keywords.end());
        stored.modseq = added->modseq;
        EXPECT_EQ(model_.place(stored, where, added->modseq), added->uid);
        last_ = {id, email, *added};
    }

    void replay() {
        if (!last_) return;
        const Added again = must(mail->add(account, last_->id, last_->email));
        EXPECT_TRUE(again.replayed);
        EXPECT_EQ(again.id, last_->added.id);
        EXPECT_EQ(again.uid, last_->added.uid);
    }

    Mail::EmailUpdate any_update() {
        Mail::EmailUpdate update{.id = any_email()};
        if (chance(40)) update.add_keywords = any_keywords();
        if (chance(30)) update.remove_keywords = any_keywords();
        if (chance(10)) update.set_keywords = any_keywords();
        while (chance(25)) update.add_to.push_back(any_mailbox());
        while (chance(30)) update.remove_from.push_back(any_mailbox());
        if (chance(5) && model_.emails.contains(update.id)) {
            for (const auto& [mailbox, uid] : model_.emails[update.id].placements) update.remove_from.push_back(mailbox);
        }
        if (chance(10)) update.if_modseq_at_most = pick(4'000);
        return update;
    }

    void change_emails() {
        std::vector<Mail::EmailUpdate> updates;
        do updates.push_back(any_update());
        while (chance(60));
        const Mail::Updated updated = must(mail->update(account, updates));
        ASSERT_EQ(updated.outcomes.size(), updates.size());
        for (std::size_t i = 0; i < updates.size(); ++i) expect_updated(updates[i], updated.modseq, updated.outcomes[i]);
    }

    void expect_updated(const Mail::EmailUpdate& update, std::uint64_t modseq, const Mail::UpdateOutcome& outcome) {
        const auto found = model_.emails.find(update.id);
        if (found == model_.emails.end()) return expect_error(outcome.result, ErrorCode::not_found);
        ModelEmail& email = found->second;
        if (update.if_modseq_at_most && email.modseq > *update.if_modseq_at_most) {
            return expect_error(outcome.result, ErrorCode::conflict);
        }
        const std::set<MailboxId> remove(update.remove_from.begin(), update.remove_from.end());
        std::set<MailboxId> add;
        for (const MailboxId id : update.add_to) {
            if (!email.placements.contains(id) || remove.contains(id)) add.insert(id);
        }
        for (const MailboxId id : add) {
            if (!model_.mailboxes.contains(id)) return expect_error(outcome.result, ErrorCode::not_found);
        }
        ASSERT_TRUE(outcome.result) << outcome.result.error().text;

        const ModelEmail before = email;
        if (update.set_keywords) email.keywords = {update.set_keywords->begin(), update.set_keywords->end()};
        for (const std::string& keyword : update.remove_keywords) email.keywords.erase(keyword);
        email.keywords.insert(update.add_keywords.begin(), update.add_keywords.end());
        for (const MailboxId id : remove) model_.displace(update.id, id, modseq);
        std::map<MailboxId, std::uint32_t> placed;
        for (const MailboxId id : add) placed[id] = model_.place(email, id, modseq);
        std::map<MailboxId, std::uint32_t> told;
        for (const Placement& placement : outcome.placed) told[placement.mailbox] = placement.uid;
        EXPECT_EQ(told, placed);
        if (email.keywords != before.keywords || email.placements != before.placements) model_.touch(update.id, modseq);
        if (email.placements.empty()) model_.emails.erase(update.id);
    }

    void create() {
        const std::string name(1, static_cast<char>('a' + pick(8)));
        const std::optional<MailboxId> parent = chance(50) ? std::optional(any_mailbox()) : std::nullopt;
        const Result<MailboxId> id = ask(mail->create_mailbox(account, name, parent, Role::none));
        if (parent && !model_.mailboxes.contains(*parent)) return expect_error(id, ErrorCode::not_found);
        if (depth(parent) + 1 > 4) return expect_error(id, ErrorCode::too_many);
        if (model_.name_taken(parent, name)) return expect_error(id, ErrorCode::exists);
        ASSERT_TRUE(id) << id.error().text;
        EXPECT_TRUE(model_.mailboxes.emplace(*id, ModelMailbox{name, parent, Role::none, 1, must(mail->modseq(account))}).second);
    }

    void rename() {
        const MailboxId id = any_mailbox();
        const std::string name(1, static_cast<char>('a' + pick(8)));
        const std::optional<MailboxId> parent = chance(50) ? std::optional(any_mailbox()) : std::nullopt;
        const Result<> done = ask(mail->update_mailbox(account, id, {.name = name, .parent = parent}));
        if (!model_.mailboxes.contains(id)) return expect_error(done, ErrorCode::not_found);
        ModelMailbox& box = model_.mailboxes[id];
        if (box.role == Role::inbox) return expect_error(done, ErrorCode::invalid);
        if (parent && !model_.mailboxes.contains(*parent)) return expect_error(done, ErrorCode::not_found);
        if (model_.is_below(parent, id)) return expect_error(done, ErrorCode::invalid);
        if (box.parent != parent && depth(parent) + 1 + height(id) > 4) return expect_error(done, ErrorCode::too_many);
        if (model_.name_taken(parent, name, id)) return expect_error(done, ErrorCode::exists);
        ASSERT_TRUE(done) << done.error().text;
        box.name = name;
        box.parent = parent;
    }

    void remove() {
        const MailboxId id = any_mailbox();
        const Result<> done = ask(mail->remove_mailbox(account, id));
        if (!model_.mailboxes.contains(id)) return expect_error(done, ErrorCode::not_found);
        if (model_.mailboxes[id].role == Role::inbox) return expect_error(done, ErrorCode::invalid);
        if (model_.has_children(id)) return expect_error(done, ErrorCode::conflict);
        ASSERT_TRUE(done) << done.error().text;
        const std::uint64_t modseq = must(mail->modseq(account));
        std::vector<EmailId> inside;
        for (const auto& [email, stored] : model_.emails) {
            if (stored.placements.contains(id)) inside.push_back(email);
        }
        for (const EmailId email : inside) {
            if (model_.displace(email, id, modseq)) {
                model_.emails.erase(email);
            } else {
                model_.touch(email, modseq);
            }
        }
        model_.mailboxes.erase(id);
    }

    std::size_t depth(std::optional<MailboxId> id) const { return id ? 1 + depth(model_.mailboxes.at(*id).parent) : 0; }
    std::size_t height(MailboxId top) const {
        std::size_t most = 0;
        for (const auto& [id, box] : model_.mailboxes) {
            if (box.parent == top) most = std::max(most, 1 + height(id));
        }
        return most;
    }

    template <class T>
    void expect_error(const Result<T>& result, ErrorCode code) {
        ASSERT_FALSE(result);
        EXPECT_EQ(to_string(result.error().code), to_string(code)) << result.error().text;
    }

    void expect_same() {
        const std::vector<Mailbox> boxes = must(mail->mailboxes(account));
        ASSERT_EQ(boxes.size(), model_.mailboxes.size());
        for (const Mailbox& box : boxes) expect_same(box);
        EXPECT_EQ(must(mail->usage(account)).emails, model_.emails.size());
        EXPECT_EQ(must(mail->usage(account)).bytes, model_.bytes());
        expect_sound();
    }

    void expect_same(const Mailbox& box) {
        ASSERT_TRUE(model_.mailboxes.contains(box.id));
        const ModelMailbox& expected = model_.mailboxes[box.id];
        EXPECT_EQ(box.name, expected.name);
        EXPECT_EQ(box.parent, expected.parent);
        EXPECT_EQ(box.role, expected.role);
        EXPECT_EQ(box.uidnext, expected.uidnext);
        EXPECT_EQ(box.highest_modseq, expected.highest_modseq);
        std::map<std::uint32_t, EmailId> uids;
        std::uint64_t unseen = 0;
        std::uint64_t bytes = 0;
        for (const auto& [id, email] : model_.emails) {
            const auto placement = email.placements.find(box.id);
            if (placement == email.placements.end()) continue;
            uids[placement->second] = id;
            unseen += email.seen() ? 0 : 1;
            bytes += email.body.size();
        }
        EXPECT_EQ(box.emails, uids.size());
        EXPECT_EQ(box.unseen, unseen);
        EXPECT_EQ(box.bytes, bytes);
        const std::vector<Row> rows = must(mail->rows(account, box.id, RowDetail::keywords));
        ASSERT_EQ(rows.size(), uids.size());
        auto next = uids.begin();
        for (const Row& row : rows) {
            EXPECT_EQ(row.uid, next->first);
            EXPECT_EQ(row.email, next->second);
            const ModelEmail& email = model_.emails[(next++)->second];
            EXPECT_EQ(row.size_bytes, email.body.size());
            EXPECT_EQ(row.modseq, email.modseq);
            EXPECT_EQ(row.keywords, Keywords(email.keywords.begin(), email.keywords.end()));
            if (chance(5)) EXPECT_EQ(read(row.email), email.body);
        }
    }

    // Somebody who reads the change log in small pieces comes to know the same.
    void follow() {
        while (true) {
            const Mail::Changes changes = must(mail->changes(account, replica_.modseq, 1 + pick(20)));
            EXPECT_TRUE(replica_.apply(changes));
            if (changes.complete) break;
        }
        std::set<EmailId> emails;
        std::map<std::pair<MailboxId, std::uint32_t>, EmailId> placements;
        std::set<MailboxId> mailboxes;
        for (const auto& [id, email] : model_.emails) {
            emails.insert(id);
            for (const auto& [mailbox, uid] : email.placements) placements[{mailbox, uid}] = id;
        }
        for (const auto& [id, box] : model_.mailboxes) mailboxes.insert(id);
        EXPECT_EQ(replica_.emails, emails);
        EXPECT_EQ(replica_.placements, placements);
        EXPECT_EQ(replica_.mailboxes, mailboxes);
    }

    void run(std::uint64_t seed, int steps) {
        random_.seed(seed);
        begin();
        for (int i = 0; i < steps && !HasFailure(); ++i) {
            step();
            if (i == 0 && must(mail->modseq(account)) == 0) --i;  // until the account is there
            if (i % 20 == 0) follow();
            if (i % 250 == 0) expect_same();
        }
        expect_same();
    }

private:
    struct Last {
        Id128 id;
        NewEmail email;
        Added added;
    };
    std::mt19937_64 random_;
    Model model_;
    Replica replica_;
    std::optional<Last> last_;
};
PACKETBOAT_EVERY_ENGINE(MailModel);

TEST_P(MailModel, stays_the_same_through_random_changes) { run(1, steps()); }
TEST_P(MailModel, stays_the_same_through_other_random_changes) { run(20'261'124, steps()); }

}  // namespace
}  // namespace packetboat::mailbox
