#pragma once
// Which header fields go and which come. Pure: it must not know the plugin contract. STANDARDS: RFC 5322 2.1.1, 2.2.
// SECURITY: field names come from anybody's message and are only compared.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headers {

struct field {
    std::string name;
    std::string value;
};

class header_rules {
public:
    // Each says what is wrong with an entry, or nullptr.
    [[nodiscard]] const char* add(std::string_view name, std::string_view value);
    [[nodiscard]] const char* remove(std::string_view name);

    /// Whether a field of this name goes.
    [[nodiscard]] bool removes(std::string_view name) const noexcept;
    /// What comes, in order.
    [[nodiscard]] std::span<const field> additions() const noexcept { return added_; }

private:
    std::vector<field> added_;
    std::vector<std::string> removed_;
};

} // namespace headers
