// docs/reference/configuration.md against the reader of the configuration: every key, and every default that is a value.

#include "core/host/config.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

struct row {
    std::string section; ///< "", "limits", "[listener]"
    std::string key;
    std::string standard; ///< the cell with the default
};

/// The rows of all tables, each under the last heading above it.
std::vector<row> documented()
{
    const auto text = postern::test::read_file(postern::test::source_folder() / "docs/reference/configuration.md");
    static const std::regex heading{R"(^## (?:\[(.*)\]|(.*))$)"};
    static const std::regex line{R"(^\| `([a-z_]+)` \| (.*?) \| .*\|$)"};
    std::vector<row> out;
    std::string section;
    std::istringstream in{text};
    for (std::string each; std::getline(in, each);) {
        std::smatch found;
        if (std::regex_match(each, found, heading))
            section = found[1].str();
        else if (std::regex_match(each, found, line))
            out.push_back({section, found[1].str(), found[2].str()});
    }
    return out;
}

/// The smallest configuration that has everything, with `lines` in `section`.
std::string with(const std::string& section, const std::string& lines)
{
    const auto in = [&](const std::string& name) { return section == name ? lines : std::string{}; };
    std::string out = "hostname = \"mx.example.org\"\ndata_dir = \"data\"\n" + in("") +
                      "[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\n" + in("[listener]") +
                      (section == "[listener.domain]" ? "[[listener.domain]]\n" + lines : std::string{}) +
                      "[[plugin]]\nname = \"p\"\nlibrary = \"l\"\n" + in("[plugin]");
    const std::string files = "cert = \"c.pem\"\nkey = \"k.pem\"\n";
    if (section == "[tls.certificate]")
        out += "[tls]\n" + files + "[[tls.certificate]]\n" + lines;
    else if (section == "[delivery.source_pool]" || section == "[delivery.destination]")
        out += "[" + section + "]\n" + lines;
    else if (section == "[delivery.login]") {
        out += "[[delivery.login]]\n" + lines;
        for (const std::string needed : {"next_hop = \"a.example:25\"\n", "user = \"u\"\n", "password_file = \"p\"\n"})
            if (needed.substr(0, needed.find('=')) != lines.substr(0, lines.find('=')))
                out += needed;
    } else if (!section.empty() && section.front() != '[')
        out += "[" + section + "]\n" + lines;
    if (section == "tls" && !lines.starts_with("cert ") && !lines.starts_with("key "))
        out += files; // which it cannot be without
    return out;
}

config read(const std::string& text)
{
    problems found;
    auto out = read_config_text(text, "/etc/postern.toml", found);
    for (const auto& each : found)
        ADD_FAILURE() << each.text();
    return out.value_or(config{});
}

