#include "core/host/config.hpp"
#include "core/delivery/route.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view start = "hostname = \"mx.example.org\"\ndata_dir = \"data\"\n"; // lines 1 and 2
constexpr std::string_view listener = "[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\n";

std::vector<std::string> complaints(std::string_view text)
{
    problems found;
    const auto read = read_config_text(text, "/etc/postern/postern.toml", found);
    EXPECT_EQ(read.has_value(), found.empty());
    std::vector<std::string> out;
    for (const auto& each : found)
        out.push_back(each.text());
    return out;
}

std::vector<std::string> complaints_about(std::string_view lines, std::string_view before = {})
{
    return complaints(std::string{start} + std::string{before} + std::string{listener} + std::string{lines});
}

config good(std::string_view lines, std::string_view before = {})
{
    problems found;
    auto read = read_config_text(std::string{start} + std::string{before} + std::string{listener} + std::string{lines},
                                 "/etc/postern/postern.toml", found);
    for (const auto& each : found)
        ADD_FAILURE() << each.text();
    return read ? std::move(*read) : config{};
}

TEST(a_configuration, needs_little)
{
    const auto read = good("");
    EXPECT_EQ(read.hostname, "mx.example.org");
    EXPECT_EQ(read.data_dir, "/etc/postern/data");
    EXPECT_EQ(read.control, "/etc/postern/data/control.sock");
    EXPECT_EQ(read.limits.session.message_size, 50U << 20U);
    EXPECT_EQ(read.limits.session.recipients, 1000U);
    EXPECT_EQ(read.limits.connections.connections, 10000U);
    EXPECT_EQ(read.limits.connections.minimum_rate, 100U);
    EXPECT_EQ(read.queue.policy.retry.size(), 6U);
    EXPECT_EQ(read.queue.policy.expire, 120h);
    EXPECT_EQ(read.delivery.transport, "smtp");
    EXPECT_EQ(read.delivery.hostname, "mx.example.org");
    ASSERT_EQ(read.listeners.size(), 1U);
    EXPECT_EQ(read.listeners[0].tls, session::server_tls::none);
}

