// The plugin with its real parts: libcurl, the machine's clocks and randomness.

#include "agent.hpp"
#include "curl_fetcher.hpp"

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

class mta_sts_plugin : public agent {
public:
    explicit mta_sts_plugin(const postern::host& host)
        : agent{host,
                [how = settings_of(host)](fetcher::done done) { return make_curl_fetcher(how, std::move(done)); },
                {now, random_jitter()}}
    {
    }
};

} // namespace

POSTERN_PLUGIN(mta_sts_plugin, "org.postern.mta-sts", "1.0");
