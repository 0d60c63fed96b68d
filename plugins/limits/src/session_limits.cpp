#include "session_limits.hpp"

#include <algorithm>

namespace limits {

std::string numbers::text() const
{
    std::string all;
    const auto add = [&](std::string_view name, std::uint32_t number) {
        if (number != 0)
            all.append(all.empty() ? "" : " ").append(name).append("=").append(std::to_string(number));
    };
    add("MAILMAX", mail_max);
    add("RCPTMAX", rcpt_max);
    add("RCPTDOMAINMAX", rcpt_domain_max);
    return all;
}

bool session_limits::takes_mail(const numbers& most) noexcept
{
    if (most.mail_max == 0)
        return true;
    mails_ = std::min(mails_ + 1, most.mail_max + 1); // RFC 9422 4.1: those that were refused count too
    return mails_ <= most.mail_max;
}

bool session_limits::takes_domain_of(std::string_view recipient, const numbers& most)
{
    if (most.rcpt_domain_max == 0)
        return true;
    const auto at = recipient.rfind('@');
    std::string domain{at == recipient.npos ? std::string_view{} : recipient.substr(at + 1)}; // none: our own postmaster
    std::transform(domain.begin(), domain.end(), domain.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    if (domain.empty() || domains_.contains(domain))
        return true;
    if (domains_.size() >= most.rcpt_domain_max)
        return false;
    domains_.insert(std::move(domain));
    return true;
}

} // namespace limits
