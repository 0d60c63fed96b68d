#pragma once
// Whose address it is. Pure: text in, a decision out; it must not know the plugin contract.
// STANDARDS: RFC 5321 2.4, 4.1.2; RFC 5233 (subaddresses). SECURITY: senders come from whoever is logged in. What is not
// understood is nobody's.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sender_owner {

class ownership {
public:
    bool identity_is_address = true;
    bool case_sensitive = false;

    // Each takes one entry of an option, and says what is wrong with it, or nullptr.

    /// Before add(): it says how entries are kept.
    [[nodiscard]] const char* set_separator(std::string_view text);
    /// `addresses`: "local@domain, @domain".
    [[nodiscard]] const char* add(std::string_view identity, std::string_view addresses);
    /// "identity: address, @domain"; an empty one and one with "#" in front are no entries.
    [[nodiscard]] const char* add_line(std::string_view line);

    /// Whether `sender`, "local@domain" as RFC 5321 writes it, is an address of who logged in as `identity`.
    [[nodiscard]] bool owns(std::string_view identity, std::string_view sender) const;

private:
    [[nodiscard]] std::string comparable(std::string_view address) const;
    [[nodiscard]] bool is_same(std::string_view sender, std::string_view owned) const;

    char separator_ = 0;
    std::map<std::string, std::vector<std::string>, std::less<>> owned_; ///< comparable addresses, and "@domain"
};

} // namespace sender_owner
