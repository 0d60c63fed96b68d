#include "core/delivery/mail_hosts.hpp"

#include "core/delivery/route.hpp"
#include "core/message/address.hpp"

#include <algorithm>
#include <utility>

namespace postern::delivery {

namespace {

[[nodiscard]] mail_hosts without(mail_hosts::kind what, std::string enhanced, std::string text)
{
    return {what, {}, std::move(enhanced), std::move(text)};
}

/// Those that can be asked for, in lower case. An address is no name (RFC 5321 5.1), and a record that has one is a mistake.
[[nodiscard]] std::vector<exchanger> good_ones(std::span<const exchanger> records)
{
    std::vector<exchanger> good;
    for (const auto& each : records)
        if (is_host_name(each.host))
            good.push_back({each.preference, message::lower_ascii(each.host)});
    return good;
}

/// A run of equals: from `begin` to what has another preference.
template <class Iterator>
[[nodiscard]] Iterator end_of_equals(Iterator begin, Iterator end)
{
    return std::find_if(begin, end, [&](const exchanger& each) { return each.preference != begin->preference; });
}

/// RFC 5321 5.1: equals MUST be put in random order, to spread the load.
void sort(std::vector<exchanger>& all, base::random_source& random)
{
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.preference < b.preference; });
    for (auto begin = all.begin(); begin != all.end();) {
        const auto end = end_of_equals(begin, all.end());
        for (auto left = end - begin; left > 1; --left) // Fisher and Yates
            std::iter_swap(begin + (left - 1),
                           begin + static_cast<std::ptrdiff_t>(random.next() % static_cast<std::uint64_t>(left)));
        begin = end;
    }
}

} // namespace

mail_hosts find_mail_hosts(std::string_view domain, name_state state, std::span<const exchanger> records, std::string_view own,
                           base::random_source& random)
{
    using kind = mail_hosts::kind;
    if (state == name_state::no_name)
        return without(kind::nobody, "5.1.2", "there is no such domain");
    if (state == name_state::not_known)
        return without(kind::later, "4.4.3", "the domain's mail exchangers cannot be looked up now");
    if (state == name_state::no_data || records.empty())
        return {kind::known, {message::lower_ascii(domain)}, {}, {}};
    // RFC 7505 3: one record and no other. 4.2: the message is to be given up at once.
    if (records.size() == 1 && records.front().host.empty())
        return without(kind::nobody, "5.1.10", "the domain takes no mail (null MX)");

    auto all = good_ones(records);
    if (all.empty())
        return without(kind::nobody, "5.4.4", "the domain's MX records name no host");
    sort(all, random);
    const auto ours =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.host == message::lower_ascii(own); });
    if (ours != all.end()) {
        const auto preference = ours->preference;
        std::erase_if(all, [&](const auto& each) { return each.preference >= preference; });
        if (all.empty()) // RFC 5321 5.1: an error; of the configuration here or of the domain's, either of which can be mended
            return without(kind::later, "4.4.6", "this server is the domain's best mail exchanger, and does not deliver for it");
    }
    mail_hosts found{kind::known, {}, {}, {}};
    for (auto& each : all)
        if (found.hosts.size() < most_hosts && std::find(found.hosts.begin(), found.hosts.end(), each.host) == found.hosts.end())
            found.hosts.push_back(std::move(each.host));
    return found;
}

} // namespace postern::delivery
