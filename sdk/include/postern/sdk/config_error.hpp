#pragma once
// What a plugin throws when an option is to blame: in its constructor, or while it prepares.

#include <stdexcept>
#include <string>
#include <utility>

namespace postern {

/// An option that the plugin cannot work with. It becomes one line with FILE:LINE of `key`.
class config_error : public std::runtime_error {
public:
    config_error(std::string key, const std::string& text) : std::runtime_error{text}, key_{std::move(key)} {}
    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    std::string key_;
};

} // namespace postern
