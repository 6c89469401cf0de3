#include "server/configuration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/tls.h"
#include "server/options.h"
#include "server/values.h"
#include "store/testing/test_directory.h"

namespace packetboat::server {
namespace {

std::string error_of(std::string_view toml) {
    const Result<Configuration> configuration = parse_configuration(toml, "p.toml");
    return configuration ? "" : configuration.error().text;
}

constexpr std::string_view no_tls = "[listen]\nsubmissions = []\npop3s = []\n";

TEST(configuration, every_default_is_a_value_its_own_parser_takes) {
    const Configuration defaults = Configuration::defaults();
    for (const Option& option : options()) {
        Configuration again = defaults;
        EXPECT_TRUE(set_option(again, option, option_text(defaults, option))) << option.key;
        EXPECT_EQ(option_text(again, option), option_text(defaults, option)) << option.key;
    }
}

TEST(configuration, a_file_of_all_defaults_is_understood) {
    std::string file = configuration_example();
    for (std::size_t at = 0; (at = file.find("\n#", at)) != std::string::npos;) {
        const std::size_t end = file.find('\n', at + 1);
        if (file.compare(at, 3, "\n# ") != 0 && file.substr(at, end - at).find(" = ") != std::string::npos) file.erase(at + 1, 1);
        ++at;
    }
    EXPECT_EQ(error_of(file), "");
}

TEST(configuration, values_of_every_kind_are_read) {
    const Result<Configuration> c = parse_configuration(
        "[server]\nhostname = \"mx.example\"\nreactors = 3\n[log]\nlevel = \"debug\"\n[smtp]\nmessage_max = \"10 MiB\"\nidle_timeout = "
        "\"90 s\"\n"
        "[auth]\nplain_text = true\n[listen]\nsmtp = [\"127.0.0.1:2525\", \"[::1]:2525\"]\nsubmissions = []\npop3s = []\n",
        "p.toml");
    ASSERT_TRUE(c) << c.error().text;
    EXPECT_EQ(c->hostname, "mx.example");
    EXPECT_EQ(c->reactors, 3U);
    EXPECT_EQ(c->log.level, LogLevel::debug);
    EXPECT_EQ(c->smtp.message_max_bytes, 10U << 20);
    EXPECT_EQ(c->smtp_timeouts.idle, std::chrono::seconds(90));
    EXPECT_TRUE(c->plain_text_login);
    ASSERT_EQ(c->listen.smtp.size(), 2U);
    EXPECT_EQ(c->listen.smtp[1].text(), "[::1]:2525");
}

TEST(configuration, a_mistake_is_answered_with_file_line_and_remedy) {
    EXPECT_EQ(error_of("[smtp]\n\nmesage_max = \"1 MiB\"\n"),
              "p.toml:3: smtp.mesage_max: there is no such key; did you mean smtp.message_max?");
    EXPECT_EQ(error_of("[smtp]\nmessage_max = \"1 MB\"\n"),
              "p.toml:2: smtp.message_max: must be a size such as \"64 KiB\", \"50 MiB\" or \"2 GiB\"");
    EXPECT_EQ(error_of("[smtp]\nrecipients_max = 5\n"), "p.toml:2: smtp.recipients_max: must be from 100 to 4294967295");
    EXPECT_EQ(error_of("[smtp]\nrecipients_max = -5\n"), "p.toml:2: smtp.recipients_max: must be a text, a whole number, true or false");
    EXPECT_EQ(error_of("[log]\nlevel = \"loud\"\n"), "p.toml:2: log.level: must be one of: debug info warning error");
    EXPECT_EQ(error_of("[listen]\nsmtp = [\"25\"]\n"),
              "p.toml:2: listen.smtp: not an address with a port: \"25\" (try \"*:25\", \"192.0.2.1:25\" or \"[::]:25\")");
    EXPECT_EQ(error_of("[auth]\nplain_text = \"yes\"\n"), "p.toml:2: auth.plain_text: must be true or false");
    EXPECT_EQ(error_of("[smtp]\nidle_timeout = \"soon\"\n"),
              "p.toml:2: smtp.idle_timeout: must be a time such as \"90 s\", \"5 m\" or \"2 h\"");
    EXPECT_EQ(error_of("hostname = \"x\"\n"), "p.toml:1: hostname: keys stand in sections; did you mean server.hostname?");
    EXPECT_NE(error_of("[smtp\n").find("p.toml:1: "), std::string::npos);
}

TEST(configuration, options_that_do_not_go_together_are_refused_with_file_and_line) {
    const auto whole = [](std::string_view toml) {
        const Result<> checked = check_configuration(*parse_configuration(toml, "p.toml"));
        return checked ? "" : checked.error().text;
    };
    constexpr std::string_view needs = "needs tls.certificate and tls.key (or set listen.submissions and listen.pop3s to [])";
    EXPECT_EQ(whole(no_tls), "");
    EXPECT_EQ(whole(""), "p.toml: listen.submissions: " + std::string(needs));
    EXPECT_EQ(whole(std::string(no_tls) + "[smtp]\nplaces_max = 500\n"),
              "p.toml:5: smtp.places_max: must be at least addresses.alias_targets_max (1000), or some aliases would never get mail");
    EXPECT_EQ(whole(std::string(no_tls) + "[smtp]\nplaces_max = 500\n[addresses]\nalias_targets_max = 500\n"), "");
    EXPECT_EQ(whole("[listen]\nsubmissions = []\npop3s = [\"*:995\"]\n"), "p.toml:3: listen.pop3s: " + std::string(needs));
    EXPECT_EQ(whole(std::string(no_tls) + "[tls]\nkey = \"k.pem\"\n"),
              "p.toml:5: tls.key: needs tls.certificate beside it (or leave out both)");
    EXPECT_EQ(whole("[tls]\n\ncertificate = \"c.pem\"\n"), "p.toml:3: tls.certificate: needs tls.key beside it (or leave out both)");
    EXPECT_EQ(whole(std::string(no_tls) + "[server]\nhostname = \"\"\n"),
              "p.toml:5: server.hostname: must not be empty; write the name by which other servers know this one");
}

TEST(configuration, times_have_a_range) {
    EXPECT_EQ(error_of("[pop3]\nidle_timeout = \"0\"\n"), "p.toml:2: pop3.idle_timeout: must be from 1 s to 1 d");
    for (const Option& option : options()) {
        const auto* field = std::get_if<DurationField>(&option.field);
        if (!field) continue;
        Configuration c = Configuration::defaults();
        EXPECT_FALSE(set_option(c, option, format_duration(field->max + std::chrono::seconds(1)))) << option.key;
        EXPECT_TRUE(set_option(c, option, format_duration(field->max))) << option.key;
        // Those where none is a choice.
        const bool may_be_none = field->min.count() == 0;
        EXPECT_EQ(set_option(c, option, "0").has_value(), may_be_none) << option.key;
    }
}

TEST(configuration, an_unknown_section_is_a_mistake_even_when_empty) {
    EXPECT_EQ(error_of("\n[listn]\n"), "p.toml:2: [listn]: there is no such section; did you mean [listen]?");
    EXPECT_EQ(error_of("[listen]\n[smtp]\n"), "");
}

TEST(configuration, a_folder_is_no_file) {
    const store::TestDirectory folder;
    const Result<Configuration> read = read_configuration(folder.path());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().text, "cannot read the configuration " + folder.path().string() + ": it is a folder; name the file in it");
    const Result<Configuration> missing = read_configuration(folder.path() / "none");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().text.find("No such file"), std::string::npos);
    std::ofstream(folder.path() / "empty.toml");
    EXPECT_TRUE(read_configuration(folder.path() / "empty.toml"));
}

