// Signatures of the kit, verified by dkimpy, which shares no code with it; and the forms of RFC 6376 3.4 by their examples.

#include <postern/kit/dkim.hpp>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace postern::kit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// RFC 8463 A.2, in PKCS #8.
constexpr std::string_view ed25519_key = "-----BEGIN PRIVATE KEY-----\n"
                                         "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                         "-----END PRIVATE KEY-----\n";
constexpr std::int64_t now = 1'700'000'000;

[[nodiscard]] std::string made_by_openssl(std::vector<std::string> command)
{
    command.insert(command.begin(), "openssl");
    const auto done = test::run(std::move(command));
    EXPECT_EQ(done.status, (test::exit_status{0, 0})) << done.errors;
    return done.output;
}

[[nodiscard]] const std::string& rsa_key()
{
    static const std::string pem = made_by_openssl({"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"});
    return pem;
}

/// "True", or why not: what dkimpy says of a message, with `record` at the signer's name.
[[nodiscard]] std::string verified(const std::string& message, const std::string& record, std::string_view more = "")
{
    const test::temporary_folder place;
    place.write("message", message);
    place.write("record", record);
    const std::string script = "import dkim, logging, sys\n"
                               "logging.basicConfig(stream=sys.stdout, level=logging.INFO)\n"
                               "record = open('record', 'rb').read()\n"
                               "def dns(name, timeout=5):\n"
                               "    return record if name == b's1._domainkey.example.org.' else None\n"
                               "message = open('message', 'rb').read()\n"
                               "print(dkim.verify(message, dnsfunc=dns, logger=logging.getLogger()" +
                               std::string{more} + "))\n";
    const auto done = test::run(test::start_options{.command = {"/usr/bin/python3", "-c", script}, .folder = place.path()});
    EXPECT_EQ(done.status, (test::exit_status{0, 0})) << done.errors;
    return done.output;
}

[[nodiscard]] std::string signed_message(const dkim_signer& by, const std::string& head, const std::string& body)
{
    return by.sign(head, body, now) + head + "\r\n" + body;
}

constexpr std::string_view head = "Received: from there by here; Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                  "From: reports@example.org\r\n"
                                  "To:   u@example.net,\r\n\tv@example.net  \r\n"
                                  "SUBJECT:  a  subject \r\n that is\r\n\t folded\r\n"
                                  "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                  "Message-ID: <1@example.org>\r\n"
                                  "Content-Type: text/plain\r\n";

class a_signature : public ::testing::TestWithParam<const char*> {
protected:
    [[nodiscard]] static dkim_key key() { return dkim_key{std::string_view{GetParam()} == "rsa" ? rsa_key() : ed25519_key}; }
    const dkim_signer signer_{"example.org", "s1", key()};
};

TEST_P(a_signature, is_good_to_who_did_not_make_it)
{
    for (const std::string_view body : {"", "\r\n", "hello\r\n", "hello\r\n\r\n\r\n", " hello  there \t \r\n\t\r\nx\r\n",
                                        ".\r\n..\r\n", "\r\n\r\nhello\r\n \r\n"}) {
        const auto message = signed_message(signer_, std::string{head}, std::string{body});
        EXPECT_THAT(verified(message, key().record()), HasSubstr("True")) << message;
    }
}

TEST_P(a_signature, is_good_to_a_receiver_of_tls_reports) // RFC 8460 3
{
    const auto message = signed_message(signer_, std::string{head}, "hello\r\n");
    EXPECT_THAT(verified(message, key().record("tlsrpt"), ", tlsrpt='strict'"), HasSubstr("True"));
}

TEST_P(a_signature, survives_what_relays_do_to_white_space)
{
    auto message = signed_message(signer_, std::string{head}, "hello there\r\n");
    message.replace(message.find("To:   u"), 7, "to: u");
    message.replace(message.find("hello there"), 11, "hello \t there  ");
    EXPECT_THAT(verified(message + "\r\n", key().record()), HasSubstr("True"));
}

