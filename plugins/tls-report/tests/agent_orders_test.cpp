// Options, and what operators tell the plugin.

#include "a_reporter.hpp"

using namespace tls_report;
using namespace tls_report::test;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

namespace {

TEST_F(a_reporter, has_options_that_can_be_wrong)
{
    const auto refused = [this](const auto& change) {
        begin();
        change();
        EXPECT_LT(host_->create(), 0);
        return host_->refusals();
    };
    EXPECT_THAT(refused([&] { host_->option("from", "nobody"); }), Contains(Pair("from", HasSubstr("no address"))));
    EXPECT_THAT(refused([&] { host_->option("dkim_key", folder_.with("other.pem", "no key")); }),
                Contains(Pair("dkim_key", HasSubstr("no private key"))));
    EXPECT_THAT(refused([&] { host_->option("dkim_key", "/nowhere"); }), Contains(Pair("dkim_key", HasSubstr("cannot be read"))));
    EXPECT_THAT(refused([&] { host_->list("rua", {"http://example.net"}); }), Contains(Pair("rua", HasSubstr("neither"))));
}

TEST_F(a_reporter, sends_at_once_when_it_is_told_to)
{
    sessions(3);
    EXPECT_THAT(tells({"show", "example.org"}), HasSubstr("successful=3 failed=0"));
    EXPECT_EQ(tells({"send"}), "sent 1, put off 0, dropped 0\n");
    ASSERT_THAT(host_->submitted(), SizeIs(1));
    sessions(2);
    EXPECT_EQ(tells({"send"}), "sent 0, put off 0, dropped 0\n") << "the day is closed";
    EXPECT_THAT(tells({"show"}), HasSubstr("20231116 example.org successful=2"));
    pass(49h);
    ASSERT_THAT(host_->submitted(), SizeIs(2));
    EXPECT_EQ(report_in(host_->submitted()[1].content).successful(), 2);
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"what"}, {"show", "no domain"}, {"send", "example.org"}, {"show", "a.b", "c"}})
        EXPECT_THAT(tells(words), StartsWith("say: "));
}

TEST_F(a_reporter, says_what_to_publish)
{
    EXPECT_EQ(tells({"records"}), "_smtp._tls.example.net. IN TXT \"v=TLSRPTv1; rua=mailto:reports@example.net\"\n"
                                  "s1._domainkey.example.net. IN TXT \"v=DKIM1; k=ed25519; s=tlsrpt; "
                                  "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n");
    EXPECT_THAT(tells({"records", "Example.com"}), StartsWith("_smtp._tls.example.com. IN TXT"));
}

TEST_F(a_reporter, says_what_to_publish_for_each_domain_of_ones_own)
{
    host_->list("receive", {"reports@example.com", "reports@example.net"});
    EXPECT_THAT(tells({"records"}), AllOf(HasSubstr("_smtp._tls.example.com. IN TXT \"v=TLSRPTv1; rua=mailto:reports@example.com,"
                                                    "mailto:reports@example.net\"\n"),
                                          HasSubstr("_smtp._tls.example.net. IN TXT")));
    host_->destroy();
    begin();
    host_->list("own_domains", {"A.example", "b.example"});
    EXPECT_THAT(tells({"records"}), AllOf(StartsWith("_smtp._tls.a.example. IN TXT"), HasSubstr("\n_smtp._tls.b.example. IN TXT"),
                                          Not(HasSubstr("_smtp._tls.example.net"))));
}

} // namespace
