#include "../src/tlsa_policy.hpp"

#include "certificates.hpp"

#include <gtest/gtest.h>

using namespace dane;
using dane::test::certificate;
using dane::test::key;

namespace {

TEST(a_tlsa_record, has_three_numbers_and_data)
{
    EXPECT_EQ(read({"\x03\x01\x01zz", 5}), (record{3, 1, 1, "zz"}));
    EXPECT_EQ(read({"\x03\x01\x01", 3}), (record{3, 1, 1, ""}));
    EXPECT_FALSE(read({"\x03\x01", 2}));
    EXPECT_FALSE(read(""));
}

// RFC 7672 3.1.3
TEST(a_tlsa_record, can_be_used_where_it_names_a_certificate_or_key_of_the_server_or_its_issuer)
{
    for (const std::uint8_t usage : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{4}, std::uint8_t{255}})
        EXPECT_FALSE(is_usable({usage, 1, 1, std::string(32, 'x')})) << int{usage};
    for (const std::uint8_t usage : {std::uint8_t{2}, std::uint8_t{3}}) {
        EXPECT_TRUE(is_usable({usage, 1, 1, std::string(32, 'x')}));
        EXPECT_TRUE(is_usable({usage, 0, 2, std::string(64, 'x')}));
        EXPECT_FALSE(is_usable({usage, 2, 1, std::string(32, 'x')}));
        EXPECT_FALSE(is_usable({usage, 1, 3, std::string(32, 'x')}));
    }
}

TEST(a_tlsa_record, with_a_digest_of_another_size_cannot_be_used)
{
    for (const std::size_t size : {0U, 31U, 33U, 64U})
        EXPECT_FALSE(is_usable({3, 1, 1, std::string(size, 'x')})) << size;
    for (const std::size_t size : {0U, 32U, 63U, 65U})
        EXPECT_FALSE(is_usable({3, 1, 2, std::string(size, 'x')})) << size;
    EXPECT_FALSE(is_usable({3, 1, 0, ""}));
}

// What OpenSSL would refuse for a connection must not count as a record before.
TEST(a_tlsa_record, of_a_whole_certificate_or_key_has_to_be_one)
{
    for (const std::uint8_t usage : {std::uint8_t{2}, std::uint8_t{3}}) {
        EXPECT_TRUE(is_usable({usage, 0, 0, certificate()}));
        EXPECT_TRUE(is_usable({usage, 1, 0, key()}));
        EXPECT_FALSE(is_usable({usage, 0, 0, "\xde\xad\xbe\xef"}));
        EXPECT_FALSE(is_usable({usage, 1, 0, "\xde\xad\xbe\xef"}));
        EXPECT_FALSE(is_usable({usage, 0, 0, key()})) << "it is no certificate";
        EXPECT_FALSE(is_usable({usage, 1, 0, certificate()})) << "it is no key";
        EXPECT_FALSE(is_usable({usage, 0, 0, certificate() + 'x'}));
        EXPECT_FALSE(is_usable({usage, 1, 0, key() + 'x'}));
        EXPECT_FALSE(is_usable({usage, 0, 0, ""}));
        auto cut = certificate();
        for (; !cut.empty(); cut.pop_back())
            EXPECT_EQ(is_usable({usage, 0, 0, cut}), cut.size() == certificate().size()) << cut.size();
    }
}

TEST(a_tlsa_record, that_is_longer_than_a_policy_takes_cannot_be_used)
{
    EXPECT_TRUE(is_usable({3, 0, 0, certificate(longest_data)}));
    EXPECT_FALSE(is_usable({3, 0, 0, certificate(longest_data + 1)}));
}

TEST(a_tlsa_record, is_written_as_in_a_zone)
{
    EXPECT_EQ(text_of({3, 1, 1, {"\x00\xab\x7f", 3}}), "3 1 1 00ab7f");
    EXPECT_EQ(text_of({3, 0, 0, std::string(4000, 'x')}).size(), 1024U) << "a whole certificate is cut";
}

TEST(a_tlsa_record, is_asked_for_by_port_and_host)
{
    EXPECT_EQ(name_of("mx.example.org", 25), "_25._tcp.mx.example.org");
}

TEST(a_list_of_domains, has_domains_and_what_is_below_domains)
{
    EXPECT_TRUE(is_listed("example.org", {"example.org"}));
    EXPECT_FALSE(is_listed("mx.example.org", {"example.org"}));
    EXPECT_TRUE(is_listed("mx.example.org", {"other.example", ".example.org"}));
    EXPECT_FALSE(is_listed("example.org", {".example.org"}));
    EXPECT_FALSE(is_listed("anexample.org", {".example.org"}));
    EXPECT_FALSE(is_listed("example.org", {}));
}

} // namespace
