// postern.kv/1 and postern.dns/1 in the host: each accepted call has one answer, where it belongs, whatever ends first.

#include "core/host/kv_desk.hpp"
#include "core/io/resolver_thread.hpp"

#include "scripted_plugin.hpp"
#include "tests/support/dns_peer.hpp"

#include <postern/abi/dns.h>
#include <postern/abi/kv.h>

#include <gmock/gmock.h>

#include <set>

namespace postern::daemon::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t session = 77; // of the scene

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

/// A store that answers when the test says so.
class a_store {
public:
    a_store()
    {
        plugin.provides = {POSTERN_KV_STORE_1};
        plugin.on = [this](const postern_event& event) {
            const auto& request = as<postern_ev_kv_store>(event);
            const std::scoped_lock lock{guard};
            seen.push_back(text_of(request.space) + ":" + std::to_string(request.items.count) + ":" + std::to_string(event.hook));
            if (!is_prompt) {
                tickets.push_back(event.ticket);
                return POSTERN_TAKEN;
            }
            answer(event.ticket, request.items.count);
            return POSTERN_TAKEN;
        };
        desk = std::make_shared<kv_desk>(plugin.make_instance(), std::make_shared<deadline_timer>(), patience);
    }
    void answer(std::uint64_t ticket, std::uint32_t count, std::uint32_t result = POSTERN_KV_OK) const
    {
        std::vector<postern_kv_result> results(count, postern_kv_result{POSTERN_KV_OK, 0, {}, str("value"), 5, 0});
        postern_kv_store_reply reply{};
        reply.base.size = sizeof reply;
        reply.result = result;
        reply.results = {results.data(), count, sizeof(postern_kv_result)};
        (void)plugin.core->reply(plugin.host, ticket, &reply.base);
    }

    std::chrono::nanoseconds patience = 30s;
    scripted_plugin plugin;
    bool is_prompt = true;
    std::mutex guard;
    std::vector<std::string> seen;
    std::vector<std::uint64_t> tickets;
    std::shared_ptr<kv_desk> desk;
};

/// A plugin that asks, and writes down what it is told.
class an_asker {
public:
    explicit an_asker(a_store* store = nullptr, std::uint32_t flags = 0)
    {
        plugin.flags = flags;
        plugin.needs = {POSTERN_KV_1};
        plugin.subscriptions = {POSTERN_HOOK_CONN_OPEN};
        if (store != nullptr)
            plugin.services.kv = store->desk;
        plugin.on = [this](const postern_event& event) {
            const int others = inside++;
            std::string line;
            switch (event.hook) {
            case POSTERN_HOOK_KV_ANSWER: {
                const auto& answer = as<postern_ev_kv_answer>(event);
                line = "kv " + std::to_string(answer.token) + " result=" + std::to_string(answer.result);
                for (const auto& each : records_of<postern_kv_result>(answer.results))
                    line += " " + text_of(each.value);
                line += (event.flags & POSTERN_KV_CANCELLED) != 0 ? " cancelled" : "";
                break;
            }
            case POSTERN_HOOK_DNS_ANSWER: {
                const auto& answer = as<postern_ev_dns_answer>(event);
                line = "dns " + std::to_string(answer.token) + " status=" + std::to_string(answer.status) + " " +
                       text_of(answer.name);
                for (const auto& each : records_of<postern_dns_record>(answer.records))
                    line += " " + text_of(each.name);
                line += (event.flags & POSTERN_DNS_CANCELLED) != 0 ? "cancelled" : "";
                break;
            }
            case POSTERN_HOOK_SESSION_END:
                line = "end";
                break;
            default:
                --inside;
                return POSTERN_PASS;
            }
            if (event.session == 0 && others != 0)
                line += " beside another";
            const std::scoped_lock lock{guard};
            heard.push_back(line);
            cookies.push_back(event.cookie);
            threads.insert(std::this_thread::get_id());
            changed.notify_all();
            --inside;
            return POSTERN_PASS;
        };
    }
    void make() { face = plugin.make(); }
    void meet() { EXPECT_EQ(at.call(*face, hooks::hook_point::conn_open).status, hooks::call_status::passed); }
    void end() { face->session_ended(base::session_id{session}); }

