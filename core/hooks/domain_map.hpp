#pragma once
// Which chain the recipients of a domain have: exact names, and names below others. SECURITY: domains come from peers; a lookup
// costs a map search a label.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace postern::hooks {

/// Chains have numbers; 0 is that of the listener, which all others have.
class domain_map {
public:
    /// "example.org", or ".example.org": all domains below it, and not itself. The last word counts.
    void add(std::string_view name, std::uint32_t chain);
    /// An exact name goes before one below another, the nearest of those before the farther ones. Case does not matter for ASCII
    /// letters; a name in "xn--" form and the same in UTF-8 are two.
    [[nodiscard]] std::uint32_t find(std::string_view domain) const;
    [[nodiscard]] bool empty() const noexcept { return names_.empty(); }

private:
    std::map<std::string, std::uint32_t, std::less<>> names_;
};

} // namespace postern::hooks