TEST_P(a_signature, is_broken_by_any_other_change)
{
    const auto good = signed_message(signer_, std::string{head}, "hello\r\n");
    const auto changed = [&](std::string_view from, std::string_view to) {
        auto message = good;
        message.replace(message.find(from), from.size(), to);
        return verified(message, key().record());
    };
    EXPECT_THAT(changed("hello", "hallo"), HasSubstr("False"));
    EXPECT_THAT(changed("<1@", "<2@"), HasSubstr("False"));
    EXPECT_THAT(changed("From: reports", "From: ceo"), HasSubstr("False"));
    EXPECT_THAT(changed("Content-Type", "From: ceo@example.org\r\nContent-Type"), HasSubstr("False")) << "a second one";
    EXPECT_THAT(changed("Content-Type", "Reply-To: x@example.com\r\nContent-Type"), HasSubstr("False"))
        << "one that was not there";
    EXPECT_THAT(changed("Received: from there", "Received: from elsewhere"), HasSubstr("True")) << "which is not signed";
}

INSTANTIATE_TEST_SUITE_P(by, a_signature, ::testing::Values("rsa", "ed25519"),
                         [](const auto& each) { return std::string{each.param}; });

TEST(a_signature_of_many_fields, has_lines_that_mail_may_have)
{
    const dkim_signer signer{"example.org", "s1", dkim_key{rsa_key()}};
    auto all = std::string{head};
    for (int i = 0; i < 100; ++i)
        all += "Cc: " + std::to_string(i) + "@example.net\r\n";
    const auto field = signer.sign(all, "hello\r\n", now);
    EXPECT_TRUE(field.ends_with("\r\n"));
    for (std::size_t at = 0, end = 0; at < field.size(); at = end + 2) {
        end = field.find("\r\n", at);
        EXPECT_LE(end - at, 100U) << field;
    }
    EXPECT_THAT(field, AllOf(HasSubstr("a=rsa-sha256; c=relaxed/relaxed;"), HasSubstr("d=example.org; s=s1;"),
                             HasSubstr("t=1700000000;"), Not(HasSubstr("l="))));
    EXPECT_THAT(verified(field + all + "\r\nhello\r\n", dkim_key{rsa_key()}.record()), HasSubstr("True"));
}

