// The part of an attempt that hears what a next hop, or the lack of one, said: plugins may say what it means for recipients who
// did not get the message. STANDARDS: RFC 3463 2, RFC 3464 2.3.4. SECURITY: replies are next hops'.

#include "core/runtime/attempt.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace postern::runtime {

namespace {

using kind = delivery::recipient_result::kind;

/// RFC 3463 2: the class says what becomes of it, and the rest why.
void turn_into(kind result, delivery::recipient_result& what)
{
    const char status_class = result == kind::failed ? '5' : '4';
    what.result = result;
    if (what.enhanced.empty())
        what.enhanced = std::string{status_class} + ".0.0";
    else
        what.enhanced.front() = status_class;
}

} // namespace

/// Notes what became of `recipients`; returns those that are worth another transaction at once, because the peer took as many
/// as it wants in one.
io::task<std::vector<std::uint32_t>> attempt::keep_results(std::vector<session::client_recipient_result> results,
                                                           std::vector<std::uint32_t> recipients, taking of, conversation* asked)
{
    const bool any_taken = std::any_of(results.begin(), results.end(), [](const auto& one) {
        return one.result == session::client_recipient_result::kind::delivered;
    });
    std::vector<std::uint32_t> again;
    std::vector<heard> all;
    for (std::size_t i = 0; i < recipients.size(); ++i) {
        auto& one = results[i];
        if (one.over_limit && any_taken)
            again.push_back(recipients[i]);
        else
            all.push_back({recipients[i],
                           {static_cast<kind>(one.result), one.smtp_code, std::move(one.enhanced), std::move(one.text)},
                           one.stage});
    }
    co_await weigh(all, of, asked);
    for (auto& one : all)
        note(one.recipient, std::move(one.what), of.next_hop, of.by, of.lacks_keyword);
    co_return again;
}

/// Asks about each thing that was said, of all whom it was said of at once, and makes of it what is answered. `asked`: null:
/// nobody.
io::task<void> attempt::weigh(std::vector<heard>& all, const taking& of, conversation* asked)
{
    if (asked == nullptr || !asked->weighs_replies())
        co_return;
    const auto same = [](const heard& a, const heard& b) {
        const auto key = [](const heard& of_one) {
            const auto& what = of_one.what;
            return std::tie(of_one.stage, what.result, what.smtp_code, what.enhanced, what.text);
        };
        return key(a) == key(b);
    };
    std::vector<heard*> open;
    for (auto& one : all)
        if (one.what.result != kind::delivered)
            open.push_back(&one);
    while (!open.empty()) {
        const auto rest = std::stable_partition(open.begin(), open.end(),
                                                [&, first = *open.front()](const heard* one) { return same(first, *one); });
        const std::vector<heard*> these{open.begin(), rest};
        open.erase(open.begin(), rest);
        co_await weigh_one(these, of, *asked);
    }
}

/// Of all of them the same was said.
io::task<void> attempt::weigh_one(const std::vector<heard*>& these, const taking& of, conversation& asked)
{
    const auto& what = these.front()->what;
    hooks::shaping said;
    said.next_hop = of.next_hop;
    said.address = of.address;
    said.received = record_.envelope.received;
    said.stage = these.front()->stage;
    said.smtp_code = what.smtp_code;
    said.enhanced = what.enhanced;
    said.text = what.text;
    said.is_failure = what.result == kind::failed;
    for (const auto* one : these)
        said.recipients.push_back(draft_.envelope.to[one->recipient].address);
    const auto ruling = co_await asked.weigh_reply(said);
    if (said.wait.count() != 0)
        engine_.lines_.let_alone(of.next_hop, said.wait, said.wait_why.empty() ? said.text : said.wait_why, said.wait_by);
    const bool defers = ruling.verdict == hooks::verdict_kind::tempfail && said.is_failure;
    const bool fails = ruling.verdict == hooks::verdict_kind::reject && !said.is_failure;
    if (!defers && !fails)
        co_return;
    engine_.log_.info("reply_overruled", {{"message", base::to_text(id_)},
                                          {"next_hop", of.next_hop},
                                          {"code", said.smtp_code},
                                          {"reply", said.text},
                                          {"plugin", ruling.plugin},
                                          {"recipients", these.size()},
                                          {"now", defers ? "deferred" : "failed"},
                                          {"cause", ruling.text}});
    for (auto* one : these)
        turn_into(defers ? kind::deferred : kind::failed, one->what);
}

} // namespace postern::runtime
