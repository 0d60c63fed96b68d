// The plugin with its real parts: libcurl, the machine's clocks and randomness, and the web server for policies of one's own.

#include "agent.hpp"
#include "curl_fetcher.hpp"
#include "web_server.hpp"

#include <postern/plugin.hpp>

#include <memory>
#include <mutex>
#include <random>
#include <utility>

#include <unistd.h>

namespace {

using namespace mta_sts;

[[nodiscard]] curl_settings settings_of(const postern::host& host)
{
    curl_settings how;
    auto& https = how.https;
    https.timeout = host.config("timeout", https.timeout);
    https.at_once = host.config("fetches", https.at_once);
    https.ca_file = host.config("ca_file", "");
    https.takes_private = host.config("private_addresses", false);
    https.agent = "postern-mta-sts";
    how.port = host.config("port", how.port);
    if (!https.ca_file.empty() && ::access(https.ca_file.c_str(), R_OK) != 0)
        host.refuse("ca_file", https.ca_file + " cannot be read");
    return how;
}

[[nodiscard]] moment now()
{
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::steady_clock::now().time_since_epoch(),
            std::chrono::duration_cast<std::chrono::seconds>(since_1970).count()};
}

/// Up to a tenth more; never less, since others were promised how seldom they are asked. Called under the agent's lock.
[[nodiscard]] discovery::jitter random_jitter()
{
    return [generator = std::make_shared<std::minstd_rand>(std::random_device{}())](std::chrono::nanoseconds time) {
        std::uniform_int_distribution<std::int64_t> tenth{0, time.count() / 10};
        return time + std::chrono::nanoseconds{tenth(*generator)};
    };
}

[[nodiscard]] web_settings web_settings_of(const postern::host& host)
{
    web_settings how;
    how.address = host.config("serve", "");
    if (!is_listen_address(how.address))
        host.refuse("serve", how.address + " is no address and port, such as \"0.0.0.0:443\" or \"[::]:443\"");
    how.certificate = host.required("serve_cert");
    how.key = host.required("serve_key");
    return how;
}

[[nodiscard]] web_page page_of(const own_policy& own)
{
    web_page page{{}, "/.well-known/mta-sts.txt", policy_for(own, {}).text};
    for (const auto& each : own.domains)
        page.hosts.push_back("mta-sts." + each);
    return page;
}

class mta_sts_plugin : public agent {
public:
    explicit mta_sts_plugin(const postern::host& host)
        : agent{host,
                [how = settings_of(host)](fetcher::done done) { return make_curl_fetcher(how, std::move(done)); },
                {now, random_jitter()}}
    {
        if (host.config("serve", "").empty())
            return;
        if (own().domains.empty())
            host.refuse("serve", "takes own_domains: whose policy is served");
        served_ = host.metrics().counter("served_total", "Requests for policies of one's own, by what was answered",
                                         {{"result", "policy"}});
        refused_ = host.metrics().counter("served_total", "Requests for policies of one's own, by what was answered",
                                          {{"result", "other"}});
        web_ = std::make_unique<web_server>(
            web_settings_of(host), page_of(own()), [this](unsigned code) { (code == 200 ? served_ : refused_).add(); },
            [this](const std::string& why) {
                this->host().event_log().warning("serve_failed", {{"cause", why}});
            });
        if (const auto why = web_->load(); !why.empty())
            host.refuse("serve_cert", why);
    }

    using agent::on;
    /// An operator who asks hears of a certificate that nobody will take; a server starts all the same, and says so.
    postern::readiness on(const postern::prepare& event)
    {
        if (!web_)
            return postern::ready();
        for (const auto& each : web_->uncovered()) {
            if (event.is_check())
                return postern::not_ready("serve_cert", "the certificate is not for " + each);
            host().event_log().warning("serve_failed", {{"cause", "the certificate is not for " + each}});
        }
        if (event.is_check()) // the place may be that of the server that runs
            return postern::ready();
        const auto why = web_->open();
        return why.empty() ? postern::ready() : postern::not_ready("serve", why);
    }
    void on(const postern::commit& event)
    {
        agent::on(event);
        if (!web_)
            return;
        web_->start();
        host().event_log().info("serves", {{"port", web_->port()}});
    }

private:
    postern::counter served_;
    postern::counter refused_;
    std::unique_ptr<web_server> web_; ///< last: its thread uses the rest
};

} // namespace

POSTERN_PLUGIN(mta_sts_plugin, "org.postern.mta-sts", "1.0");
