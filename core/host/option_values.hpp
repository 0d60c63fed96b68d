#pragma once
// A plugin's options: as the configuration gives them, and as they are handed to the plugin once its manifest agreed.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace postern::daemon {

/// What stands in the file: one value, a list of them or a table of them. Nothing is deeper than that.
struct given_value {
    std::variant<std::string, std::int64_t, double, bool> value;
    unsigned line = 0;
};

enum class option_shape : std::uint8_t { scalar, list, table };

struct given_option {
    std::string key;
    unsigned line = 0;
    option_shape shape = option_shape::scalar;
    std::vector<std::pair<std::string, given_value>> items; ///< one for a scalar; names are empty but in a table
};

using given_options = std::vector<given_option>;

/// One postern_option with its strings owned. `kind` is POSTERN_OPTION_...
struct option_value {
    std::string key;
    std::string name;
    std::string text;
    std::int64_t number = 0;
    std::uint32_t kind = 0;
    std::uint32_t index = 0;
    unsigned line = 0; ///< in the configuration file; 0: a default
};

} // namespace postern::daemon
