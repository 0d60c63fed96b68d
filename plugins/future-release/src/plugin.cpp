// Glue: options, the clock and MAIL in, a release out. The decision is release_policy's.

#include "release_policy.hpp"

#include <postern/kit/network_set.hpp>
#include <postern/plugin.hpp>

namespace {

using std::chrono::seconds;

class future_release_plugin {
public:
    explicit future_release_plugin(const postern::host& host)
        : most_{time(host, "most", std::chrono::hours{168})}, expire_{time(host, "expire", std::chrono::hours{120})},
          warn_{time(host, "warn", std::chrono::hours{4})}
    {
        for (const std::string& entry : host.list("networks"))
            if (const char* problem = networks_.add(entry); problem != nullptr)
                host.refuse("networks", "\"" + entry + "\" " + problem);
        host.keyword({.name = "FUTURERELEASE", .parameters = future_release::keyword_parameters({}, most_)});
        // RFC 4865 4: for the server that holds it alone.
        for (const char* name : {"HOLDFOR", "HOLDUNTIL"})
            host.parameter({.name = name, .keyword = "FUTURERELEASE", .relay = postern::relay::never});
    }

    // RFC 4865 1: for submission. What is offered to nobody else is 555 there.
    postern::offers on(const postern::ehlo& hello) const
    {
        const postern::peer peer = hello.peer();
        postern::offers lines;
        if (!peer.identity().empty() || networks_.contains(peer.address()))
            lines.add("FUTURERELEASE", future_release::keyword_parameters(now(), most_));
        return lines;
    }

    // Here both parameters are there to be seen.
    postern::verdict on(const postern::mail& mail) const
    {
        future_release::wish asked;
        for (const postern::param& each : mail.params()) {
            if (each.keyword == "HOLDFOR")
                asked.hold_for = each.value.value_or("");
            else if (each.keyword == "HOLDUNTIL")
                asked.hold_until = each.value.value_or("");
            else if (each.keyword == "BY") // RFC 2852: that is when it expires, whatever is held
                asked.by = each.value.value_or("");
        }
        const auto release = future_release::release_of(asked, now(), most_);
        if (release.problem != nullptr)
            return postern::reject(501, "5.5.4", release.problem);
        if (!release.at)
            return postern::proceed();
        postern::verdict answer = postern::proceed().release_at(*release.at);
        if (!asked.by) // the time for attempts begins with the release
            answer.expire_at(*release.at + expire_).warn_at(*release.at + warn_);
        return answer;
    }

private:
    static seconds time(const postern::host& host, const char* key, seconds fallback)
    {
        const seconds given = host.config(key, fallback);
        if (given < seconds{1} || given > seconds{999'999'999}) // RFC 4865 3: nine digits
            host.refuse(key, "is 1s to 999999999s");
        return given;
    }
    static future_release::seconds_since_1970 now() noexcept
    {
        return std::chrono::floor<seconds>(std::chrono::system_clock::now());
    }

    seconds most_;
    seconds expire_;
    seconds warn_;
    postern::kit::network_set networks_;
};

} // namespace

POSTERN_PLUGIN(future_release_plugin, "org.postern.future-release", "1.0");