TEST(a_signature_of_nobody, is_not_made)
{
    const dkim_signer signer{"example.org", "s1", dkim_key{ed25519_key}};
    EXPECT_THROW(static_cast<void>(signer.sign("Subject: hi\r\n", "", now)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(signer.sign("From: a@b\r\nFrom: c@d\r\n", "", now)), std::invalid_argument);
    EXPECT_NO_THROW(static_cast<void>(signer.sign("From: a@b\r\n", "", now)));
    for (const auto* bad : {"", ".", "a..b", "a b", "a;b", "a\r\nb"})
        EXPECT_THROW(dkim_signer(bad, "s1", dkim_key{ed25519_key}), std::invalid_argument);
    EXPECT_THROW(dkim_signer("example.org", "s 1", dkim_key{ed25519_key}), std::invalid_argument);
}

TEST(a_key, is_published_as_the_standards_write_it) // RFC 8463 A.2
{
    const dkim_key key{ed25519_key};
    EXPECT_EQ(key.record(), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    EXPECT_EQ(key.record("tlsrpt"), "v=DKIM1; k=ed25519; s=tlsrpt; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    EXPECT_EQ(dkim_signer("example.org", "s1", key).record_name(), "s1._domainkey.example.org");
    const auto strings = txt_strings(dkim_key{rsa_key()}.record());
    EXPECT_THAT(strings, AllOf(HasSubstr("\"v=DKIM1; k=rsa; p="), HasSubstr("\" \"")));
    EXPECT_EQ(txt_strings(std::string(255, 'x')), '"' + std::string(255, 'x') + '"');
    EXPECT_EQ(txt_strings(std::string(256, 'x')), '"' + std::string(255, 'x') + "\" \"x\"");
    EXPECT_EQ(txt_strings(""), "\"\"");
}

TEST(a_key, is_one_that_may_sign)
{
    EXPECT_THROW(dkim_key{""}, std::invalid_argument);
    EXPECT_THROW(dkim_key{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, std::invalid_argument);
    EXPECT_THROW(dkim_key{made_by_openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"})},
                 std::invalid_argument);
    EXPECT_THROW(dkim_key{made_by_openssl({"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"})},
                 std::invalid_argument);
    EXPECT_NO_THROW(dkim_key{made_by_openssl({"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"})});
    EXPECT_THROW(dkim_key{made_by_openssl({"genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:x"})},
                 std::invalid_argument);
}

[[nodiscard]] std::string relaxed_body(std::string_view body)
{
    return dkim_form::body_as(dkim_canon::relaxed, body);
}

TEST(the_relaxed_forms, are_those_of_the_standard) // RFC 6376 3.4.5
{
    EXPECT_EQ(dkim_form::relaxed_field("A: X\r\n"), "a:X\r\n");
    EXPECT_EQ(dkim_form::relaxed_field("B : Y\t\r\n\tZ  \r\n"), "b:Y Z\r\n");
    EXPECT_EQ(relaxed_body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
    EXPECT_EQ(relaxed_body("\r\n\r\n"), "");
    EXPECT_EQ(relaxed_body(""), "");
    EXPECT_EQ(relaxed_body("x"), "x\r\n");
}

TEST(the_simple_form_of_a_body, loses_its_last_empty_lines_alone) // RFC 6376 3.4.3
{
    const auto simple = [](std::string_view body) { return dkim_form::body_as(dkim_canon::simple, body); };
    EXPECT_EQ(simple(" C \r\nD \t E\r\n\r\n\r\n"), " C \r\nD \t E\r\n");
    EXPECT_EQ(simple("\r\n\r\n"), "\r\n");
    EXPECT_EQ(simple(""), "\r\n");
    EXPECT_EQ(simple("x"), "x\r\n");
    EXPECT_EQ(simple(" \r\n"), " \r\n");
}

TEST(the_hash_of_a_body, is_the_same_whatever_portions_it_comes_in)
{
    using namespace std::string_literals;
    for (const auto how : {dkim_canon::relaxed, dkim_canon::simple})
        for (const auto& body : {" a \t b\r\n\r\n \r\nc\r\n\r\n"s, "\r\r\n\r"s, "\n\r\n"s, std::string(10'000, 'x') + " \r\n",
                                 ""s, std::string(9'000, '\r')}) {
            dkim_body_hash whole{how};
            whole.add(body);
            dkim_body_hash octetwise{how};
            for (const char c : body)
                octetwise.add({&c, 1});
            const auto hash = whole.text();
            EXPECT_EQ(octetwise.text(), hash);
            EXPECT_EQ(dkim_form::base64_of(dkim_form::sha256_of(dkim_form::body_as(how, body))), hash);
        }
}

TEST(a_signature_of_another_manner, is_good_too)
{
    for (const auto& [canon_of_head, canon_of_body, word] :
         {std::tuple{dkim_canon::simple, dkim_canon::simple, "c=simple/simple;"},
          {dkim_canon::relaxed, dkim_canon::simple, "c=relaxed/simple;"},
          {dkim_canon::simple, dkim_canon::relaxed, "c=simple/relaxed;"}}) {
        dkim_manner how;
        how.head = canon_of_head;
        how.body = canon_of_body;
        const dkim_signer signer{"example.org", "s1", dkim_key{rsa_key()}, how};
        for (const std::string_view body : {"", "hello  there \r\n\r\n"}) {
            const auto message = signed_message(signer, std::string{head}, std::string{body});
            EXPECT_THAT(message, HasSubstr(word));
            EXPECT_THAT(verified(message, signer.key().record()), HasSubstr("True")) << message;
        }
    }
}

TEST(a_signature_of_another_manner, is_good_for_a_time)
{
    dkim_manner how;
    how.valid_s = 60;
    const dkim_signer signer{"example.org", "s1", dkim_key{rsa_key()}, how};
    const auto field = signer.sign(head, "hello\r\n", 4'000'000'000);
    EXPECT_THAT(field, HasSubstr("t=4000000000; x=4000000060;"));
    const auto past = signer.sign(head, "hello\r\n", now);
    EXPECT_THAT(verified(past + std::string{head} + "\r\nhello\r\n", signer.key().record()), HasSubstr("x= value is past"));
}

TEST(a_signer, knows_which_fields_it_may_sign)
{
    dkim_manner how;
    how.fields.if_present = {"subject"};
    EXPECT_THROW(dkim_signer("example.org", "s1", dkim_key{ed25519_key}, how), std::invalid_argument) << "RFC 6376 5.4";
    how.fields.if_present = {"from"};
    EXPECT_THROW(dkim_signer("example.org", "s1", dkim_key{ed25519_key}, how), std::invalid_argument) << "for good alone";
    how.fields.for_good = {"from"};
    EXPECT_NO_THROW(dkim_signer("example.org", "s1", dkim_key{ed25519_key}, how));
}

} // namespace
} // namespace postern::kit
