// The plugin with its real parts: libcurl, the machine's clock and randomness.

#include "agent.hpp"

#include <postern/plugin.hpp>

#include <chrono>
#include <memory>
#include <random>
#include <utility>

#include <unistd.h>

namespace {

using namespace tls_report;

[[nodiscard]] postern::kit::https_settings settings_of(const postern::host& host)
{
    postern::kit::https_settings how;
    how.timeout = host.config("timeout", how.timeout);
    how.ca_file = host.config("ca_file", "");
    how.takes_private = host.config("private_addresses", false);
    how.agent = "postern-tls-report";
    if (!how.ca_file.empty() && ::access(how.ca_file.c_str(), R_OK) != 0)
        host.refuse("ca_file", how.ca_file + " cannot be read");
    return how;
}

class curl_poster final : public poster {
public:
    explicit curl_poster(const postern::kit::https_settings& how) : client_{how} {}
    void post(postern::kit::https_request what, done tell) override { client_.send(std::move(what), std::move(tell)); }

private:
    postern::kit::https_client client_;
};

/// Threads: any.
[[nodiscard]] std::int64_t random_up_to(std::int64_t most)
{
    std::random_device device;
    return std::uniform_int_distribution<std::int64_t>{0, most}(device);
}

[[nodiscard]] std::int64_t now_s()
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

[[nodiscard]] std::chrono::nanoseconds steady()
{
    return std::chrono::steady_clock::now().time_since_epoch();
}

class tls_report_plugin : public agent {
public:
    explicit tls_report_plugin(const postern::host& host)
        : agent{host, {&now_s, &steady, &random_up_to, [how = settings_of(host)] { return std::make_unique<curl_poster>(how); }}}
    {
    }
};

} // namespace

POSTERN_PLUGIN(tls_report_plugin, "org.postern.tls-report", "1.0");
