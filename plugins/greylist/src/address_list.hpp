#pragma once
// Addresses and domains that an operator names. Pure; it must not know what for.
// STANDARDS: RFC 5321 2.4. SECURITY: entries are the operator's, addresses a client's.

#include <set>
#include <string>
#include <string_view>

namespace greylist {

class address_list {
public:
    /// "local@example.org"; "local@" at any domain, and without one; "example.org"; ".example.org" for all below it. What is
    /// wrong with it, or nullptr.
    [[nodiscard]] const char* add(std::string_view entry);
    /// A to Z count as a to z, in local parts too.
    [[nodiscard]] bool contains(std::string_view address) const;

private:
    std::set<std::string, std::less<>> entries_;
};

} // namespace greylist
