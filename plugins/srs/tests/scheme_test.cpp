#include "../src/scheme.hpp"

#include <gtest/gtest.h>

#include <string>

namespace srs {
namespace {

using kind = scheme::taken_back::kind;

constexpr day today = 20000;

settings usual()
{
    settings how;
    how.domain = "srs.example";
    how.secrets = {"0123456789abcdef"};
    return how;
}

// What Mail::SRS 0.31 makes of them on that day.
TEST(an_address, is_rewritten_as_others_do_it)
{
    const scheme by{usual()};
    for (const auto& [sender, made] : {
             std::pair{"user@example.org", "SRS0=4AQ7=RA=example.org=user@srs.example"},
             std::pair{"User+Tag=x@Example.ORG", "SRS0=elTE=RA=Example.ORG=User+Tag=x@srs.example"},
             std::pair{"SRS0=8TLy=JT=example.org=user@first.example",
                       "SRS1=e/Zx=first.example==8TLy=JT=example.org=user@srs.example"},
             std::pair{"SRS0+8TLy=JT=example.org=user@first.example",
                       "SRS1=O/aM=first.example=+8TLy=JT=example.org=user@srs.example"},
             std::pair{"SRS1=abcd=first.example==8TLy=JT=example.org=user@second.example",
                       "SRS1=e/Zx=first.example==8TLy=JT=example.org=user@srs.example"},
         }) {
        EXPECT_EQ(by.forward(sender, today), made);
    }
}

TEST(a_rewritten_address, leads_back)
{
    for (const char separator : {'=', '-', '+'}) {
        auto how = usual();
        how.separator = separator;
        const scheme by{how};
        for (const auto* sender :
             {"user@example.org", "a.b+c=d=e@example.org", "\"a b\"@example.org", R"("a\"@b"@example.org)", "u@[192.0.2.1]",
              "\xc3\xbc@b\xc3\xbc"
              "cher.example",
              "SRS1=nonsense@example.org", "\"SRS1=a=b c=d\"@example.org", "srs@example.org"}) {
            const auto made = by.forward(sender, today);
            ASSERT_TRUE(made) << sender;
            const auto back = by.reverse(*made, today);
            EXPECT_EQ(back.what, kind::good) << *made;
            EXPECT_EQ(back.address, sender) << *made;
        }
    }
}

TEST(a_chain, leads_from_its_last_link_to_its_first)
{
    const scheme last{usual()};
    auto first_settings = usual();
    first_settings.domain = "first.example";
    first_settings.secrets = {"another secret of theirs"};
    const scheme first{first_settings};
    const auto once = first.forward("user@example.org", today).value();
    const auto twice = last.forward(once, today).value();
    const auto back = last.reverse(twice, today);
    EXPECT_EQ(back.what, kind::good);
    EXPECT_EQ(back.address, once);
    EXPECT_EQ(first.reverse(back.address, today).address, "user@example.org");
}

TEST(a_chain, through_one_server_twice_leads_all_the_way_back)
{
    const scheme by{usual()};
    const auto once = by.forward("user@example.org", today).value();
    EXPECT_EQ(by.reverse(by.forward(once, today).value(), today).address, "user@example.org");
}

TEST(a_rewritten_address, is_good_for_its_days_and_no_longer)
{
    const scheme by{usual()};
    for (const day made : {today, day{1023}, day{1024}, day{1030}, day{0}}) {
        const auto address = by.forward("user@example.org", made).value();
        EXPECT_EQ(by.reverse(address, made + 21).what, kind::good) << made;
        EXPECT_EQ(by.reverse(address, made + 22).what, kind::expired) << made;
        EXPECT_EQ(by.reverse(address, made + 1023).what, kind::expired) << "tomorrow's, " << made;
    }
}

TEST(a_rewritten_address, of_which_anything_was_changed_is_forged)
{
    const scheme by{usual()};
    const std::string address = by.forward("user@example.org", today).value();
    const auto local = address.substr(0, address.find('@'));
    for (std::size_t i = 5; i < local.size(); ++i) { // behind "SRS0="
        auto changed = address;
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        EXPECT_EQ(by.reverse(changed, today).what, kind::forged) << changed;
    }
    for (const auto* bad : {"SRS0=@srs.example", "SRS0=4AQ7@srs.example", "SRS0=4AQ7=RA=example.org@srs.example",
                            "SRS0==RA=example.org=user@srs.example", "SRS0=4AQ=RA=example.org=user@srs.example",
                            "SRS0=4AQ74AQ74AQ74AQ74AQ74=RA=example.org=user@srs.example", "SRS1=4AQ7=example.org@srs.example",
                            "SRS1=4AQ7=example.org==x@srs.example", "SRS1=@srs.example"})
        EXPECT_EQ(by.reverse(bad, today).what, kind::forged) << bad;
}

TEST(an_address, that_is_no_rewritten_one_of_ours_is_like_any_other)
{
    const scheme by{usual()};
    for (const auto* other : {"user@srs.example", "srs0@srs.example", "SRS2=x@srs.example", "SRS0x=y@srs.example", "postmaster",
                              "", "SRS0=4AQ7=RA=example.org=user@elsewhere.example"})
        EXPECT_EQ(by.reverse(other, today).what, kind::not_rewritten) << other;
}

TEST(a_secret, that_was_replaced_is_good_for_what_it_made)
{
    auto how = usual();
    const auto old = scheme{how}.forward("user@example.org", today).value();
    how.secrets = {"the next secret!", "0123456789abcdef"};
    const scheme next{how};
    EXPECT_EQ(next.reverse(old, today).address, "user@example.org");
    EXPECT_NE(next.forward("user@example.org", today), old);
    how.secrets.pop_back();
    EXPECT_EQ(scheme{how}.reverse(old, today).what, kind::forged);
}

TEST(case_of_words, does_not_count_and_that_of_a_hash_only_where_it_may_change)
{
    auto how = usual();
    const scheme strict{how};
    EXPECT_EQ(strict.reverse("srs0=4AQ7=ra=EXAMPLE.org=USER@SRS.example", today).address, "USER@EXAMPLE.org");
    EXPECT_EQ(strict.reverse("srs0=4aq7=ra=example.org=user@srs.example", today).what, kind::forged);
    how.fold_case = true;
    EXPECT_EQ(scheme{how}.reverse("srs0=4aq7=ra=example.org=user@srs.example", today).address, "user@example.org");
}

TEST(a_longer_hash, is_good_and_a_shorter_one_only_down_to_the_least)
{
    auto how = usual();
    how.hash_length = how.hash_min = 8;
    const auto longer = scheme{how}.forward("user@example.org", today).value();
    EXPECT_EQ(scheme{usual()}.reverse(longer, today).what, kind::good) << "they begin alike";
    EXPECT_EQ(scheme{how}.reverse("SRS0=4AQ7=RA=example.org=user@srs.example", today).what, kind::forged);
    how.hash_min = 4;
    EXPECT_EQ(scheme{how}.reverse("SRS0=4AQ7=RA=example.org=user@srs.example", today).what, kind::good);
}

TEST(another_digest, makes_other_hashes)
{
    auto how = usual();
    how.digest = digest::sha256;
    const scheme by{how};
    const auto made = by.forward("user@example.org", today).value();
    EXPECT_NE(made, scheme{usual()}.forward("user@example.org", today));
    EXPECT_EQ(by.reverse(made, today).address, "user@example.org");
}

TEST(an_address, that_would_be_too_long_is_not_rewritten)
{
    const scheme by{usual()};
    const std::string domain = "example.org"; // SRS0=hash=RA=example.org= is 25 octets
    EXPECT_TRUE(by.forward(std::string(39, 'a') + "@" + domain, today));
    EXPECT_FALSE(by.forward(std::string(40, 'a') + "@" + domain, today));
    EXPECT_FALSE(by.forward("nobody", today));
}

} // namespace
} // namespace srs