TEST(a_configuration, says_all_that_there_is_to_say)
{
    const auto read =
        good(R"(tls = "required"
chain = ["p"]
[[plugin]]
name = "p"
library = "lib"
on_error = "hold"
deadline = "250ms"
isolation = "none"
may = ["headers", "rcpt", "accept"]
[plugin.config]
word = "x"
list = ["a", 2, true]
[plugin.config.map]
A = 1.5
[log]
format = "json"
level = "debug"
[limits]
message_size = "1MiB"
recipients = 5
received = 50
line = 512
errors = 3
connections = 7
connections_per_ip = 0
minimum_rate = "2KiB/s"
bare_lf = "normalize"
[limits.timeouts]
greeting = "1s"
command = "2s"
data = "3s"
tls = "4s"
[tls]
cert = "cert.pem"
key = "/k/key.pem"
[queue]
store = "p"
retry = ["1s", "2m"]
jitter = 0
expire = "1d"
warn = "0"
[delivery]
relay = "127.0.0.1:2526"
transport = "p"
concurrency = 1
per_destination = 2
connections_reuse = 3
tls = "required"
[delivery.timeouts]
connect = "1s"
greeting = "2s"
command = "3s"
data = "4s"
final = "5s"
)",
             "control = \"c.sock\"\nplugin_path = [\"plugins\", \"/abs\"]\nuser = \"nobody\"\ngroup = \"nogroup\"\n");
    EXPECT_EQ(read.control, "/etc/postern/c.sock");
    EXPECT_THAT(read.plugin_path, ElementsAre("/etc/postern/plugins", "/abs"));
    EXPECT_EQ(read.user, "nobody");
    EXPECT_EQ(read.group, "nogroup");
    EXPECT_EQ(read.log.format, log_format::json);
    EXPECT_EQ(read.log.level, base::log_level::debug);
    EXPECT_EQ(read.limits.session.message_size, 1U << 20U);
    EXPECT_EQ(read.limits.session.recipients, 5U);
    EXPECT_EQ(read.limits.session.received, 50U);
    EXPECT_EQ(read.limits.session.line, 512U);
    EXPECT_EQ(read.limits.session.errors, 3U);
    EXPECT_EQ(read.limits.connections.connections, 7U);
    EXPECT_EQ(read.limits.connections.connections_per_ip, 0U);
    EXPECT_EQ(read.limits.connections.minimum_rate, 2048U);
    EXPECT_EQ(read.limits.bare_lf, session::bare_line_end::normalize);
    EXPECT_EQ(read.limits.timeouts.greeting, 1s);
    EXPECT_EQ(read.limits.timeouts.command, 2s);
    EXPECT_EQ(read.limits.timeouts.data, 3s);
    EXPECT_EQ(read.limits.timeouts.tls, 4s);
    ASSERT_TRUE(read.tls);
    EXPECT_EQ(read.tls->standard.cert, "/etc/postern/cert.pem");
    EXPECT_EQ(read.tls->standard.key, "/k/key.pem");
    EXPECT_EQ(read.listeners[0].tls, session::server_tls::required);
    ASSERT_EQ(read.plugins.size(), 1U);
    const auto& plugin = read.plugins[0];
    EXPECT_EQ(plugin.on_error, hooks::failure_policy::hold);
    EXPECT_EQ(plugin.deadline, 250ms);
    EXPECT_TRUE(plugin.may.headers && plugin.may.rcpt && plugin.may.accept);
    EXPECT_FALSE(plugin.may.sender || plugin.may.body || plugin.may.route);
    ASSERT_EQ(plugin.options.size(), 3U);
    EXPECT_EQ(plugin.options[1].shape, option_shape::list);
    EXPECT_EQ(plugin.options[1].items.size(), 3U);
    EXPECT_EQ(plugin.options[2].items[0].first, "A");
    EXPECT_EQ(read.queue.store, "p");
    EXPECT_THAT(read.queue.policy.retry, ElementsAre(1s, 2min));
    EXPECT_EQ(read.queue.policy.jitter, 0.0);
    EXPECT_EQ(read.queue.policy.expire, 24h);
    EXPECT_EQ(read.queue.policy.warn, 0s);
    EXPECT_EQ(read.delivery.relay, "127.0.0.1:2526");
    EXPECT_EQ(read.delivery.concurrency, 1U);
    EXPECT_EQ(read.delivery.per_destination, 2U);
    EXPECT_EQ(read.delivery.connection_reuse, 3U);
    EXPECT_EQ(read.delivery.tls, delivery::tls_mode::required);
    EXPECT_EQ(read.delivery.timeout.connect, 1s);
    EXPECT_EQ(read.delivery.timeout.final, 5s);
}

TEST(an_unknown_key, is_refused_with_its_place)
{
    EXPECT_THAT(complaints_about("", "colour = 1\n"), ElementsAre("/etc/postern/postern.toml:3: colour: unknown key"));
    EXPECT_THAT(complaints_about("colour = 1\n"), ElementsAre("/etc/postern/postern.toml:6: listener.colour: unknown key"));
    for (const auto* table : {"log", "limits", "limits.timeouts", "queue", "delivery", "delivery.timeouts"})
        EXPECT_THAT(complaints_about("[" + std::string{table} + "]\ncolour = 1\n"),
                    ElementsAre("/etc/postern/postern.toml:7: " + std::string{table} + ".colour: unknown key"));
    EXPECT_THAT(complaints_about("[[plugin]]\nname = \"p\"\nlibrary = \"l\"\ncolour = 1\n"),
                ElementsAre("/etc/postern/postern.toml:9: plugin.colour: unknown key"));
    EXPECT_THAT(complaints_about("[colour]\n"), ElementsAre("/etc/postern/postern.toml:6: colour: unknown key"));
}