    postern_status get(std::uint64_t token, std::uint64_t of = session, std::uint32_t count = 1)
    {
        std::vector<postern_kv_item> items(count, postern_kv_item{POSTERN_KV_GET, 0, str("key"), {}, {}, 0, 0});
        const postern_kv_request what{sizeof what, 0, of, token, {items.data(), count, sizeof(postern_kv_item)}};
        return kv()->request(plugin.host, &what);
    }
    [[nodiscard]] const postern_kv_1* kv() const
    {
        return static_cast<const postern_kv_1*>(plugin.get(plugin.host, POSTERN_KV_1));
    }
    postern_status query(std::uint64_t token, std::string_view name, std::uint64_t of = session,
                         std::uint32_t type = POSTERN_DNS_A)
    {
        return static_cast<const postern_dns_1*>(plugin.get(plugin.host, POSTERN_DNS_1))
            ->query(plugin.host, of, token, str(name), type);
    }
    std::vector<std::string> wait_for(std::size_t count)
    {
        std::unique_lock lock{guard};
        EXPECT_TRUE(changed.wait_for(lock, 30s, [&] { return heard.size() >= count; }));
        return heard;
    }

    scripted_plugin plugin;
    std::shared_ptr<abi_plugin> face;
    scene at;
    std::atomic<int> inside{0};
    std::mutex guard;
    std::condition_variable changed;
    std::vector<std::string> heard;
    std::vector<std::uint64_t> cookies;
    std::set<std::thread::id> threads;
};

TEST(an_answer, comes_on_the_sessions_thread_with_its_token_and_cookie)
{
    a_store store;
    an_asker asker{&store};
    asker.make();
    asker.meet();
    ASSERT_EQ(asker.plugin.core->set_cookie(asker.plugin.host, session, 9), POSTERN_PASS);
    ASSERT_EQ(asker.get(4), POSTERN_PASS);
    EXPECT_THAT(asker.heard, IsEmpty()); // the store has answered, but this is inside the call
    asker.at.port->run_jobs(1);
    EXPECT_THAT(asker.heard, ElementsAre("kv 4 result=0 value"));
    EXPECT_THAT(asker.cookies, ElementsAre(9U));
    EXPECT_THAT(store.seen, ElementsAre("scripted:1:320"));
    asker.end();
    EXPECT_THAT(asker.heard, ElementsAre("kv 4 result=0 value", "end"));
}

TEST(an_answer, comes_early_and_cancelled_when_the_session_ends_first)
{
    a_store store;
    store.is_prompt = false;
    an_asker asker{&store};
    asker.make();
    asker.meet();
    ASSERT_EQ(asker.get(1), POSTERN_PASS);
    ASSERT_EQ(asker.get(2), POSTERN_PASS);
    store.answer(store.tickets.at(1), 1); // on its way to the session
    asker.end();
    EXPECT_THAT(asker.heard, ::testing::UnorderedElementsAre("kv 1 result=5 cancelled", "kv 2 result=5 cancelled", "end"));
    EXPECT_EQ(asker.heard.back(), "end");
    store.answer(store.tickets.at(0), 1);
    asker.at.port->run_jobs(1);
    EXPECT_EQ(asker.heard.size(), 3U); // once each
    EXPECT_EQ(asker.get(3), POSTERN_E_STALE);
}

TEST(an_answer, of_no_session_comes_on_one_thread_of_the_instance_one_at_a_time)
{
    for (const std::uint32_t flags : {0U, POSTERN_PLUGIN_BLOCKING}) {
        a_store store;
        an_asker asker{&store, flags};
        asker.make();
        for (std::uint64_t token = 0; token < 200; ++token)
            ASSERT_EQ(asker.get(token, 0), POSTERN_PASS);
        const auto heard = asker.wait_for(200);
        for (const auto& line : heard)
            EXPECT_THAT(line, ::testing::EndsWith("result=0 value"));
        const std::scoped_lock lock{asker.guard};
        EXPECT_FALSE(asker.threads.contains(std::this_thread::get_id()));
    }
}

TEST(an_answer, of_no_session_comes_cancelled_when_the_instance_ends_first)
{
    a_store store;
    store.is_prompt = false;
    an_asker asker{&store};
    asker.make();
    ASSERT_EQ(asker.get(1, 0), POSTERN_PASS);
    asker.face.reset();
    EXPECT_THAT(asker.wait_for(1), ElementsAre("kv 1 result=5 cancelled"));
    store.answer(store.tickets.at(0), 1); // nobody is there
}

TEST(an_answer, reaches_a_plugin_that_blocks_on_its_own_threads)
{
    a_store store;
    an_asker asker{&store, POSTERN_PLUGIN_BLOCKING};
    asker.make();
    (void)asker.at.call(*asker.face, hooks::hook_point::conn_open);
    (void)asker.at.port->answers(1);
    ASSERT_EQ(asker.get(1), POSTERN_PASS);
    asker.at.port->run_jobs(1);
    ASSERT_EQ(asker.get(2), POSTERN_PASS);
    asker.end();
    EXPECT_THAT(asker.wait_for(3), ElementsAre("kv 1 result=0 value", "kv 2 result=5 cancelled", "end"));
}

