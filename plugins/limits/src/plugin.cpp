// Glue: options and sessions in, refusals out. What is counted is session_limits' matter.

#include "session_limits.hpp"

#include <postern/plugin.hpp>

#include <mutex>
#include <unordered_map>

namespace {

class limits_plugin {
public:
    explicit limits_plugin(const postern::host& host)
    {
        most_.mail_max = number(host, "mail_max", 1);
        most_.rcpt_max = number(host, "rcpt_max", 100); // RFC 5321 4.5.3.1.8
        most_.rcpt_domain_max = number(host, "rcpt_domain_max", 1);
        if (most_.text().empty())
            host.refuse("mail_max", "is 0, as are rcpt_max and rcpt_domain_max: there is no limit to say");
        host.keyword({.name = "LIMITS", .parameters = most_.text()}); // RFC 9422 3
    }

    postern::verdict on(const postern::mail& mail)
    {
        if (with(mail.session(), [&](limits::session_limits& used) { return used.takes_mail(most_); }))
            return postern::proceed();
        return postern::disconnect(421, "4.7.0", "too many transactions in one session"); // RFC 5321 3.8
    }

    postern::verdict on(const postern::rcpt& rcpt)
    {
        if (most_.rcpt_max != 0 && rcpt.index() >= most_.rcpt_max) // RFC 5321 4.5.3.1.10
            return postern::defer(452, "4.5.3", "too many recipients");
        if (with(rcpt.session(), [&](limits::session_limits& used) { return used.takes_domain_of(rcpt.recipient(), most_); }))
            return postern::proceed();
        return postern::defer(452, "4.5.3", "too many domains of recipients in one session");
    }

    void on(const postern::session_end& end)
    {
        const std::lock_guard lock{guard_};
        sessions_.erase(end.session());
    }

private:
    static std::uint32_t number(const postern::host& host, const char* key, std::uint32_t least)
    {
        const auto given = host.config(key, std::uint32_t{0});
        if (given != 0 && (given < least || given > 999'999)) // RFC 9422 3: at most six digits
            host.refuse(key, "is 0, or " + std::to_string(least) + " to 999999");
        return given;
    }
    template <class Use>
    bool with(std::uint64_t session, Use use)
    {
        const std::lock_guard lock{guard_};
        return use(sessions_[session]);
    }

    limits::numbers most_;
    std::mutex guard_; ///< of what follows
    std::unordered_map<std::uint64_t, limits::session_limits> sessions_;
};

} // namespace

POSTERN_PLUGIN(limits_plugin, "org.postern.limits", "1.0");
