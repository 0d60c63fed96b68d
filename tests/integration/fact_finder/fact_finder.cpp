// Answers RCPT with what it has found out: the MX records of the domain, and how often it was asked about it.

#include <postern/plugin.hpp>

#include <string>

namespace {

class fact_finder {
public:
    static constexpr const char* requires_[] = {POSTERN_DNS_1, POSTERN_KV_1};

    explicit fact_finder(const postern::host& host) : host_{host}, is_durable_{host.config("durable", true)} {}

    postern::task<postern::verdict> on(postern::rcpt event)
    {
        const std::string domain{event.recipient().substr(event.recipient().find('@') + 1)};
        const auto found = co_await host_.dns().mx(domain);
        const auto count = co_await host_.kv().add("asked:" + domain, 1, {.is_durable = is_durable_});
        std::string text = "status=" + std::to_string(static_cast<unsigned>(found.status)) + " asked=" + std::to_string(count);
        if (found.is_secure)
            text += " secure";
        if (found.is_bogus)
            text += " bogus";
        for (const auto& each : found.records)
            text += " " + std::to_string(each.preference) + "=" + each.host;
        co_return postern::defer(450, "4.7.1", text);
    }

private:
    postern::host host_;
    bool is_durable_;
};

} // namespace

POSTERN_PLUGIN(fact_finder, "org.postern.tests.fact-finder", "1.0");
