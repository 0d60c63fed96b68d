#include "core/io/dns_message.hpp"

namespace postern::io {
namespace {

constexpr std::uint32_t number_of(dns_type type)
{
    return static_cast<std::uint32_t>(type);
}

TEST(dns_question, is_a_name_of_labels_with_or_without_a_final_dot)
{
    EXPECT_EQ(dns_question("mx.example.org", 1), "mx.example.org");
    EXPECT_EQ(dns_question("mx.example.org.", 1), "mx.example.org");
    EXPECT_EQ(dns_question("_dmarc.example.org", 16), "_dmarc.example.org");
    EXPECT_EQ(dns_question("a", 1), "a");
    for (const std::string_view wrong : {"", ".", "..", "a..b", ".a", "a b", "a\tb", "a\\b", "a\"b", "\xc3\xa4.example"})
        EXPECT_EQ(dns_question(wrong, 1), std::nullopt) << wrong;
    EXPECT_EQ(dns_question(std::string_view{"a\0b", 3}, 1), std::nullopt);
}

TEST(dns_question, has_labels_of_63_octets_and_253_in_all)
{
    EXPECT_TRUE(dns_question(std::string(63, 'a') + ".example", 1));
    EXPECT_FALSE(dns_question(std::string(64, 'a') + ".example", 1));
    const auto label = std::string(49, 'a') + '.';
    const auto long_name = label + label + label + label + label; // 250
    EXPECT_TRUE(dns_question(long_name + "abc", 1));
    EXPECT_TRUE(dns_question(long_name + "abc.", 1));
    EXPECT_FALSE(dns_question(long_name + "abcd", 1));
}

TEST(dns_question, for_the_names_of_an_address_is_its_reverse_name)
{
    EXPECT_EQ(dns_question("192.0.2.1", number_of(dns_type::ptr)), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(dns_question("2001:db8::1", number_of(dns_type::ptr)),
              "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    EXPECT_EQ(dns_question("host.example", number_of(dns_type::ptr)), "host.example");
    EXPECT_EQ(dns_question("192.0.2.1", number_of(dns_type::a)), "192.0.2.1"); // a name like another
    EXPECT_EQ(dns_question("2001:db8::1%eth0", number_of(dns_type::ptr)), "2001:db8::1%eth0");
}

TEST(dns_question, is_about_one_type_of_records)
{
    for (const std::uint32_t type : {1U, 52U, 127U, 256U, 65279U})
        EXPECT_TRUE(dns_question("a.example", type)) << type;
    for (const std::uint32_t type : {0U, 41U, 128U, 252U, 255U, 65280U, 65536U + 1U})
        EXPECT_FALSE(dns_question("a.example", type)) << type;
}

std::string name(std::string_view labels)
{
    return std::string{labels} + '\0';
}

TEST(dns_record, of_each_type_is_read)
{
    EXPECT_EQ(read_dns_record(1, "\xc0\x02\x01\x01")->name, "192.2.1.1");
    EXPECT_EQ(read_dns_record(28, std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + "\x01")->name, "2001:db8::1");
    const auto mx = read_dns_record(15, std::string("\0\x0a", 2) + name("\2mx\7example"));
    ASSERT_TRUE(mx);
    EXPECT_EQ(mx->number, 10U);
    EXPECT_EQ(mx->name, "mx.example");
    EXPECT_EQ(mx->data.size(), 2U + 12U);
    EXPECT_EQ(read_dns_record(15, std::string(3, '\0'))->name, ""); // RFC 7505: no mail
    EXPECT_EQ(read_dns_record(16, "\5hello\0\6 world")->data, "hello");
    EXPECT_EQ(read_dns_record(16, std::string("\5hello\0\6 world", 14))->data, "hello world");
    for (const std::uint16_t type : std::vector<std::uint16_t>{2, 5, 12})
        EXPECT_EQ(read_dns_record(type, name("\4host\7example"))->name, "host.example");
    const auto soa = read_dns_record(6, name("\2ns") + name("\1x") + std::string("\0\0\1\2", 4) + std::string(16, '\0'));
    ASSERT_TRUE(soa);
    EXPECT_EQ(soa->name, "ns");
    EXPECT_EQ(soa->number, 258U);
    EXPECT_EQ(read_dns_record(52, "\3\1\1abc")->data, "\3\1\1abc");
    EXPECT_EQ(read_dns_record(257, "anything")->data, "anything");
}

TEST(dns_record, whose_octets_are_not_those_of_its_type_is_none)
{
    EXPECT_FALSE(read_dns_record(1, "abc"));
    EXPECT_FALSE(read_dns_record(1, "abcde"));
    EXPECT_FALSE(read_dns_record(28, "abcd"));
    EXPECT_FALSE(read_dns_record(15, ""));
    EXPECT_FALSE(read_dns_record(15, std::string("\0\x0a", 2)));
    EXPECT_FALSE(read_dns_record(15, std::string("\0\x0a\5ab", 5)));                     // a label that is cut off
    EXPECT_FALSE(read_dns_record(15, std::string("\0\x0a", 2) + name("\2mx") + "more")); // something behind it
    EXPECT_FALSE(read_dns_record(12, "\xc0\x0c"));                                       // compressed: it points nowhere
    EXPECT_FALSE(read_dns_record(12, "\4host"));                                         // no end
    EXPECT_FALSE(read_dns_record(16, "\5abc"));
    EXPECT_FALSE(read_dns_record(6, name("\2ns") + name("\1x") + std::string(19, '\0')));
    std::string endless;
    for (int i = 0; i < 10; ++i)
        endless += '\x3f' + std::string(63, 'a');
    EXPECT_FALSE(read_dns_record(12, name(endless))); // 640 octets
}

TEST(dns_record, shows_octets_that_no_host_name_has_as_question_marks)
{
    const auto odd = read_dns_record(12, std::string("\5a.b\r\n\7example\0", 15));
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->name, "a?b??.example");
    EXPECT_EQ(odd->data, std::string("\5a.b\r\n\7example\0", 15));
}

} // namespace
} // namespace postern::io