TEST(configuration, what_the_machine_lacks_for_a_start_is_shown_in_the_file) {
    const store::TestDirectory folder;
    const std::string data = "[server]\ndata = \"" + (folder.path() / "data").string() + "\"\n";
    const auto start = [&](const std::string& toml) {
        const Result<Configuration> parsed = parse_configuration(data + toml + std::string(no_tls), "p.toml");
        const Result<> checked = parsed ? check_start(*parsed) : Result<>(fail(parsed.error()));
        return checked ? "" : checked.error().text;
    };
    const auto begins = [&](const std::string& toml, const std::string& with) {
        const std::string text = start(toml);
        EXPECT_EQ(text.substr(0, with.size()), with);
    };
    EXPECT_EQ(start(""), "");
    EXPECT_EQ(start("user = \"no_such_user\"\n"),
              "p.toml:3: server.user: there is no user no_such_user; make it (adduser --system --group no_such_user), or name another");

    const net::TlsFiles one{folder.path() / "1.pem", folder.path() / "1.key"};
    const net::TlsFiles two{folder.path() / "2.pem", folder.path() / "2.key"};
    const auto tls = [](const std::filesystem::path& certificate, const std::filesystem::path& key) {
        return "[tls]\ncertificate = \"" + certificate.string() + "\"\nkey = \"" + key.string() + "\"\n";
    };
    begins(tls(one.certificate, one.key), "p.toml:4: tls.certificate: " + one.certificate.string() + ": No such file");
    ASSERT_TRUE(net::make_self_signed(one, "mail.example.test", {}));
    ASSERT_TRUE(net::make_self_signed(two, "mail.example.test", {}));
    EXPECT_EQ(start(tls(one.certificate, one.key)), "");
    begins(tls(one.certificate, folder.path() / "none"), "p.toml:5: tls.key: " + (folder.path() / "none").string() + ": No such file");
    begins(tls(one.certificate, two.key), "p.toml:5: tls.key: " + two.key.string() + ": ");
    begins(tls(one.key, one.key), "p.toml:4: tls.certificate: " + one.key.string() + ": ");

    std::filesystem::create_directory(folder.path() / "data");
    std::ofstream(folder.path() / "data" / "thesis.tex");
    begins("", "p.toml:2: server.data: " + (folder.path() / "data").string() + " has other things in it (thesis.tex)");
}

