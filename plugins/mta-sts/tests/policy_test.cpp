#include "../src/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mta_sts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::string good = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 86400\n"; // NOLINT(cert-err58-cpp)

/// `good` with one part of it replaced.
[[nodiscard]] std::string with(const std::string& part, const std::string& other)
{
    auto text = good;
    return text.replace(text.find(part), part.size(), other);
}
[[nodiscard]] bool is_good(const std::string& text)
{
    return parse_policy(text).what.has_value();
}
[[nodiscard]] std::string why_not(const std::string& text)
{
    return parse_policy(text).why;
}

// RFC 8461 3.2, appendix A
TEST(a_policy, is_fields_of_a_key_and_a_value_each_on_a_line)
{
    const auto parsed = parse_policy("version: STSv1\r\nmode: testing\r\nmx: mx1.Example.com\r\nmx: mx2.example.com\r\n"
                                     "mx: *.example.net\r\nmax_age: 1296000\r\n");
    ASSERT_TRUE(parsed.what) << parsed.why;
    EXPECT_EQ(parsed.what->how, mode::testing);
    EXPECT_EQ(parsed.what->max_age, std::chrono::seconds{1'296'000});
    EXPECT_THAT(parsed.what->mx, ElementsAre("mx1.example.com", "mx2.example.com", "*.example.net"));
}

TEST(a_policy, may_have_its_fields_in_any_order_and_lines_that_end_in_lf_or_crlf_or_with_the_text)
{
    EXPECT_TRUE(is_good(good));
    EXPECT_TRUE(is_good(good.substr(0, good.size() - 1)));
    EXPECT_TRUE(is_good("max_age: 1\r\nmx: a.example\nmode: none\r\nversion: STSv1"));
    EXPECT_TRUE(is_good(good + "\n\r\n"));
}

TEST(a_policy, has_spaces_and_tabs_behind_a_colon_and_at_the_end_of_a_line_alone)
{
    EXPECT_TRUE(is_good(with("mode: enforce", "mode:enforce")));
    EXPECT_TRUE(is_good(with("mode: enforce", "mode: \t enforce \t")));
    EXPECT_FALSE(is_good(with("mode: enforce", "mode : enforce")));
    EXPECT_FALSE(is_good(with("mode: enforce", " mode: enforce")));
}

TEST(a_policy, is_none_without_any_of_its_fields)
{
    EXPECT_EQ(why_not(with("version: STSv1\n", "")), "it has no version");
    EXPECT_EQ(why_not(with("mode: enforce\n", "")), "it has no mode");
    EXPECT_EQ(why_not(with("max_age: 86400\n", "")), "it has no max_age");
    EXPECT_EQ(why_not(with("mx: mx.example.org\n", "")), "it has no mx");
    EXPECT_EQ(why_not(""), "it has no version");
}

TEST(a_policy, needs_no_mx_where_its_mode_is_none)
{
    EXPECT_TRUE(is_good("version: STSv1\nmode: none\nmax_age: 1\n"));
    EXPECT_FALSE(is_good("version: STSv1\nmode: testing\nmax_age: 1\n"));
}

TEST(a_policy, has_keys_and_values_in_the_case_of_the_standard)
{
    EXPECT_FALSE(is_good(with("STSv1", "stsv1")));
    EXPECT_FALSE(is_good(with("STSv1", "STSv2")));
    EXPECT_FALSE(is_good(with("version", "Version"))) << "another key, which says nothing";
    EXPECT_FALSE(is_good(with("enforce", "Enforce")));
    EXPECT_FALSE(is_good(with("enforce", "report")));
}

TEST(a_policy, ends_within_a_year)
{
    EXPECT_TRUE(is_good(with("86400", "31557600")));
    EXPECT_THAT(why_not(with("86400", "31557601")), HasSubstr("line 4: max_age"));
    EXPECT_TRUE(is_good(with("86400", "0")));
    EXPECT_TRUE(is_good(with("86400", "0000086400"))) << "ten digits";
    EXPECT_FALSE(is_good(with("86400", "00000086400"))) << "eleven";
    for (const auto* const each : {"9999999999", "-1", "+1", "1s", "1.0", "0x10", "1 2"})
        EXPECT_FALSE(is_good(with("86400", each))) << each;
}

TEST(a_policy, counts_the_first_of_fields_that_come_again) // RFC 8461 3.2
{
    const auto parsed =
        parse_policy(good + "mode: none\nmode: nonsense\nmax_age: 1\nmax_age: x\nversion: STSv9\nmx: b.example\n");
    ASSERT_TRUE(parsed.what) << parsed.why;
    EXPECT_EQ(parsed.what->how, mode::enforce);
    EXPECT_EQ(parsed.what->max_age, std::chrono::seconds{86400});
    EXPECT_THAT(parsed.what->mx, ElementsAre("mx.example.org", "b.example"));
}

TEST(a_policy, may_have_fields_that_nobody_knows)
{
    EXPECT_TRUE(is_good(good + "comment: gr\xc3\xbc\xc3\x9f dich, and: more\n"));
    EXPECT_TRUE(is_good(good + std::string(32, 'k') + ": v\n"));
    EXPECT_FALSE(is_good(good + std::string(33, 'k') + ": v\n"));
    EXPECT_FALSE(is_good(good + "_key: v\n"));
    EXPECT_FALSE(is_good(good + "k y: v\n"));
    EXPECT_FALSE(is_good(good + "key:\n"));
    EXPECT_FALSE(is_good(good + "key\n"));
    EXPECT_FALSE(is_good(good + ": v\n"));
}

