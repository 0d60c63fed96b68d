#pragma once
// A plugin's own plugin.toml, for its tests: the options that a test gives are held against it as a server does, and its defaults
// are added. Needs toml++ (Debian: libtomlplusplus-dev), which nothing else of the SDK does; postern_add_plugin defines
// POSTERN_PLUGIN_MANIFEST as the file's path.
//
//     fake_host host{postern_plugin_v1};
//     host.option("word", "apple");
//     ASSERT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), IsEmpty());
//     ASSERT_EQ(host.create(), POSTERN_PASS);

#include <postern/testing/fake_host.hpp>

#include <string>
#include <vector>

#if !__has_include(<toml++/toml.h>)
#error "<postern/testing/plugin_manifest.hpp> needs toml++ (Debian: libtomlplusplus-dev)"
#endif

namespace postern::testing {

/// Holds what was given so far against a manifest, and gives the defaults of what was not. What is wrong, one line each; before
/// create. Paths of defaults stay as they are written.
[[nodiscard]] std::vector<std::string> use_manifest(fake_host& host, const std::string& file);

} // namespace postern::testing