TEST(configuration, what_only_a_restart_changes_is_named) {
    const Result<Configuration> before = parse_configuration(no_tls, "p.toml");
    const Result<Configuration> after = parse_configuration(std::string(no_tls) + "smtp = []\n[smtp]\nmessage_max = \"1 MiB\"\n", "p.toml");
    ASSERT_TRUE(before && after);
    EXPECT_EQ(restart_needed(*before, *after), std::vector<std::string>{"listen.smtp"});
}

TEST(configuration, a_reload_leaves_what_only_a_restart_can_change) {
    const Result<Configuration> before = parse_configuration(no_tls, "p.toml");
    const Result<Configuration> after = parse_configuration(
        std::string(no_tls) + "smtp = []\n[smtp]\nerrors_max = 6\n[tls]\ncertificate = \"/c\"\nkey = \"/k\"\n", "p.toml");
    ASSERT_TRUE(before && after);
    const Configuration now = reloaded(*before, *after);
    EXPECT_EQ(now.smtp.errors_max, 6U);
    EXPECT_EQ(now.tls_certificate, before->tls_certificate);
    EXPECT_TRUE(restart_needed(*before, now).empty());
}

TEST(values, sizes_and_durations_go_both_ways) {
    EXPECT_EQ(parse_size("64 KiB"), 65'536U);
    EXPECT_EQ(parse_size("7"), 7U);
    EXPECT_EQ(parse_size("2gib"), 2ULL << 30);
    for (const std::string_view bad : {"", "KiB", "1 MB", "-1", "1.5 MiB", "99999999999999999999", "99999999999 TiB"})
        EXPECT_FALSE(parse_size(bad)) << bad;
    EXPECT_EQ(format_size(50U << 20), "50 MiB");
    EXPECT_EQ(format_size(0), "0");
    EXPECT_EQ(parse_duration("2 h"), std::chrono::hours(2));
    EXPECT_EQ(format_duration(std::chrono::seconds(90)), "90 s");
    EXPECT_FALSE(parse_duration("999999 d"));
}

TEST(values, endpoints_have_an_address_and_a_port) {
    EXPECT_EQ(parse_endpoint("*:25")->text(), "0.0.0.0:25");
    EXPECT_EQ(parse_endpoint("[::]:25")->text(), "[::]:25");
    for (const std::string_view bad : {"25", ":25", "::1:25", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "host:25"})
        EXPECT_FALSE(parse_endpoint(bad)) << bad;
}

}  // namespace
}  // namespace packetboat::server