TEST(a_policy, has_no_control_characters)
{
    for (const char each : {'\0', '\x01', '\t', '\r', '\x1b', '\x7f'})
        EXPECT_FALSE(is_good(good + "key: a" + each + "b\n")) << int{each};
}

TEST(a_policy, has_64_kib_at_most)
{
    const auto padding = [](std::size_t size) {
        std::string text = good + "key: ";
        return text + std::string(size - text.size(), 'x');
    };
    EXPECT_TRUE(is_good(padding(65'536)));
    EXPECT_THAT(why_not(padding(65'537)), HasSubstr("65536"));
}

TEST(a_policy, lists_names_of_hosts_alone)
{
    for (const auto* const each : {"mx.example.org", "*.example.org", "a", "1.2.3.4", "xn--mnchen-3ya.example", "a-b.example"})
        EXPECT_TRUE(is_good(with("mx.example.org", each))) << each;
    for (const auto* const each : {"*", "*.", "*.*.example.org", "mx.*.org", "m*.example.org", "**.example.org", ".example.org",
                                   "example.org.", "a..example", "-a.example", "a-.example", "a_b.example", "[192.0.2.1]",
                                   "m\xc3\xbcnchen.example", "mx.example.org:25", "a.example b.example", "a.example,b.example"})
        EXPECT_FALSE(is_good(with("mx.example.org", each))) << each;
}

TEST(a_name_of_a_host, has_labels_of_63_octets_and_253_in_all)
{
    const std::string label(63, 'a');
    EXPECT_TRUE(is_domain(label));
    EXPECT_FALSE(is_domain(label + 'a'));
    const auto name = label + '.' + label + '.' + label + '.';
    EXPECT_TRUE(is_domain(name + std::string(61, 'a')));
    EXPECT_FALSE(is_domain(name + std::string(62, 'a')));
    EXPECT_FALSE(is_domain(""));
    EXPECT_FALSE(is_domain("."));
}

TEST(a_policy, says_which_line_is_wrong)
{
    EXPECT_THAT(why_not(with("mode: enforce", "mode: on")), HasSubstr("line 2: a mode is"));
    EXPECT_THAT(why_not(with("mx: mx.example.org", "<html>")), HasSubstr("line 3: it is no"));
}

// RFC 8461 4.1
TEST(a_mail_exchanger, matches_a_pattern_by_all_its_labels_whatever_their_case)
{
    EXPECT_TRUE(matches("mx.example.org", "mx.example.org"));
    EXPECT_TRUE(matches("MX.Example.ORG", "mx.example.org"));
    EXPECT_TRUE(matches("mail.example.com", "*.example.com"));
    EXPECT_TRUE(matches("MAIL.EXAMPLE.com", "*.example.com"));
    EXPECT_FALSE(matches("example.com", "*.example.com"));
    EXPECT_FALSE(matches("foo.bar.example.com", "*.example.com"));
    EXPECT_FALSE(matches(".example.com", "*.example.com"));
    EXPECT_FALSE(matches("mail.example.com", "example.com"));
    EXPECT_FALSE(matches("mail.example.com.evil.example", "mail.example.com"));
    EXPECT_FALSE(matches("mailexample.com", "*.example.com"));
    EXPECT_FALSE(matches("mail.example.co", "*.example.com"));
    EXPECT_FALSE(matches("", "*.example.com"));
    EXPECT_FALSE(matches("", "mx.example.org"));
}

TEST(a_mail_exchanger, is_listed_by_any_of_the_patterns)
{
    const policy what{mode::enforce, {}, {"a.example", "*.b.example"}, {}};
    EXPECT_TRUE(lists(what, "a.example"));
    EXPECT_TRUE(lists(what, "x.b.example"));
    EXPECT_FALSE(lists(what, "c.example"));
    EXPECT_FALSE(lists({mode::none, {}, {}, {}}, "a.example"));
}

TEST(a_policy, is_written_as_it_is_read)
{
    const policy what{mode::enforce, std::chrono::seconds{300}, {"a.example", "*.b.example"}, {}};
    EXPECT_EQ(render(what), "version: STSv1\nmode: enforce\nmx: a.example\nmx: *.b.example\nmax_age: 300\n");
    auto read = parse_policy(render(what));
    ASSERT_TRUE(read.what);
    read.what->text.clear();
    EXPECT_EQ(*read.what, what);
}

TEST(a_policy, is_reported_by_its_lines_of_printable_ascii)
{
    EXPECT_THAT(lines_of("a: b\r\n\nc: d\n\xc3\xbc: x\n" + std::string(1024, 'x') + '\n' + std::string(1025, 'x') + "\nend"),
                ElementsAre("a: b", "c: d", std::string(1024, 'x'), "end"));
    EXPECT_THAT(lines_of("a\nb\nc\n", 2), ElementsAre("a", "b"));
    EXPECT_THAT(lines_of(""), IsEmpty());
}

} // namespace
