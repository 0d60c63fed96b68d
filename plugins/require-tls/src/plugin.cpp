// Glue: parameter and header field in, a TLS policy out. The decision is tls_wish's.

#include "tls_wish.hpp"

#include <postern/plugin.hpp>

namespace {

using require_tls::security;
using require_tls::wish;

class require_tls_plugin {
public:
    explicit require_tls_plugin(const postern::host& host) : reads_field_{host.config("header_field", true)}
    {
        host.keyword({.name = "REQUIRETLS", .in_tls = true}); // RFC 8689 2
        host.parameter({.name = "REQUIRETLS",
                        .keyword = "REQUIRETLS",
                        .value = postern::param_value::forbidden,
                        .relay = postern::relay::required,
                        .lacking = "5.7.30"});
        // What the header section says is kept with the message as a parameter that no client is offered.
        host.keyword({.name = waived});
        host.parameter(
            {.name = waived, .keyword = waived, .value = postern::param_value::forbidden, .relay = postern::relay::never});
    }

    static postern::offers on(const postern::ehlo& hello)
    {
        return hello.peer().has_tls() ? postern::offers{}.add("REQUIRETLS") : postern::offers{};
    }

    postern::verdict on(const postern::headers& event) const
    {
        if (reads_field_)
            for (const postern::header& field : event.fields())
                if (require_tls::waives_tls(field.name, field.value))
                    return postern::proceed().set_param(std::string{waived}, "");
        return postern::proceed();
    }

    static postern::tls_reply on(const postern::tls_policy& event)
    {
        const security now = from(event.need());
        const security settled = require_tls::settle(wish_of(event.params()), from(event.configured()), now);
        return settled == now ? postern::proceed() : postern::use_tls(to(settled));
    }

private:
    static constexpr std::string_view waived = "XTLSWAIVED";

    static wish wish_of(const postern::stored_params& params)
    {
        wish what = wish::none;
        for (const postern::stored_param each : params) {
            if (each.keyword == "REQUIRETLS")
                return wish::required;
            if (each.keyword == waived)
                what = wish::waived;
        }
        return what;
    }
    static security from(postern::tls_need need)
    {
        switch (need) {
        case postern::tls_need::none:
            return security::clear;
        case postern::tls_need::opportunistic:
            return security::opportunistic;
        case postern::tls_need::required:
            return security::encrypted;
        case postern::tls_need::verified:
            return security::verified;
        case postern::tls_need::dane:
            return security::dane;
        }
        return security::dane; // of a server that knows more
    }
    static postern::tls_need to(security what)
    {
        switch (what) {
        case security::clear:
            return postern::tls_need::none;
        case security::opportunistic:
            return postern::tls_need::opportunistic;
        case security::encrypted:
            return postern::tls_need::required;
        case security::verified:
            return postern::tls_need::verified;
        case security::dane:
            return postern::tls_need::dane;
        }
        return postern::tls_need::verified;
    }

    bool reads_field_;
};

} // namespace

POSTERN_PLUGIN(require_tls_plugin, "org.postern.require-tls", "1.0");