TEST(a_configuration, has_all_its_mistakes_told_at_once_in_their_order)
{
    EXPECT_THAT(complaints("hostname = 5\n[log]\nlevel = \"loud\"\n[limits]\nline = 511\n"),
                ElementsAre(HasSubstr(":1: hostname: must be a text"), HasSubstr(":1: data_dir: must be given"),
                            HasSubstr(":1: listener: there is none"),
                            HasSubstr(":3: log.level: \"loud\" is not one of \"debug\", \"info\", \"warning\" or \"error\""),
                            HasSubstr(":5: limits.line: must be a whole number from 512")));
}

TEST(a_syntax_error, has_its_place)
{
    EXPECT_THAT(complaints("hostname = \"a\"\nb = = 1\n"), ElementsAre(HasSubstr("postern.toml:2: ")));
}

TEST(a_listener, speaks_lmtp_but_not_at_the_port_of_smtp) // RFC 2033 5
{
    EXPECT_THAT(complaints_about("protocol = \"lmtp\"\n"), IsEmpty());
    EXPECT_THAT(complaints_about("[[listener]]\nname = \"mx\"\naddress = \"127.0.0.1:25\"\nprotocol = \"lmtp\"\n"),
                ElementsAre(HasSubstr("must not be \"lmtp\" at port 25")));
}

TEST(a_listener, takes_logins_inside_tls_unless_told_otherwise) // RFC 4954 4
{
    EXPECT_THAT(complaints_about("auth = true\n"), ElementsAre(HasSubstr(":6: listener.auth: needs TLS")));
    EXPECT_THAT(complaints_about("auth = true\nauth_in_clear = true\n"), IsEmpty());
    EXPECT_THAT(complaints_about("auth_required = true\n"), ElementsAre(HasSubstr("listener.auth_required: needs auth = true")));
}

TEST(what_comes_with_a_later_version, is_refused_unless_neutral)
{
    EXPECT_THAT(complaints_about("[[plugin]]\nname = \"p\"\nlibrary = \"l\"\nisolation = \"none\"\n"), IsEmpty());
    EXPECT_THAT(complaints_about("[[plugin]]\nname = \"p\"\nlibrary = \"l\"\nisolation = \"process\"\n"),
                ElementsAre(HasSubstr(":9: plugin.isolation: \"process\" is not supported in this version")));
}

TEST(a_listener, has_an_address_and_a_name_of_its_own)
{
    EXPECT_THAT(complaints_about("[[listener]]\nname = \"in\"\naddress = \"[::1]:25\"\n"),
                ElementsAre(HasSubstr(":7: listener.name: a listener \"in\" stands above already")));
    for (const auto* wrong : {"localhost:25", "127.0.0.1", "127.0.0.1:65536", "unix:", ""})
        EXPECT_THAT(complaints_about("[[listener]]\nname = \"b\"\naddress = \"" + std::string{wrong} + "\"\n"),
                    ElementsAre(HasSubstr(":8: listener.address: must ")))
            << wrong;
    EXPECT_EQ(good("[[listener]]\nname = \"b\"\naddress = \"unix:run/s\"\n").listeners[1].address, "unix:/etc/postern/run/s");
}

TEST(tls, needs_a_certificate)
{
    EXPECT_THAT(complaints_about("tls = \"starttls\"\n"), ElementsAre(HasSubstr(":6: listener.tls: needs a certificate")));
    EXPECT_THAT(complaints_about("[tls]\ncert = \"c\"\n"), ElementsAre(HasSubstr(":6: tls.key: is missing")));
}

TEST(a_chain, names_plugins_that_are_there_once_each)
{
    EXPECT_THAT(complaints_about("chain = [\"p\", \"q\", \"p\"]\n[[plugin]]\nname = \"p\"\nlibrary = \"l\"\n"),
                ElementsAre(HasSubstr(":6: listener.chain: there is no [[plugin]] with the name \"q\""),
                            HasSubstr(":6: listener.chain: \"p\" stands in it twice")));
    EXPECT_THAT(complaints_about("[queue]\nstore = \"q\"\n"), ElementsAre(HasSubstr(":7: queue.store: there is no [[plugin]]")));
    EXPECT_THAT(complaints_about("[delivery]\ntransport = \"q\"\n"),
                ElementsAre(HasSubstr(":7: delivery.transport: is neither")));
}

