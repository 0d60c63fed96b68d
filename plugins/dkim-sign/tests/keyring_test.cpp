#include "../src/keyring.hpp"
#include "../src/signed_octets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

using namespace dkim_sign;
using testing::HasSubstr;

namespace {

// RFC 8463 A.2, in PKCS #8.
constexpr std::string_view ed25519_key = "-----BEGIN PRIVATE KEY-----\n"
                                         "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                         "-----END PRIVATE KEY-----\n";

TEST(a_place_of_a_key, is_a_selector_and_a_domain)
{
    const auto place = place_of("S1.east._domainkey.Example.ORG.");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->selector, "s1.east");
    EXPECT_EQ(place->domain, "example.org");
    for (const auto* wrong :
         {"", "example.org", "._domainkey.example.org", "s1._domainkey.", "s1._domainkey", "s1.domainkey.example.org"})
        EXPECT_FALSE(place_of(wrong)) << wrong;
}

TEST(a_keyring, finds_the_keys_of_a_domain_or_of_the_nearest_one_above)
{
    keyring keys;
    const postern::kit::dkim_key key{ed25519_key};
    keys.add({"example.org", "s1", key});
    keys.add({"example.org", "s2", key});
    keys.add({"mail.example.org", "s3", key});
    EXPECT_EQ(keys.size(), 3u);
    ASSERT_NE(keys.find("Example.Org", false), nullptr);
    EXPECT_EQ(keys.find("example.org", false)->size(), 2u);
    EXPECT_EQ(keys.find("a.example.org", false), nullptr);
    EXPECT_EQ(keys.find("a.example.org", true), keys.find("example.org", false));
    EXPECT_EQ(keys.find("a.mail.example.org", true), keys.find("mail.example.org", false));
    for (const auto* other : {"", ".", "org", "notexample.org", "example.org.evil"})
        EXPECT_EQ(keys.find(other, true), nullptr) << other;
    EXPECT_EQ(keys.records("mail.example.org"),
              "s3._domainkey.mail.example.org. IN TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n");
    EXPECT_THAT(keys.records(""), testing::AllOf(HasSubstr("s1._domainkey.example.org."), HasSubstr("s3.")));
    EXPECT_EQ(keys.records("example.net"), "");
}

class a_key_file : public testing::Test {
protected:
    a_key_file() : file_{std::filesystem::temp_directory_path() / ("dkim_key." + std::to_string(::getpid()))}
    {
        std::ofstream{file_} << ed25519_key;
    }
    ~a_key_file() override { std::filesystem::remove(file_); }
    void has_mode(unsigned mode) const { std::filesystem::permissions(file_, std::filesystem::perms{mode}); }
    [[nodiscard]] std::string fault() const
    {
        try {
            return "none: " + read_key_file(file_.string());
        } catch (const std::invalid_argument& why) {
            return why.what();
        }
    }

    std::filesystem::path file_;
};

TEST_F(a_key_file, is_for_its_owner_and_group_alone)
{
    for (const unsigned mode : {0600U, 0640U, 0660U}) {
        has_mode(mode);
        EXPECT_EQ(fault(), "none: " + std::string{ed25519_key});
    }
    for (const unsigned mode : {0604U, 0602U, 0644U, 0601U}) {
        has_mode(mode);
        EXPECT_THAT(fault(), testing::AllOf(HasSubstr(file_.string()), HasSubstr("chmod o="))) << mode;
    }
}

TEST_F(a_key_file, is_a_file)
{
    EXPECT_THROW((void)read_key_file("/nonexistent/key"), std::invalid_argument);
    EXPECT_THROW((void)read_key_file("/dev"), std::invalid_argument);
    has_mode(0600);
    std::ofstream{file_} << std::string(100'000, 'x');
    EXPECT_THAT(fault(), HasSubstr("too long"));
}

TEST(signed_octets_of_a_message, are_its_header_section_and_the_hash_of_its_body)
{
    for (const auto& [message, head, body] :
         {std::tuple{"A: 1\r\nB: 2\r\n\r\nhello\r\n\r\nmore\r\n", "A: 1\r\nB: 2\r\n", "hello\r\n\r\nmore\r\n"},
          {"\r\nhello\r\n", "", "hello\r\n"},
          {"A: 1\r\n\r\n", "A: 1\r\n", ""},
          {"A: 1\r\n\r\n\r\nx", "A: 1\r\n", "\r\nx"}}) {
        const std::string_view all = message;
        postern::kit::dkim_body_hash wanted{postern::kit::dkim_canon::relaxed};
        wanted.add(body);
        const auto hash = wanted.text();
        for (std::size_t size = 1; size <= all.size(); ++size) {
            signed_octets octets{postern::kit::dkim_canon::relaxed};
            for (std::size_t at = 0; at < all.size(); at += size)
                octets.add(all.substr(at, size));
            EXPECT_EQ(octets.head(), head) << size;
            EXPECT_EQ(octets.body_hash(), hash) << size;
        }
    }
}

} // namespace
