// What operators tell the plugin.

#include "a_host.hpp"

#include "../src/sts_record.hpp"

#include <sstream>

using namespace mta_sts;
using namespace mta_sts::test;
using namespace postern::testing;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

namespace {

TEST_F(a_host, is_shown_to_operators)
{
    create();
    EXPECT_EQ(host_.tell({"show"}).output, "no policies are known\n");
    EXPECT_THAT(host_.tell({"show", "example.org"}).output, HasSubstr("no policy of example.org is known"));
    (void)with_policy("enforce");
    EXPECT_THAT(host_.tell({"show"}).output, HasSubstr("example.org mode=enforce id=1 lasts=7d\n"));
    EXPECT_THAT(host_.tell({"show", "Example.ORG"}).output, HasSubstr("    mx: *.example.net\n"));
    for (const std::vector<std::string>& each : {std::vector<std::string>{"nonsense"},
                                                 {"nonsense", "example.org"},
                                                 {"show", "a", "b"},
                                                 {"refresh"},
                                                 {"check"},
                                                 {"policy", "example.org", "nonsense"}})
        EXPECT_THAT(host_.tell(each).text, HasSubstr("say: show [DOMAIN]"));
    EXPECT_THAT(host_.tell({"show", "m\xc3\xbcnchen.example"}).text, HasSubstr("is no domain"));
}

TEST_F(a_host, is_fetched_anew_and_forgotten_when_an_operator_says_so)
{
    create();
    auto said = host_.tell({"refresh", "example.org"});
    host_.advance(0ns);
    fetched(text_of("testing"));
    EXPECT_THAT(host_.finish(said).output, HasSubstr("example.org mode=testing id=1"));
    said = host_.tell({"refresh", "example.org"});
    host_.advance(0ns);
    fetched(fetch_result{trouble::webpki_invalid, {}, "expired"});
    EXPECT_THAT(host_.finish(said).output, HasSubstr("the last try failed: expired"));
    EXPECT_THAT(host_.tell({"forget", "example.org"}).output, HasSubstr("nothing is known of example.org"));
    host_.advance(0ns);
    EXPECT_FALSE(host_.kv.value("policy:example.org"));
    said = host_.tell({"refresh", "none.example"});
    EXPECT_THAT(host_.finish(said).output, HasSubstr("none.example has no policy"));
}

TEST_F(a_host, of_ones_own_has_a_policy_made_for_it)
{
    host_.option("own_mode", "enforce");
    host_.dns.mx("example.org", {{10, "MX.example.org"}, {20, "backup.example.net"}});
    create();
    auto said = host_.finish(host_.tell({"policy", "example.org"}));
    EXPECT_THAT(said.output, HasSubstr("mode: enforce\nmx: mx.example.org\nmx: backup.example.net\nmax_age: 1209600\n"));
    EXPECT_THAT(said.output, HasSubstr("_mta-sts.example.org. IN TXT \"v=STSv1; id="));
    said = host_.finish(host_.tell({"policy", "example.org", "file"}));
    EXPECT_TRUE(parse_policy(said.output).what);
    EXPECT_THAT(host_.finish(host_.tell({"policy", "none.example"})).text, HasSubstr("no MX record of none.example"));
    EXPECT_THAT(host_.tell({"check"}, said.output).output, HasSubstr("a good policy: mode enforce, 2 patterns"));
    EXPECT_THAT(host_.tell({"check"}, "version: STSv1\n").text, HasSubstr("it has no mode"));
}

TEST_F(a_host, has_no_records_to_publish_where_no_domain_is_ones_own)
{
    create();
    EXPECT_THAT(host_.tell({"records"}).text, HasSubstr("nothing is to be published"));
}

TEST_F(a_host, of_ones_own_has_records_to_publish)
{
    host_.list("own_domains", {"Example.org", "example.com"});
    host_.list("own_mx", {"mx.example.org"});
    host_.option("own_web_host", "www.example.org");
    create();
    const auto said = host_.tell({"records"}).output;
    const auto id = id_for(policy_for({mode::testing, 14 * 24h, {"mx.example.org"}}, {}).text);
    EXPECT_THAT(said, HasSubstr("_mta-sts.example.org. IN TXT \"v=STSv1; id=" + id +
                                "\"\nmta-sts.example.org. IN CNAME www.example.org.\n"));
    EXPECT_THAT(said, HasSubstr("_mta-sts.example.com. IN TXT \"v=STSv1; id=" + id + "\"\n"));
    std::istringstream lines{said};
    for (std::string line; std::getline(lines, line);)
        EXPECT_TRUE(line.starts_with(';') || line.find(" IN ") != line.npos) << line;
}

TEST_F(a_host, of_ones_own_without_mail_exchangers_has_no_policy_to_publish)
{
    host_.list("own_domains", {"example.org"});
    EXPECT_LT(host_.create(), 0);
    EXPECT_THAT(host_.refusals(), Contains(Pair("own_domains", HasSubstr("own_mx"))));
}

TEST_F(a_host, of_ones_own_has_the_hosts_that_the_configuration_lists)
{
    host_.list("own_mx", {"*.Example.net"});
    create();
    EXPECT_THAT(host_.finish(host_.tell({"policy", "example.org"})).output, HasSubstr("mx: *.example.net\n"));
}

TEST_F(a_host, that_cannot_be_a_host_is_refused_in_the_configuration)
{
    host_.list("own_mx", {"*"});
    EXPECT_NE(host_.create(), POSTERN_PASS);
    EXPECT_EQ(host_.self(), nullptr);
    EXPECT_THAT(host_.refusals(), Contains(Pair("own_mx", HasSubstr("* is neither"))));
}

TEST_F(a_host, whose_operator_waits_hears_when_the_instance_ends)
{
    create();
    const auto fetching = host_.tell({"refresh", "example.org"});
    host_.advance(0ns);
    const auto asking = host_.tell({"policy", "example.org"});
    host_.destroy();
    EXPECT_THAT(host_.answer_to(fetching.ticket).text, HasSubstr("the instance ends"));
    EXPECT_THAT(host_.answer_to(asking.ticket).text, HasSubstr("the instance ends"));
}

} // namespace