/// All values of a configuration that have a default.
std::string values(const config& of)
{
    const auto& session = of.limits.session;
    const auto& connections = of.limits.connections;
    const auto& times = of.limits.timeouts;
    const auto& budgets = of.limits.budgets;
    const auto& listener = of.listeners.at(0);
    const auto& plugin = of.plugins.at(0);
    const auto& policy = of.queue.policy;
    const auto& delivery = of.delivery;
    const auto& limits = delivery.timeout;
    const auto tls = of.tls.value_or(tls_settings{});
    std::vector<long long> retry;
    for (const auto& each : policy.retry)
        retry.push_back(each.count());
    return fmt::format("log {} {} limits {} {} {} {} {} {} {} {} {} {} {} {} ", static_cast<int>(of.log.format),
                       static_cast<int>(of.log.level), session.message_size, session.recipients, session.received, session.line,
                       session.text_line, session.header_size, session.errors, session.idle_commands, connections.connections,
                       connections.connections_per_ip, connections.minimum_rate, static_cast<int>(of.limits.bare_lf)) +
           fmt::format("times {} {} {} {} {} listener {} {} plugin {} {} {} ", times.greeting.count(), times.command.count(),
                       times.data.count(), times.tls.count(), times.pause.count(), static_cast<int>(listener.tls),
                       listener.chain.size(), static_cast<int>(plugin.on_error), plugin.deadline.count(),
                       plugin.may.headers || plugin.may.sender || plugin.may.rcpt || plugin.may.body || plugin.may.route ||
                           plugin.may.accept) +
           fmt::format("queue {} {} {} {} delivery '{}' {} {} {} {} {} ", fmt::join(retry, ","), policy.jitter,
                       policy.expire.count(), policy.warn.count(), delivery.relay, delivery.transport, delivery.concurrency,
                       delivery.per_destination, delivery.connection_reuse, static_cast<int>(delivery.tls)) +
           fmt::format("trace {} times {} {} {} {} {} ", of.trace_keep, limits.connect.count(), limits.greeting.count(),
                       limits.command.count(), limits.data.count(), limits.final.count()) +
           fmt::format("tls {} '{}' {} {} {} {} ", fmt::join(tls.groups, ","), tls.ciphers, static_cast<int>(tls.lowest),
                       static_cast<int>(tls.clients), listener.proxy_protocol, listener.clients.has_value()) +
           fmt::format("breaker {} {} budgets {} {} {} {}", plugin.breaker.failures, plugin.breaker.pause.count(),
                       budgets[hooks::phase::connect].count(), budgets[hooks::phase::envelope].count(),
                       budgets[hooks::phase::content].count(), budgets[hooks::phase::end].count());
}

TEST(the_reference, has_defaults_that_change_nothing_when_they_are_said)
{
    const auto standard = values(read(with("", "")));
    std::size_t checked = 0;
    for (const auto& each : documented()) {
        if (each.standard.front() != '`' || each.standard.find('`', 1) != each.standard.size() - 1)
            continue; // in words
        const auto value = each.standard.substr(1, each.standard.size() - 2);
        EXPECT_EQ(values(read(with(each.section, each.key + " = " + value + "\n"))), standard) << each.section << "." << each.key;
        ++checked;
    }
    EXPECT_GE(checked, 40U);
}

TEST(the_reference, names_no_key_that_there_is_not)
{
    for (const auto& each : documented()) {
        problems found;
        // A value of no kind that any key takes: a known key says what it must be, or that it comes later.
        (void)read_config_text(with(each.section, each.key + " = 1979-05-27\n"), "p.toml", found);
        bool is_refused = false;
        for (const auto& one : found) {
            EXPECT_THAT(one.what, ::testing::Not(::testing::HasSubstr("unknown key"))) << each.section << "." << each.key;
            is_refused = true;
        }
        EXPECT_TRUE(is_refused) << each.section << "." << each.key;
    }
}

TEST(the_reference, names_every_key_that_is_read)
{
    std::string source;
    for (const auto* file :
         {"core/host/config.cpp", "core/host/config_chains.cpp", "core/host/config_delivery.cpp", "core/host/config_tls.cpp"})
        source += postern::test::read_file(postern::test::source_folder() / file);
    // Tables and what is in one: named in the text.
    std::set<std::string> known{"certificate", "config", "destination", "dns", "domain", "failures", "login", "source_pool"};
    for (const auto& each : documented())
        known.insert(each.key);
    static const std::regex call{
        R"re((?:\b(?:text|texts|path|integer|number|size|rate|duration|tables|not_yet|not_yet_but)\(|\bread_name\(from, |\*\w+, |choice<[^;()]*>\(\s*)"([a-z_]+)")re"};
    std::set<std::string> used;
    for (auto at = std::sregex_iterator{source.begin(), source.end(), call}; at != std::sregex_iterator{}; ++at)
        used.insert((*at)[1].str());
    for (const auto* table : {"listener", "plugin"})
        EXPECT_EQ(used.erase(table), 1U) << "the expression above has lost its grip";
    EXPECT_GE(used.size(), 45U) << "the expression above has lost its grip";
    for (const auto& each : used)
        EXPECT_TRUE(known.contains(each)) << each;
}

} // namespace
} // namespace postern::daemon