constexpr std::string_view three_plugins = "[[plugin]]\nname = \"a\"\nlibrary = \"l\"\nmay = [\"accept\"]\n"
                                           "[[plugin]]\nname = \"b\"\nlibrary = \"l\"\n"
                                           "[[plugin]]\nname = \"c\"\nlibrary = \"l\"\nmay = [\"headers\"]\n";

std::vector<std::string> complaints_about_chain(std::string_view chain)
{
    return complaints_about(std::string{"chain = "} + std::string{chain} + "\n" + std::string{three_plugins});
}

TEST(a_chain, may_have_groups)
{
    const auto read = good(std::string{"chain = [\"b\", [\"a\", \"c\"]]\n"} + std::string{three_plugins});
    const auto& chain = read.listeners[0].chain;
    ASSERT_EQ(chain.size(), 3U);
    EXPECT_EQ(chain[0].name, "b");
    EXPECT_EQ(chain[0].group, 0U);
    EXPECT_EQ(chain[1].name, "a");
    EXPECT_NE(chain[1].group, 0U);
    EXPECT_EQ(chain[2].group, chain[1].group);
    EXPECT_EQ(good(std::string{"chain = [[\"a\"], [\"b\"]]\n"} + std::string{three_plugins}).listeners[0].chain[0].group, 0U)
        << "one alone is no group";
}

TEST(a_chain, is_a_list_of_texts_and_of_lists_of_them)
{
    for (const auto* wrong : {"1", "\"a\"", "[1]", "[[]]", "[[[\"a\"]]]", "[[\"a\", 1]]"})
        EXPECT_THAT(complaints_about_chain(wrong), ElementsAre(HasSubstr(":6: listener.chain: must be a list of texts")))
            << wrong;
}

TEST(a_group, has_nobody_but_its_last_who_changes_what_the_others_see)
{
    EXPECT_THAT(complaints_about_chain("[[\"a\", \"b\", \"c\"]]"), IsEmpty());
    EXPECT_THAT(complaints_about_chain("[\"c\", [\"a\", \"b\"]]"), IsEmpty());
    EXPECT_THAT(
        complaints_about_chain("[\"a\",\n[\"c\", \"b\"]]"),
        ElementsAre(HasSubstr(":7: listener.chain: \"c\" may change mail (its may), which those that are asked at the same time "
                              "would not see; put it last in its group, or out of it")));
}

TEST(a_domain, has_a_chain_of_its_own)
{
    const auto read = good(std::string{"chain = [\"a\"]\n[[listener.domain]]\nnames = [\"Example.org\", \".example.org\"]\n"
                                       "chain = [[\"a\", \"b\"]]\n[[listener.domain]]\nnames = [\"[192.0.2.1]\"]\nchain = []\n"} +
                           std::string{three_plugins});
    const auto& domains = read.listeners[0].domains;
    ASSERT_EQ(domains.size(), 2U);
    EXPECT_THAT(domains[0].names, ElementsAre("example.org", ".example.org"));
    ASSERT_EQ(domains[0].chain.size(), 2U);
    EXPECT_EQ(domains[0].chain[1].name, "b");
    EXPECT_NE(domains[0].chain[1].group, 0U);
    EXPECT_THAT(domains[1].chain, IsEmpty());
}

