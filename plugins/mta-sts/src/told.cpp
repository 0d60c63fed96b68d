#include "told.hpp"

#include "sts_record.hpp"

#include <algorithm>

namespace mta_sts {

namespace {

/// "3d", "5h", "10m" or "20s": the largest unit of which there are two at least, or the smallest.
[[nodiscard]] std::string text_of(std::chrono::seconds time)
{
    struct unit {
        std::int64_t seconds;
        char name;
    };
    for (const auto& each : {unit{86'400, 'd'}, unit{3'600, 'h'}, unit{60, 'm'}})
        if (time.count() >= 2 * each.seconds)
            return std::to_string(time.count() / each.seconds) + each.name;
    return std::to_string(time.count()) + 's';
}

[[nodiscard]] std::string line_of(const discovery::facts& one)
{
    auto line = one.domain;
    if (one.what)
        line.append(" mode=")
            .append(name_of(one.what->how))
            .append(" id=")
            .append(one.id.empty() ? "-" : one.id)
            .append(" lasts=")
            .append(text_of(one.lasts));
    else
        line += " mode=- id=- lasts=-";
    if (one.found != trouble::none)
        line.append(" problem=").append(name_of(one.found));
    return line + '\n';
}

} // namespace

std::string table_of(const std::vector<discovery::facts>& all)
{
    constexpr std::size_t room = 900'000; // octets; an answer may have 1 MiB
    std::string text;
    std::size_t shown = 0;
    for (const auto& each : all) {
        if (text.size() > room)
            break;
        text += line_of(each);
        ++shown;
    }
    if (shown < all.size())
        text += "and " + std::to_string(all.size() - shown) + " more\n";
    return all.empty() ? "no policies are known\n" : text;
}

std::string details_of(const discovery::facts& one)
{
    auto text = line_of(one);
    if (one.what) {
        text += "fetched " + text_of(one.age) + " ago\n";
        for (const auto& each : lines_of(one.what->text))
            text.append("    ").append(each).append("\n");
    }
    if (one.found != trouble::none)
        text.append("the last ")
            .append(one.failures > 1 ? std::to_string(one.failures) + " tries" : "try")
            .append(" failed: ")
            .append(one.why)
            .append("\n");
    return text;
}

policy policy_for(const own_policy& how, const std::vector<std::string>& hosts)
{
    policy made{how.how, how.max_age, how.mx.empty() ? hosts : how.mx, {}};
    made.text = render(made);
    return made;
}

namespace {
[[nodiscard]] std::string record_of(const std::string& domain, const policy& what)
{
    return "_mta-sts." + domain + ". IN TXT \"v=STSv1; id=" + id_for(what.text) + "\"\n";
}
} // namespace

std::string records_of(const own_policy& how)
{
    const auto what = policy_for(how, {});
    std::string lines;
    for (const auto& domain : how.domains) {
        const auto host = "mta-sts." + domain + '.';
        lines += "; once https://mta-sts." + domain + "/.well-known/mta-sts.txt has the policy with mode " +
                 std::string{name_of(what.how)} + ":\n" + record_of(domain, what);
        lines += how.web_host.empty() ? "; " + host + " leads to that web server\n" : host + " IN CNAME " + how.web_host + ".\n";
    }
    return lines;
}

std::string to_publish(const std::string& domain, const policy& what, const std::vector<std::string>& hosts)
{
    auto text = "https://mta-sts." + domain + "/.well-known/mta-sts.txt (Content-Type: text/plain):\n\n";
    text.append(what.text).append("\nin the zone, once that can be fetched:\n\n").append(record_of(domain, what));
    for (const auto& host : hosts)
        if (!lists(what, host))
            text.append("\nwarning: the MX record ")
                .append(host)
                .append(" is not listed: who keeps the policy will not deliver there\n");
    return text;
}

} // namespace mta_sts
