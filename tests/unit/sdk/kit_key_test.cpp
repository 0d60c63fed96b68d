#include <postern/kit/ascii.hpp>
#include <postern/kit/key_of.hpp>
#include <postern/kit/network_of.hpp>
#include <postern/kit/sha256.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

using postern::kit::domain_of;
using postern::kit::hashed_key;
using postern::kit::key_of;
using postern::kit::lowered;
using postern::kit::network_of;
using postern::kit::sha256;

namespace {

// FIPS 180-4, examples of NIST.
TEST(kit_sha256, gives_what_its_standard_says)
{
    EXPECT_EQ(sha256{}.text(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256{}.add("abc").text(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256{}.add("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").text(),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256{}.add(std::string(1'000'000, 'a')).text(),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(kit_sha256, is_the_same_however_the_octets_come)
{
    for (const std::size_t length : {0, 1, 55, 56, 63, 64, 65, 127, 128, 200}) {
        const std::string all(length, '\xe4');
        sha256 one_by_one;
        for (const char& octet : all)
            one_by_one.add({&octet, 1});
        EXPECT_EQ(one_by_one.text(), sha256{}.add(all).text()) << length;
    }
}

TEST(kit_key_of, is_readable_while_it_fits_and_never_longer)
{
    EXPECT_EQ(key_of("a", "b@example.org"), "a=b@example.org");
    EXPECT_EQ(key_of("a", std::string(510, 'x')), "a=" + std::string(510, 'x'));
    const std::string longer = key_of("a", std::string(511, 'x'));
    EXPECT_EQ(longer.size(), 66u);
    EXPECT_EQ(longer.substr(0, 2), "a#");
}

TEST(kit_key_of, is_another_for_every_other_text)
{
    const std::string common(600, 'x');
    std::set<std::string> all;
    for (const char* end : {"", "a", "b", "ab"})
        EXPECT_TRUE(all.insert(key_of("k", common + end)).second) << "what is cut off would be the same";
    const std::string hashed = key_of("k", common);
    EXPECT_TRUE(all.insert(key_of("k", hashed)).second) << "a text that looks like a key of a long one";
    EXPECT_TRUE(all.insert(key_of("k", hashed.substr(2))).second);
}

TEST(kit_hashed_key, knows_where_a_text_ends)
{
    EXPECT_EQ(hashed_key("t", {"ab", "c"}).size(), 66u);
    const std::set<std::string> all{hashed_key("t", {"ab", "c"}), hashed_key("t", {"a", "bc"}), hashed_key("t", {"abc"}),
                                    hashed_key("t", {"abc", ""}), hashed_key("t", {"", "abc"}), hashed_key("t", {"1:a", "bc"}),
                                    hashed_key("u", {"ab", "c"})};
    EXPECT_EQ(all.size(), 7u);
}

TEST(kit_network_of, keeps_as_many_bits_as_the_family_has)
{
    EXPECT_EQ(network_of("192.0.2.7", 24, 64), "192.0.2.0/24");
    EXPECT_EQ(network_of("192.0.2.255", 25, 64), "192.0.2.128/25");
    EXPECT_EQ(network_of("192.0.2.7", 32, 128), "192.0.2.7/32");
    EXPECT_EQ(network_of("192.0.2.7", 0, 64), "0.0.0.0/0");
    EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6", 24, 64), "2001:db8:1:2::/64");
    EXPECT_EQ(network_of("2001:db8:1:ffff::", 24, 49), "2001:db8:1:8000::/49");
    EXPECT_EQ(network_of("2001:db8::1", 24, 128), "2001:db8::1/128");
}

TEST(kit_network_of, is_the_same_for_every_spelling_and_none_for_what_is_no_address)
{
    EXPECT_EQ(network_of("::ffff:192.0.2.7", 24, 64), "192.0.2.0/24");
    EXPECT_EQ(network_of("2001:DB8:0:0::1", 24, 128), network_of("2001:db8::1", 24, 128));
    EXPECT_EQ(network_of("", 24, 64), "");
    EXPECT_EQ(network_of("192.0.2", 24, 64), "");
    EXPECT_EQ(network_of("fe80::1%eth0", 24, 64), "");
}

TEST(kit_ascii, leaves_other_octets_as_they_are)
{
    EXPECT_EQ(lowered("A.Z@Example.ORG[`{"), "a.z@example.org[`{");
    EXPECT_EQ(lowered("\xc3\x84@B\xc3\x9c.example"), "\xc3\x84@b\xc3\x9c.example"); // SMTPUTF8: of UTF-8 nothing is changed
    EXPECT_EQ(domain_of("\"a@b\"@example.org"), "example.org");
    EXPECT_EQ(domain_of("postmaster"), "");
    EXPECT_EQ(domain_of(""), "");
}

} // namespace
