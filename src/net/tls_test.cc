#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>

#include "base/log.h"
#include "net/openssl_ptr.h"
#include "net/testing/line_server.h"

namespace packetboat::net {
namespace {

using testing::TemporaryFolder;

struct Fixture : ::testing::Test {
    TemporaryFolder folder;
    TlsFiles files{folder.path() / "cert.pem", folder.path() / "key.pem"};

    void write(const std::filesystem::path& file, std::string_view text) { std::ofstream(file, std::ios::trunc) << text; }
    OpensslPtr<X509, X509_free> certificate() {
        const OpensslPtr<BIO, BIO_free_all> bio(BIO_new_file(files.certificate.c_str(), "r"));
        return OpensslPtr<X509, X509_free>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    }
};
using SelfSigned = Fixture;
using Tls = Fixture;

TEST_F(SelfSigned, certificate_names_the_host_and_its_addresses) {
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {"example.test", "192.0.2.1"}));
    const auto made = certificate();
    ASSERT_TRUE(made);
    for (const char* name : {"mail.example.test", "example.test"}) EXPECT_EQ(X509_check_host(made.get(), name, 0, 0, nullptr), 1) << name;
    for (const char* ip : {"127.0.0.1", "::1", "192.0.2.1"}) EXPECT_EQ(X509_check_ip_asc(made.get(), ip, 0), 1) << ip;
    EXPECT_NE(X509_check_host(made.get(), "other.test", 0, 0, nullptr), 1);
    const OpensslPtr<EVP_PKEY, EVP_PKEY_free> key(X509_get_pubkey(made.get()));
    EXPECT_EQ(X509_verify(made.get(), key.get()), 1);
}

TEST_F(SelfSigned, key_is_for_its_owner_only_and_nothing_else_is_left_behind) {
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    struct stat status;
    ASSERT_EQ(::stat(files.key.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

TEST_F(SelfSigned, is_made_once) {
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    const auto written = std::filesystem::last_write_time(files.certificate);
    ASSERT_TRUE(make_self_signed(files, "other.example.test", {}));
    EXPECT_EQ(std::filesystem::last_write_time(files.certificate), written);
}

TEST_F(SelfSigned, uses_the_key_that_is_there_and_leaves_a_lone_certificate_alone) {
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    std::filesystem::remove(files.certificate);
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    EXPECT_TRUE(TlsContext::load(files));
    std::filesystem::remove(files.key);
    EXPECT_EQ(make_self_signed(files, "mail.example.test", {}).error().code, ErrorCode::exists);
}

TEST_F(SelfSigned, says_where_it_cannot_write) {
    const TlsFiles nowhere{folder.path() / "none" / "cert.pem", folder.path() / "none" / "key.pem"};
    const Result<> made = make_self_signed(nowhere, "mail.example.test", {});
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().text.find("none/key.pem"), std::string::npos) << made.error().text;
}

TEST_F(SelfSigned, takes_a_host_name_of_any_length) {
    const std::string host = std::string(60, 'a') + "." + std::string(60, 'b') + ".test";
    ASSERT_TRUE(make_self_signed(files, host, {}));
    EXPECT_EQ(X509_check_host(certificate().get(), host.c_str(), 0, 0, nullptr), 1);
}

TEST_F(Tls, refuses_files_that_are_missing_garbage_or_do_not_fit) {
    EXPECT_EQ(TlsContext::load(files).error().code, ErrorCode::unavailable);
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    const TlsFiles other{folder.path() / "other.pem", folder.path() / "other.key"};
    ASSERT_TRUE(make_self_signed(other, "other.example.test", {}));
    EXPECT_EQ(TlsContext::load({files.certificate, other.key}).error().code, ErrorCode::invalid);
    write(other.certificate, "no certificate");
    EXPECT_EQ(TlsContext::load(other).error().code, ErrorCode::invalid);
}

TEST_F(Tls, keeps_the_old_pair_until_both_files_fit) {
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    auto context = TlsContext::load(files);
    ASSERT_TRUE(context);
    EXPECT_TRUE((*context)->reload_if_changed());
    const TlsFiles other{folder.path() / "other.pem", folder.path() / "other.key"};
    ASSERT_TRUE(make_self_signed(other, "other.example.test", {}));

    std::filesystem::rename(other.certificate, files.certificate);
    // Tried, and complained about, at every look.
    EXPECT_FALSE((*context)->reload_if_changed());
    EXPECT_FALSE((*context)->reload_if_changed());
    ssl_st* connection = (*context)->new_connection(-1);
    EXPECT_TRUE(connection);
    EXPECT_EQ(X509_check_host(SSL_get_certificate(connection), "mail.example.test", 0, 0, nullptr), 1);
    SSL_free(connection);

    std::filesystem::rename(other.key, files.key);
    EXPECT_TRUE((*context)->reload_if_changed());
    connection = (*context)->new_connection(-1);
    EXPECT_EQ(X509_check_host(SSL_get_certificate(connection), "other.example.test", 0, 0, nullptr), 1);
    SSL_free(connection);
}

TEST_F(Tls, a_failed_reload_is_an_error_in_the_log_each_time) {
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    auto context = TlsContext::load(files);
    ASSERT_TRUE(context);
    EXPECT_TRUE((*context)->check_readable());
    std::filesystem::remove(files.key);
    const Result<> readable = (*context)->check_readable();
    ASSERT_FALSE(readable);
    EXPECT_NE(readable.error().text.find(files.key.string()), std::string::npos);

    const std::filesystem::path log = folder.path() / "log";
    ASSERT_TRUE(log_open({.file = log.string()}));
    for (int i = 0; i < 3; ++i) EXPECT_FALSE((*context)->reload_if_changed());
    log_close();
    std::ifstream lines(log);
    int errors = 0;
    for (std::string line; std::getline(lines, line);) {
        errors +=
            line.find("level=error event=tls.reload_failed") != std::string::npos && line.find(files.key.string()) != std::string::npos;
    }
    EXPECT_EQ(errors, 3);
}

TEST_F(Tls, a_connection_outlives_the_context_it_was_made_with) {
    ASSERT_TRUE(make_self_signed(files, "mail.example.test", {}));
    auto context = TlsContext::load(files);
    ASSERT_TRUE(context);
    ssl_st* connection = (*context)->new_connection(-1);
    context->reset();
    EXPECT_TRUE(SSL_get_certificate(connection));
    SSL_free(connection);
}

}  // namespace
}  // namespace packetboat::net
