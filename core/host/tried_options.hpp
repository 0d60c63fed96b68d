#pragma once
// The options that a plugin is tried with outside of any server: those of a file or the command line, completed by its manifest;
// and for the conformance kit the others that an operator may come upon.

#include "core/host/manifest.hpp"

#include <postern/testing/fake_host.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

struct option_case {
    std::string what; ///< "option path is empty"
    manifest rules;
    given_options given;
};

class tried_options {
public:
    /// The manifest beside `library`, which may be missing; `config`: a file with a [[plugin]] of that library, or with the
    /// options alone, empty: none; `words`: "key=value", the value as TOML has it, or else a text.
    [[nodiscard]] static tried_options read(const std::filesystem::path& library, const std::filesystem::path& config,
                                            const std::vector<std::string>& words, problems& found);

    /// Nothing: there is none, or a wrong one.
    [[nodiscard]] const std::optional<manifest>& rules() const noexcept { return rules_; }
    /// Gives them to a host; paths are relative to the working folder. What is wrong with them goes to `found`.
    void give(testing::fake_host& host, problems& found) const;
    /// Each option left out, and with every extreme of its type.
    [[nodiscard]] std::vector<option_case> cases() const;
    static void give(const option_case& from, testing::fake_host& host);

private:
    std::optional<manifest> rules_;
    given_options given_;
    std::string library_; ///< who is meant, for messages
    std::string file_;    ///< that they come from, for messages
};

} // namespace postern::daemon