TEST(a_domain, is_refused_when_it_means_nothing_or_two_things)
{
    const auto complaints_of = [](std::string_view lines) {
        return complaints_about(std::string{"[[listener.domain]]\n"} + std::string{lines} + std::string{three_plugins});
    };
    EXPECT_THAT(complaints_of("chain = []\n"),
                ElementsAre(HasSubstr(":6: listener.domain.names: must name at least one domain")));
    EXPECT_THAT(complaints_of("names = [\"a.example\"]\n"),
                ElementsAre(HasSubstr(":6: listener.domain.chain: must be given: the plugins that are asked")));
    EXPECT_THAT(complaints_of("names = [\"a.example\"]\nchain = [\"q\"]\n"),
                ElementsAre(HasSubstr(":8: listener.domain.chain: there is no [[plugin]] with the name \"q\"")));
    for (const auto* wrong : {"", ".", "a..b", "x@a.example", "*.example", ".[192.0.2.1]x"})
        EXPECT_THAT(complaints_of(std::string{"names = [\""} + wrong + "\"]\nchain = []\n"),
                    ElementsAre(HasSubstr(":7: listener.domain.names: \"" + std::string{wrong} + "\" is neither a domain")))
            << wrong;
    EXPECT_THAT(complaints_of("names = [\"a.example\", \"A.example\"]\nchain = []\n"),
                ElementsAre(HasSubstr(":7: listener.domain.names: \"a.example\" has a chain at this listener already")));
    EXPECT_THAT(complaints_of("names = [\"a.example\"]\nchain = []\n[[listener.domain]]\nnames = [\"a.example\"]\nchain = []\n"),
                ElementsAre(HasSubstr(":10: listener.domain.names: \"a.example\" has a chain at this listener already")));
}

TEST(budgets, are_limits_that_can_be_lifted)
{
    using hooks::phase;
    const auto standard = good("").limits.budgets;
    EXPECT_EQ(standard[phase::end], 4min);
    const auto read = good("[limits.budget]\nconnect = \"10s\"\nend = \"0s\"\n").limits.budgets;
    EXPECT_EQ(read[phase::connect], 10s);
    EXPECT_EQ(read[phase::envelope], standard[phase::envelope]);
    EXPECT_EQ(read[phase::end], std::chrono::nanoseconds::max());
    EXPECT_THAT(complaints_about("[limits.budget]\nrcpt = \"1s\"\n"),
                ElementsAre(HasSubstr(":7: limits.budget.rcpt: unknown key")));
}

TEST(a_breaker_of_a_plugin, has_a_number_of_failures_and_a_pause)
{
    const auto with = [](std::string_view breaker) {
        return "[[plugin]]\nname = \"p\"\nlibrary = \"l\"\nbreaker = " + std::string{breaker} + "\n";
    };
    EXPECT_EQ(good(with("{ failures = 2, pause = \"1m\" }")).plugins[0].breaker.failures, 2U);
    EXPECT_EQ(good(with("{ failures = 2, pause = \"1m\" }")).plugins[0].breaker.pause, 1min);
    EXPECT_EQ(good(with("{ failures = 0 }")).plugins[0].breaker.failures, 0U);
    EXPECT_EQ(good(with("{}")).plugins[0].breaker.failures, 5U);
    EXPECT_THAT(complaints_about(with("{ pause = \"0s\" }")),
                ElementsAre(HasSubstr("plugin.breaker.pause: must be longer than nothing")));
    EXPECT_THAT(complaints_about(with("{ faults = 3 }")), ElementsAre(HasSubstr("plugin.breaker.faults: unknown key")));
}

TEST(a_plugin_entry, comes_from_the_plugin_path_only)
{
    for (const auto* wrong : {"", "../evil", "a/b", ".hidden", "-x", "a b"})
        EXPECT_THAT(complaints_about("[[plugin]]\nname = \"p\"\nlibrary = \"" + std::string{wrong} + "\"\n"),
                    ElementsAre(HasSubstr(":8: plugin.library: must be given")))
            << wrong;
    EXPECT_THAT(complaints_about("[[plugin]]\nname = \"p\"\nlibrary = \"l\"\nmay = [\"headers\", \"everything\"]\n"),
                ElementsAre(HasSubstr(":9: plugin.may: \"everything\" is not one of \"headers\", \"sender\", \"rcpt\"")));
}

