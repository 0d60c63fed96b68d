// The part of agent that does what operators tell it.

#include "agent.hpp"

#include <postern/kit/ascii.hpp>

namespace tls_report {

namespace {
constexpr const char* usage = "say: records [DOMAIN], show [DOMAIN], send, or received";
constexpr std::size_t most_lines = 5'000;
} // namespace

postern::task<postern::admin_reply> agent::on(postern::admin event)
{
    std::vector<std::string> words;
    for (const std::string_view each : event.words())
        words.emplace_back(each);
    const auto domain = words.size() == 2 ? postern::kit::lowered(words[1]) : std::string{};
    if (words.size() > 2 || (words.size() == 2 && !is_host_name(domain)))
        co_return postern::refuse(usage);
    if (words[0] == "records")
        co_return records(domain.empty() ? how_.own : std::vector{domain});
    if (words[0] == "received" && words.size() == 1)
        co_return received();
    if (words[0] == "show" && sends()) {
        auto showing = show(domain);
        auto said = co_await std::move(showing);
        co_return said;
    }
    if (words[0] != "send" || words.size() != 1)
        co_return postern::refuse(usage);
    if (!sends())
        co_return postern::refuse("this instance has no \"from\", and sends nothing");
    if (!knows_closed()) {
        auto loaded = load_closed();
        co_await std::move(loaded);
    }
    const busy here{is_walking_};
    if (!here.is_first())
        co_return postern::refuse("reports are being sent; try again");
    auto kept = keep();
    co_await std::move(kept);
    auto walking = walk(false);
    const auto all = co_await std::move(walking);
    put_off_ = all.put_off;
    co_return postern::tell("sent " + std::to_string(all.sent) + ", put off " + std::to_string(all.put_off) + ", dropped " +
                            std::to_string(all.dropped) + "\n");
}

postern::task<postern::admin_reply> agent::show(std::string domain)
{
    auto kept = keep();
    co_await std::move(kept);
    struct sums {
        std::int64_t successful = 0;
        std::int64_t failed = 0;
    };
    std::map<std::pair<day, std::string>, sums> all;
    std::string after;
    while (all.size() <= most_lines) {
        auto asked = host_.kv().scan(keys::counts, after);
        const auto page = co_await asked;
        for (const auto& each : page.pairs) {
            after = each.key;
            const auto where = keys::place_of(each.key);
            if (!where || (!domain.empty() && where->domain != domain))
                continue;
            const auto place = keys::of(where->when, where->domain);
            if (!each.key.starts_with(place + "n|"))
                continue;
            auto& sum = all[{where->when, where->domain}];
            (each.key.ends_with("|ok") ? sum.successful : sum.failed) += std::atoll(each.value.c_str());
        }
        if (!page.has_more || page.pairs.empty())
            break;
    }
    std::string text;
    for (const auto& [where, sum] : all)
        text.append(text_of(where.first))
            .append(" ")
            .append(where.second)
            .append(" successful=" + std::to_string(sum.successful) + " failed=" + std::to_string(sum.failed) + "\n");
    co_return postern::tell(text.empty() ? "nothing waits to be reported\n" : text);
}

/// What to publish, as a zone file has it.
postern::admin_reply agent::records(const std::vector<std::string>& domains) const
{
    std::string all;
    for (const auto& each : how_.rua)
        all.append(all.empty() ? "" : ",").append(each);
    std::string text;
    for (const auto& each : domains)
        if (!all.empty())
            text += "_smtp._tls." + each + ". IN TXT " + postern::kit::txt_strings("v=TLSRPTv1; rua=" + all) + "\n";
    if (signer_) // RFC 8460 3: a receiver may leave reports aside that are signed for another service
        text += signer_->record_name() + ". IN TXT " + postern::kit::txt_strings(signer_->key().record("tlsrpt")) + "\n";
    return text.empty() ? postern::refuse("nothing is to be published: there is neither rua nor receive, nor a dkim_key; or say "
                                          "for which domain")
                        : postern::tell(text);
}

postern::admin_reply agent::received() const
{
    const std::lock_guard lock{mutex_};
    std::string text;
    for (const auto& [domain, seen] : reporters_)
        text.append(domain).append(" reports=" + std::to_string(seen.reports) + " successful=" + std::to_string(seen.successful) +
                                   " failed=" + std::to_string(seen.failed) + " last=" + seen.last + "\n");
    return postern::tell(text.empty() ? "no reports came since the start\n" : text);
}

} // namespace tls_report
