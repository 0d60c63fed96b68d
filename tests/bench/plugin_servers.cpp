#include "tests/bench/plugin_servers.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace postern::bench {
namespace {

/// What is accepted stays in the queue: the next hop takes connections and never says a word.
test::configuration keeping(std::vector<std::string> chain, std::uint16_t silent)
{
    test::configuration what;
    what.section("limits", "connections_per_ip = 0").section("log", "level = \"error\"");
    chain.insert(chain.begin(), "relay-domains");
    what.listener("in", chain)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = \"127.0.0.1:{}\"\ntls = \"none\"", silent));
    return what;
}

} // namespace

test::configuration with_own_plugins(const test::configuration& what)
{
    const std::filesystem::path folder{POSTERN_BENCH_PLUGINS};
    for (const auto& each : std::filesystem::directory_iterator{folder}) // a build under a umask of 002
        std::filesystem::permissions(each.path(), std::filesystem::perms::group_write | std::filesystem::perms::others_write,
                                     std::filesystem::perm_options::remove);
    auto text = what.text();
    const std::string own = "plugin_path = [";
    text.replace(text.find(own), own.size(), fmt::format("{}\"{}\", ", own, folder.string()));
    return test::configuration::of_text(text);
}

test::configuration discarding(std::vector<std::string> chain)
{
    test::configuration what;
    what.section("limits", "connections_per_ip = 0").section("log", "level = \"error\"");
    chain.insert(chain.begin(), "relay-domains");
    chain.emplace_back("discard");
    what.listener("in", chain)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("discard", "discard");
    return what;
}

std::unique_ptr<subject> make_with_pass_through(unsigned count, std::uint16_t silent)
{
    std::vector<std::string> chain;
    for (unsigned i = 0; i < count; ++i)
        chain.push_back(fmt::format("pass{}", i));
    auto what = silent == 0 ? discarding(chain) : keeping(chain, silent);
    for (const auto& each : chain)
        what.plugin(each, "pass_everywhere");
    return make_postern(with_own_plugins(what), silent != 0, fmt::format("{} more plugins", count));
}

} // namespace postern::bench