TEST(the_name_of_a_plugin, is_none_of_the_servers_own_ways_to_deliver)
{
    for (const auto* name : {"smtp", "lmtp"})
        EXPECT_THAT(complaints_about("[[plugin]]\nname = \"" + std::string{name} + "\"\nlibrary = \"l\"\n"),
                    ElementsAre(HasSubstr("plugin.name: must be another one")));
}

TEST(a_relay, is_a_host_and_a_port)
{
    for (const auto* right : {"127.0.0.1:25", "mx.example.org:2525", "mx.example.org", "[mx.example.org]:25", "[::1]:25", "",
                              "mx:example.org", "lmtp:store.example:24", "lmtp:unix:/run/lmtp"})
        EXPECT_THAT(complaints_about("[delivery]\nrelay = \"" + std::string{right} + "\"\n"), IsEmpty()) << right;
    for (const auto* wrong : {":25", "mx:0", "mx:65536", "::1:25", "a b:25", "mx:25x", "-smart.example.org:25",
                              "m\u00fcnchen.example:25", "10.0.0.1.:25", "192.0.2.300:25", "mx.example.org:25 ",
                              "lmtp:store.example", "lmtp:store.example:25", "lmtp:unix:lmtp"})
        EXPECT_THAT(complaints_about("[delivery]\nrelay = \"" + std::string{wrong} + "\"\n"),
                    ElementsAre(HasSubstr(":7: delivery.relay: must be a host and a port, \"mx.example.org:25\"")))
            << wrong;
}

// Whatever is good here must be one that deliveries can use.
TEST(a_relay, that_is_good_is_a_route)
{
    for (const auto* text :
         {"127.0.0.1:25", "mx.example.org", "[mx.example.org]:25", "[2001:db8::1]", "a_b.example:1", "h.:25"}) {
        const auto read = good("[delivery]\nrelay = \"" + std::string{text} + "\"\n");
        EXPECT_TRUE(delivery::route::from_text(read.delivery.relay)) << text;
        EXPECT_EQ(read.relay_where.line, 7U);
    }
}

TEST(numbers_and_times, are_refused_beyond_their_ends)
{
    const auto one = [](const std::string& line) { return complaints_about("[limits]\n" + line + "\n").size(); };
    EXPECT_EQ(one("recipients = 1"), 0U);
    EXPECT_EQ(one("recipients = 0"), 1U);
    EXPECT_EQ(one("recipients = \"1\""), 1U);
    EXPECT_EQ(one("connections_per_ip = 0"), 0U);
    EXPECT_EQ(one("connections_per_ip = -1"), 1U);
    EXPECT_EQ(one("connections_per_network = 0"), 0U);
    EXPECT_EQ(one("connections_per_network = 1"), 1U);
    EXPECT_EQ(one("line = 512"), 0U);
    EXPECT_EQ(one("line = 511"), 1U);
    EXPECT_EQ(one("header_size = \"1KiB\""), 0U);
    EXPECT_EQ(one("header_size = 1023"), 1U);
    EXPECT_EQ(one("header_size = \"64MiB\""), 0U);
    EXPECT_EQ(one("header_size = 67108865"), 1U);
    EXPECT_EQ(one("timeouts = { data = \"3650d\" }"), 0U);
    EXPECT_EQ(one("timeouts = { data = \"3650d1ns\" }"), 1U);
    EXPECT_EQ(one("timeouts = { data = \"0\" }"), 1U);
    EXPECT_EQ(one("timeouts = { data = 5 }"), 1U);
    EXPECT_EQ(complaints_about("[queue]\njitter = 0.9\n").size(), 0U);
    EXPECT_EQ(complaints_about("[queue]\njitter = 0.91\n").size(), 1U);
    EXPECT_EQ(complaints_about("[queue]\njitter = nan\n").size(), 1U);
    EXPECT_EQ(complaints_about("[queue]\nretry = []\n").size(), 1U);
    EXPECT_EQ(complaints_about("[queue]\nretry = [\"0\"]\n").size(), 1U);
}

