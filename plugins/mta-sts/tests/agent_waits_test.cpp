// Deliveries that wait for a policy, and for one another.

#include "a_host.hpp"

#include <memory>
#include <thread>

using namespace mta_sts;
using namespace mta_sts::test;
using namespace postern::testing;
using namespace std::chrono_literals;

namespace {

TEST_F(a_host, waits_for_its_policy_for_so_long_and_the_fetch_goes_on)
{
    const auto said = asks();
    host_.advance(4s - 1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1ns);
    EXPECT_TRUE(host_.answer_to(said.ticket).proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_OPPORTUNISTIC);
    fetched(text_of("enforce"));
    EXPECT_TRUE(asks().proceeds());
    EXPECT_EQ(delivery_.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(played_.fetches.size(), 1U);
}

TEST_F(a_host, is_answered_before_the_deadline_however_long_it_may_wait)
{
    host_.option("wait", std::chrono::minutes{1});
    host_.deadline(10s);
    const auto said = asks();
    host_.advance(9s);
    EXPECT_TRUE(host_.answer_to(said.ticket).proceeds());
}

TEST_F(a_host, of_one_domain_waits_with_others_for_the_same_fetch)
{
    const auto first = asks();
    fake_delivery other{host_, 2000};
    other.next_hop = "example.org";
    other.host_name = other.tls_name = "other.example.net";
    other.is_by_mx = true;
    const auto second = other.tls_policy();
    host_.advance(0ns);
    EXPECT_EQ(played_.fetches.size(), 1U);
    fetched(text_of("enforce"));
    EXPECT_TRUE(delivery_.finish(first).proceeds());
    EXPECT_EQ(other.finish(second).out.name, "other.example.net");
    other.end();
}

TEST_F(a_host, whose_delivery_ends_meanwhile_leaves_the_fetch_to_the_next)
{
    (void)asks();
    delivery_.end();
    fetched(text_of("enforce"));
    fake_delivery next{host_, 2000};
    next.next_hop = "example.org";
    next.host_name = next.tls_name = "mx.example.org";
    next.is_by_mx = true;
    EXPECT_TRUE(next.tls_policy().proceeds());
    EXPECT_EQ(next.tls, POSTERN_TLS_VERIFIED);
    next.end();
}

TEST_F(a_host, is_one_of_many_that_are_asked_about_on_many_threads)
{
    create();
    constexpr std::size_t threads = 4;
    constexpr std::size_t each = 20;
    std::vector<std::unique_ptr<fake_delivery>> all;
    for (std::size_t i = 0; i < threads * each; ++i) {
        auto& one = *all.emplace_back(std::make_unique<fake_delivery>(host_, 5000 + i));
        one.next_hop = "d" + std::to_string(i % 7) + ".example";
        one.host_name = one.tls_name = "mx.example.org";
        one.is_by_mx = true;
        host_.dns.txt("_mta-sts." + one.next_hop, {"v=STSv1; id=1;"});
        host_.dns.a("mta-sts." + one.next_hop, {"192.0.2.1"});
    }
    std::vector<answer> said(all.size());
    const auto on_threads = [&](auto&& work) {
        std::vector<std::thread> running;
        for (std::size_t t = 0; t < threads; ++t)
            running.emplace_back([&, t] {
                for (std::size_t i = t * each; i < (t + 1) * each; ++i)
                    work(i);
            });
        for (auto& one : running)
            one.join();
    };
    on_threads([&](std::size_t i) { said[i] = all[i]->tls_policy(); });
    host_.advance(0ns);
    ASSERT_EQ(played_.fetches.size(), 7U) << "one a domain";
    std::thread fetching{[&] {
        for (const auto& [domain, addresses] : played_.fetches)
            played_.done(domain, {trouble::none, text_of("enforce"), {}});
    }};
    on_threads([&](std::size_t i) { (void)all[i]->tls_result(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED); });
    fetching.join();
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_TRUE(all[i]->finish(said[i]).proceeds());
        EXPECT_EQ(all[i]->tls, POSTERN_TLS_VERIFIED);
        all[i]->end();
    }
}

} // namespace
