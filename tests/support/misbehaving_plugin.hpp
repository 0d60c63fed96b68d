#pragma once
// tests/wrong/misbehaves.cpp in a server: the words for a configuration with it.

#include "tests/support/server.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace postern::test {

/// Where it acts, for senders "victimN@...".
inline constexpr std::array<std::pair<unsigned, std::string_view>, 5> misbehaving_hooks{
    {{4, "cmd.mail"}, {5, "cmd.rcpt"}, {6, "cmd.data"}, {7, "msg.headers"}, {9, "msg.end"}}};

/// A relay for example.com to `relay` whose chain begins with the instance "wrong". `more`: lines of its [[plugin]].
[[nodiscard]] inline configuration with_misbehaving(std::string_view relay, std::string_view deed, std::string_view more = {},
                                                    std::string_view library = "misbehaves")
{
    configuration what;
    what.listener("in", {"wrong", "relay-domains"})
        .plugin("wrong", library, fmt::format("deed = \"{}\"", deed), more)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = \"{}\"", relay));
    return what.plugins_in(build_folder() / "tests/wrong_plugins");
}

/// `postern check` on it.
[[nodiscard]] inline outcome check_of(const configuration& what, const temporary_folder& folder)
{
    make_certificate(folder.path());
    return run({postern_program().string(), "check", "--config", folder.write("postern.toml", what.text()).string()});
}

} // namespace postern::test