TEST(a_control_path, is_one_that_a_socket_can_have)
{
    const auto path_of = [](std::size_t size) { return "control = \"/" + std::string(size - 1, 'c') + "\"\n"; };
    EXPECT_THAT(complaints_about("", path_of(107)), IsEmpty());
    EXPECT_THAT(complaints_about("", path_of(108)), ElementsAre(HasSubstr("control: its path has more than 107 octets")));
}

TEST(a_file, that_cannot_be_read_is_named)
{
    problems found;
    EXPECT_FALSE(read_config("/nowhere/postern.toml", found));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text(), "/nowhere/postern.toml: cannot be read: No such file or directory");
}

TEST(the_dns, is_asked_where_the_configuration_says)
{
    EXPECT_THAT(good("").dns.servers, IsEmpty());
    EXPECT_EQ(good("").dns.timeout, 10s);
    const auto read =
        good("[delivery.dns]\nservers = [\"127.0.0.1:5353\", \"[::1]:53\"]\ntimeout = \"2s\"\ntrust_anchor = \"/\"\n");
    EXPECT_THAT(read.dns.servers, ElementsAre("127.0.0.1:5353", "[::1]:53"));
    EXPECT_EQ(read.dns.timeout, 2s);
    EXPECT_EQ(read.dns.trust_anchor, "/");
    for (const auto* wrong : {"localhost:53", "127.0.0.1", "127.0.0.1:0", "::1"})
        EXPECT_THAT(complaints_about("[delivery.dns]\nservers = [\"" + std::string{wrong} + "\"]\n"),
                    ElementsAre(HasSubstr(":7: delivery.dns.servers: \"" + std::string{wrong} + "\" is no address with a port")));
    EXPECT_THAT(complaints_about("[delivery.dns]\nservers = []\n"), ElementsAre(HasSubstr("must have at least one")));
    EXPECT_THAT(complaints_about("[delivery.dns]\ntrust_anchor = \"nowhere.key\"\n"),
                ElementsAre(HasSubstr("there is no such file: /etc/postern/nowhere.key")));
    EXPECT_THAT(complaints_about("[delivery.dns]\nserver = \"x\"\n"), ElementsAre(HasSubstr("delivery.dns.server: unknown key")));
}

TEST(keys_and_values, have_a_store_and_namespaces)
{
    const std::string plugins = "[[plugin]]\nname = \"facts\"\nlibrary = \"kv-memory\"\n"
                                "[[plugin]]\nname = \"a\"\nlibrary = \"l\"\nkv_namespace = \"shared\"\n";
    const auto read = good(plugins + "[kv]\nstore = \"facts\"\ndeadline = \"1s\"\n");
    EXPECT_EQ(read.kv.store, "facts");
    EXPECT_EQ(read.kv.deadline, 1s);
    EXPECT_EQ(read.find_plugin("a")->kv_namespace, "shared");
    EXPECT_EQ(read.find_plugin("facts")->kv_namespace, "");
    EXPECT_THAT(complaints_about("[kv]\nstore = \"x\"\n"),
                ElementsAre(HasSubstr("kv.store: there is no [[plugin]] with the name \"x\"")));
    EXPECT_THAT(complaints_about(plugins + "[queue]\nstore = \"facts\"\n[kv]\nstore = \"facts\"\n"),
                ElementsAre(HasSubstr("kv.store: is the queue's store already")));
    EXPECT_THAT(complaints_about("[kv]\ndeadline = \"0s\"\n"),
                ElementsAre(HasSubstr("kv.deadline: must be longer than nothing")));
    EXPECT_THAT(complaints_about("[[plugin]]\nname = \"a\"\nlibrary = \"l\"\nkv_namespace = \"a b\"\n"),
                ElementsAre(HasSubstr("plugin.kv_namespace: must be given")));
}

} // namespace
} // namespace postern::daemon
