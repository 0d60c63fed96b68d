// Glue: options, the clock, BY and next hops in; times and what is said on out. What the value means is deliver_by's matter.

#include "deliver_by.hpp"

#include <postern/plugin.hpp>

namespace {

using deliver_by::mode;
using std::chrono::seconds;
using std::chrono::system_clock;

class deliver_by_plugin {
public:
    explicit deliver_by_plugin(const postern::host& host)
        : least_{time(host, "least", seconds{0}, seconds{0})}, most_{time(host, "most", std::chrono::hours{120}, seconds{1})}
    {
        host.keyword(
            {.name = "DELIVERBY", .parameters = least_.count() != 0 ? std::to_string(least_.count()) : ""}); // RFC 2852 3
        host.parameter({.name = "BY", .keyword = "DELIVERBY", .of = postern::param_of::mail, .lacking = "5.4.7"});
    }

    postern::param_reply on(const postern::parameter& given) const
    {
        const auto asked = deliver_by::parse(given.value());
        if (!asked)
            return postern::reject(501, "5.5.4", "BY is seconds;R or seconds;N, with T for a trace, and R later than now");
        if (asked->mode == mode::back && asked->by < least_) // RFC 2852 4
            return postern::reject(555, "5.5.4", "the shortest time is " + std::to_string(least_.count()) + " seconds");

        postern::verdict answer = postern::proceed();
        const auto end = system_clock::now() + asked->by;
        if (asked->by > most_)
            ; // the queue gives it up before
        else if (asked->mode == mode::back)
            answer.expire_at(end);
        else if (asked->by > seconds{0}) // else who had it when the time was over has told
            answer.warn_at(end);
        // RFC 2852 4: of each relay by T; of N to who cannot know of the time.
        if (asked->has_trace)
            answer.report_relay();
        else if (asked->mode == mode::notify)
            answer.report_relay("DELIVERBY");
        // RFC 2852 4: with R it goes to nobody who does not know the extension.
        return postern::param_reply{std::move(answer)}.relay(asked->mode == mode::back ? postern::relay::required
                                                                                       : postern::relay::optional);
    }

    // RFC 2852 4: what is left is said, and R goes to nobody who would not take that.
    postern::verdict on(const postern::client_params& event) const
    {
        for (const postern::stored_param& each : event.params()) {
            if (each.keyword != "BY")
                continue;
            const auto stored = deliver_by::parse(each.value.value_or(""));
            if (!stored)
                continue;
            const auto left = deliver_by::after(*stored, std::chrono::floor<seconds>(system_clock::now() - event.received()));
            if (left.mode == mode::notify)
                return postern::proceed().set_param("BY", deliver_by::to_text(left));
            const auto least = deliver_by::least_of(event.offer_of("DELIVERBY").value_or(""));
            if (left.by <= seconds{0} || (least && left.by < *least))
                return postern::reject(550, "5.4.7", "not enough of its time is left for the next hop");
            return postern::proceed().require_param("BY", deliver_by::to_text(left));
        }
        return postern::proceed();
    }

private:
    static seconds time(const postern::host& host, const char* key, seconds fallback, seconds least)
    {
        const seconds given = host.config(key, fallback);
        if (given < least || given > seconds{999'999'999}) // RFC 2852 3: nine digits
            host.refuse(key, "is " + std::to_string(least.count()) + "s to 999999999s");
        return given;
    }

    seconds least_;
    seconds most_;
};

} // namespace

POSTERN_PLUGIN(deliver_by_plugin, "org.postern.deliver-by", "1.0");