TEST(a_request, is_refused_where_it_breaks_the_contract)
{
    a_store store;
    an_asker asker{&store};
    asker.plugin.on_create = [&] {
        EXPECT_EQ(asker.get(1, 0), POSTERN_E_DENIED); // there is nobody yet to be told
        return POSTERN_PASS;
    };
    asker.make();
    EXPECT_EQ(asker.get(1), POSTERN_E_STALE); // it has not seen that session
    asker.meet();
    EXPECT_EQ(asker.get(1, session, 0), POSTERN_E_INVALID);
    EXPECT_EQ(asker.get(1, session, 1001), POSTERN_E_INVALID);
    EXPECT_EQ(asker.kv()->request(asker.plugin.host, nullptr), POSTERN_E_INVALID);
    EXPECT_EQ(asker.kv()->request(nullptr, nullptr), POSTERN_E_INVALID);
    EXPECT_EQ(asker.kv()->scan(asker.plugin.host, nullptr), POSTERN_E_INVALID);

    const std::string key(512, 'k');
    const std::string value(65'536, 'v');
    const auto request = [&](const postern_kv_item& item) {
        const postern_kv_request what{sizeof what, 0, session, 1, {&item, 1, sizeof item}};
        return asker.kv()->request(asker.plugin.host, &what);
    };
    const auto longer = key + "k";
    const auto more = value + "v";
    EXPECT_EQ(request({POSTERN_KV_PUT, 0, str(key), str(value), {}, 0, 0}), POSTERN_PASS);
    EXPECT_EQ(request({POSTERN_KV_PUT, 0, str(longer), str("v"), {}, 0, 0}), POSTERN_E_INVALID);
    EXPECT_EQ(request({POSTERN_KV_PUT, 0, str("k"), str(more), {}, 0, 0}), POSTERN_E_INVALID);
    EXPECT_EQ(request({POSTERN_KV_PUT, 0, {}, str("v"), {}, 0, 0}), POSTERN_E_INVALID);
    EXPECT_EQ(request({POSTERN_KV_PUT, 0, {nullptr, 3}, str("v"), {}, 0, 0}), POSTERN_E_INVALID);
    EXPECT_EQ(request({POSTERN_KV_PUT, POSTERN_KV_RENEW, str("k"), str("v"), {}, 0, 0}), POSTERN_E_INVALID);
    EXPECT_EQ(request({0, 0, str("k"), {}, {}, 0, 0}), POSTERN_E_INVALID);
    EXPECT_EQ(request({6, 0, str("k"), {}, {}, 0, 0}), POSTERN_E_INVALID);
    EXPECT_EQ(request({POSTERN_KV_SWAP, POSTERN_KV_IF_MISSING, str("k"), str("v"), str("x"), 0, 0}), POSTERN_E_INVALID);
    const postern_kv_request small{8, 0, session, 1, {}};
    EXPECT_EQ(asker.kv()->request(asker.plugin.host, &small), POSTERN_E_INVALID);
    for (const std::uint32_t limit : {0U, 1001U}) {
        const postern_kv_scan scan{sizeof scan, limit, session, 1, {}, {}};
        EXPECT_EQ(asker.kv()->scan(asker.plugin.host, &scan), POSTERN_E_INVALID);
    }
    an_asker alone; // of a host without a store
    alone.make();
    alone.meet();
    EXPECT_EQ(alone.get(1), POSTERN_E_DENIED);
    asker.end();
    alone.end();
}

TEST(a_request, has_a_thousand_others_beside_it_at_most)
{
    a_store store;
    store.is_prompt = false;
    an_asker asker{&store};
    asker.make();
    asker.meet();
    for (std::uint64_t token = 0; token < promised_answers::most_open; ++token)
        ASSERT_EQ(asker.get(token), POSTERN_PASS);
    EXPECT_EQ(asker.get(5000), POSTERN_E_AGAIN);
    store.answer(store.tickets.front(), 1);
    asker.at.port->run_jobs(1);
    EXPECT_EQ(asker.get(5001), POSTERN_PASS);
    asker.end();
    EXPECT_EQ(asker.heard.size(), 1002U); // 1,001 answers and the end
}

TEST(a_request, has_keys_of_its_own_unless_the_configuration_shares_them)
{
    a_store store;
    an_asker asker{&store};
    asker.plugin.kv_namespace = "shared";
    asker.make();
    asker.meet();
    ASSERT_EQ(asker.get(1), POSTERN_PASS);
    EXPECT_THAT(store.seen, ElementsAre("shared:1:320"));
    asker.end();
}

TEST(a_store_that_misbehaves, has_failed_and_nobody_else)
{
    a_store store;
    store.is_prompt = false;
    an_asker asker{&store};
    asker.make();
    asker.meet();
    for (std::uint64_t token = 0; token < 5; ++token)
        ASSERT_EQ(asker.get(token, session, 2), POSTERN_PASS);
    store.answer(store.tickets.at(0), 1);                    // a result too few
    store.answer(store.tickets.at(1), 0, POSTERN_KV_FAILED); // it says so
    store.answer(store.tickets.at(2), 2, 17);                // no such result
    (void)store.plugin.core->reply(store.plugin.host, store.tickets.at(3), nullptr);
    postern_reply small{};
    small.size = sizeof small;
    (void)store.plugin.core->reply(store.plugin.host, store.tickets.at(4), &small);
    asker.at.port->run_jobs(5);
    for (std::uint64_t token = 0; token < 5; ++token)
        EXPECT_EQ(asker.heard.at(token), "kv " + std::to_string(token) + " result=5");
    EXPECT_EQ(store.plugin.log.count("kv.failed"), 5);
    asker.end();
}

TEST(a_store_that_misbehaves, is_given_up_at_its_deadline)
{
    a_store store;
    store.is_prompt = false;
    store.desk = std::make_shared<kv_desk>(store.desk->store().shared_from_this(), std::make_shared<deadline_timer>(), 1ms);
    an_asker asker{&store};
    asker.make();
    asker.meet();
    ASSERT_EQ(asker.get(1), POSTERN_PASS);
    asker.at.port->run_jobs(1);
    EXPECT_THAT(asker.heard, ElementsAre("kv 1 result=5"));
    store.answer(store.tickets.at(0), 1); // too late
    asker.end();
}

TEST(a_request, is_for_those_who_say_that_they_need_a_store_whoever_else_has_one)
{
    a_store store;
    an_asker asker{&store};
    asker.plugin.needs = {POSTERN_DNS_1};
    asker.make();
    EXPECT_EQ(asker.get(1, 0), POSTERN_E_DENIED);
}

TEST(a_store_that_misbehaves, is_not_its_own_client)
{
    a_store store;
    scripted_plugin& plugin = store.plugin;
    const postern_kv_item item{POSTERN_KV_GET, 0, str("key"), {}, {}, 0, 0};
    const postern_kv_request what{sizeof what, 0, 0, 1, {&item, 1, sizeof item}};
    EXPECT_EQ(static_cast<const postern_kv_1*>(plugin.get(plugin.host, POSTERN_KV_1))->request(plugin.host, &what),
              POSTERN_E_DENIED);
}

class questions : public ::testing::Test {
protected:
    questions()
    {
        asker.plugin.services.dns = std::make_shared<io::resolver_thread>(io::resolver_settings{{server.address()}, "", 5'000ms},
                                                                          base::log{asker.plugin.log});
        asker.make();
        asker.meet();
    }

    postern::test::dns_peer server{[](const std::string& name, std::uint16_t type) -> postern::test::dns_said {
        if (name == "silent.example")
            return {0, {}, true};
        return {0, {{name, type, std::string("\xc0\x02\x02\x01", 4)}}};
    }};
    an_asker asker;
};

TEST_F(questions, are_answered_on_the_sessions_thread)
{
    ASSERT_EQ(asker.query(3, "MX.example."), POSTERN_PASS);
    asker.at.port->run_jobs(1);
    EXPECT_THAT(asker.heard, ElementsAre("dns 3 status=0 MX.example. 192.2.2.1"));
    ASSERT_EQ(asker.query(4, "mx.example", 0), POSTERN_PASS);
    EXPECT_EQ(asker.wait_for(2).back(), "dns 4 status=0 mx.example 192.2.2.1");
    asker.end();
}

TEST_F(questions, are_cancelled_with_their_session_and_forgotten)
{
    ASSERT_EQ(asker.query(1, "silent.example"), POSTERN_PASS);
    asker.end();
    EXPECT_THAT(asker.heard, ElementsAre("dns 1 status=4 cancelled", "end"));
    EXPECT_EQ(asker.query(2, "mx.example"), POSTERN_E_STALE);
}

TEST_F(questions, that_are_none_are_refused)
{
    for (const std::string_view name : {"", ".", "a..b", "a b"})
        EXPECT_EQ(asker.query(1, name), POSTERN_E_INVALID) << name;
    EXPECT_EQ(asker.query(1, "a.example", session, 255), POSTERN_E_INVALID);
    EXPECT_EQ(static_cast<const postern_dns_1*>(asker.plugin.get(asker.plugin.host, POSTERN_DNS_1))
                  ->query(asker.plugin.host, session, 1, {nullptr, 4}, POSTERN_DNS_A),
              POSTERN_E_INVALID);
    asker.end();
    an_asker alone; // of a host without a resolver
    alone.make();
    alone.meet();
    EXPECT_EQ(alone.query(1, "mx.example"), POSTERN_E_DENIED);
    alone.end();
}

} // namespace
} // namespace postern::daemon::test
