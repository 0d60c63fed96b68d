#pragma once
// What one session has used of its limits. Pure; it must not know the plugin contract, nor whose session it is.
// STANDARDS: RFC 9422 3, 4. SECURITY: domains come from the client; no more of them are kept than the limit.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace limits {

/// 0: no limit.
struct numbers {
    std::uint32_t mail_max = 0;
    std::uint32_t rcpt_max = 0;
    std::uint32_t rcpt_domain_max = 0;

    /// "MAILMAX=1 RCPTMAX=2 RCPTDOMAINMAX=3", without those that are none.
    [[nodiscard]] std::string text() const;
};

class session_limits {
public:
    /// A MAIL is about to be answered: false, if it is one too many.
    [[nodiscard]] bool takes_mail(const numbers& most) noexcept;
    /// A RCPT whose domain is one too many: false.
    [[nodiscard]] bool takes_domain_of(std::string_view recipient, const numbers& most);

private:
    std::uint32_t mails_ = 0;
    std::set<std::string, std::less<>> domains_; ///< in lower case
};

} // namespace limits
