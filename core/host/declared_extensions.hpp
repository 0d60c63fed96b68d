#pragma once
// What one plugin instance adds to the protocol, as it said so in create (postern.ehlo/1), checked by itself; whether it fits
// what others at a listener add is known only there.

#include "core/hooks/outgoing.hpp"
#include "core/session/extensions.hpp"

#include <postern/abi/ehlo.h>

#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

/// Threads: one; [control].
class declared_extensions {
public:
    /// Each takes one declaration. Else why not, for the operator.
    [[nodiscard]] std::optional<std::string> add(const postern_keyword& what);
    [[nodiscard]] std::optional<std::string> add(const postern_verb& what);
    [[nodiscard]] std::optional<std::string> add(const postern_param_kind& what);

    [[nodiscard]] bool empty() const noexcept { return keywords_.empty() && verbs_.empty(); }
    [[nodiscard]] bool has_verbs() const noexcept { return !verbs_.empty(); }

    [[nodiscard]] const std::vector<session::extension_keyword>& keywords() const noexcept { return keywords_; }
    [[nodiscard]] const std::vector<session::extension_parameter>& parameters() const noexcept { return parameters_; }

    /// Its parameters, as whoever sets them has to know them.
    [[nodiscard]] std::vector<hooks::owned_parameter> owned() const;

    /// Adds all to what others have at a listener, as `owner`'s. Else the first thing that does not fit.
    [[nodiscard]] std::optional<std::string> add_to(session::extensions& all, const std::string& owner) const;

private:
    std::vector<session::extension_keyword> keywords_;
    std::vector<session::extension_verb> verbs_;
    std::vector<session::extension_parameter> parameters_;
};

} // namespace postern::daemon
