#include "tally.hpp"

#include <postern/kit/sha256.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tls_report {

namespace {

namespace json = boost::json;

constexpr std::size_t longest_text = 60'000; // of 65,536 octets that a value may have
constexpr std::size_t longest_reason = 200;
constexpr std::string_view good = "ok";

[[nodiscard]] std::string short_hash(std::string_view text)
{
    return postern::kit::sha256{}.add(text).text().substr(0, 16);
}

/// Printable ASCII, and not too long.
[[nodiscard]] std::string plain(std::string_view text, std::size_t most)
{
    std::string made{text.substr(0, most)};
    std::replace_if(
        made.begin(), made.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return made;
}

[[nodiscard]] json::array array_of(const std::vector<std::string>& texts, std::size_t& room)
{
    json::array made;
    for (const auto& each : texts) {
        const auto text = plain(each, 1'024);
        const auto size = json::serialize(json::value(text)).size() + 1;
        if (size > room)
            break;
        room -= size;
        made.emplace_back(text);
    }
    return made;
}

[[nodiscard]] std::string text_at(const json::object& from, std::string_view name)
{
    const auto* const value = from.if_contains(name);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}
[[nodiscard]] std::vector<std::string> texts_at(const json::object& from, std::string_view name)
{
    std::vector<std::string> all;
    if (const auto* const value = from.if_contains(name); value != nullptr && value->is_array())
        for (const auto& each : value->get_array())
            if (each.is_string())
                all.emplace_back(each.get_string());
    return all;
}
[[nodiscard]] json::value parsed(std::string_view text)
{
    boost::system::error_code wrong;
    auto value = json::parse(text, wrong);
    return wrong ? json::value{} : value;
}

} // namespace

std::string write(const policy& what)
{
    std::size_t room = longest_text - 1'000;
    json::object made;
    made["type"] = what.type;
    made["domain"] = what.domain;
    made["hosts"] = array_of(what.hosts, room);
    made["strings"] = array_of(what.strings, room);
    return json::serialize(made);
}

std::string write(const failure& what)
{
    json::object made;
    made["type"] = what.type;
    made["mx"] = what.mx;
    made["receiving"] = what.receiving_ip;
    made["sending"] = what.sending_ip;
    made["reason"] = plain(what.reason, longest_reason);
    return json::serialize(made);
}

bool read(std::string_view text, policy& to)
{
    const auto value = parsed(text);
    if (!value.is_object())
        return false;
    const auto& from = value.get_object();
    to = {text_at(from, "type"), text_at(from, "domain"), texts_at(from, "strings"), texts_at(from, "hosts")};
    return !to.type.empty();
}

bool read(std::string_view text, failure& to)
{
    const auto value = parsed(text);
    if (!value.is_object())
        return false;
    const auto& from = value.get_object();
    to = {text_at(from, "type"), text_at(from, "mx"), text_at(from, "receiving"), text_at(from, "sending"),
          text_at(from, "reason")};
    return !to.type.empty();
}

bool tally::has_room(std::size_t octets) const noexcept
{
    const auto room = most_octets_ - std::min(most_octets_, octets_);
    return octets <= room && (octets <= short_enough || room - octets >= most_octets_ / 2);
}

tally::text tally::keep(std::string what)
{
    octets_ += what.size();
    return std::make_shared<const std::string>(std::move(what));
}

/// With too many of them, or without room for one more, the policy alone: that it was of this type and domain is true.
const tally::known_policy& tally::policy_in(known& of, const policy& by, counting& how)
{
    auto& all = of.policies;
    const auto find = [&all](const std::string& words) {
        return std::find_if(all.begin(), all.end(), [&](const auto& each) { return *each.what == words; });
    };
    auto whole = write(by);
    if (const auto found = find(whole); found != all.end())
        return *found;
    if (all.size() >= most_policies || !has_room(whole.size())) {
        how = counting::shortened;
        whole = write(policy{by.type, by.domain});
        if (const auto found = find(whole); found != all.end())
            return *found;
    }
    auto key = short_hash(whole);
    return all.emplace_back(known_policy{std::move(key), keep(std::move(whole))});
}

counting tally::count(day when, const std::string& domain, const policy& by, const failure& what)
{
    const std::lock_guard lock{mutex_};
    auto found = all_.find({when, domain});
    if (found == all_.end()) {
        if (all_.size() >= most_domains_)
            return counting::none;
        found = all_.emplace(std::pair{when, domain}, known{}).first;
    }
    auto how = counting::whole;
    auto& rows = found->second.rows;
    const auto policy_key = policy_in(found->second, by, how).key;
    auto failure_text = what.type.empty() ? std::string{} : write(what);
    auto failure_key = what.type.empty() ? std::string{good} : short_hash(failure_text);
    auto at = rows.find({policy_key, failure_key});
    if (at == rows.end() && !what.type.empty() && (rows.size() >= most_rows || !has_room(failure_text.size()))) {
        how = counting::shortened;
        failure_text = write(failure{what.type});
        failure_key = short_hash(failure_text);
        at = rows.find({policy_key, failure_key});
    }
    if (at == rows.end())
        at = rows.emplace(std::pair{policy_key, failure_key},
                          counted{0, false, what.type.empty() ? nullptr : keep(std::move(failure_text))})
                 .first;
    ++at->second.count;
    return how;
}

std::vector<row> tally::take()
{
    std::vector<row> taken;
    const std::lock_guard lock{mutex_};
    for (auto& [place, here] : all_)
        for (auto& [keys, one] : here.rows) {
            if (one.count == 0)
                continue;
            row made{place.first, place.second, keys.first, keys.second, nullptr, nullptr, one.count};
            const auto by = std::find_if(here.policies.begin(), here.policies.end(),
                                         [&key = keys.first](const auto& each) { return each.key == key; });
            if (by != here.policies.end() && !std::exchange(by->is_kept, true))
                made.policy_text = by->what;
            if (!std::exchange(one.is_kept, true))
                made.failure_text = one.failure;
            one.count = 0;
            taken.push_back(std::move(made));
        }
    return taken;
}

void tally::give_back(std::vector<row> rows)
{
    const std::lock_guard lock{mutex_};
    for (auto& each : rows) {
        auto& here = all_[{each.when, each.domain}];
        auto& one = here.rows[{each.policy_key, each.failure_key}];
        one.count += each.count;
        if (each.failure_text) {
            one.is_kept = false;
            one.failure = std::move(each.failure_text);
        }
        if (!each.policy_text)
            continue;
        const auto by = std::find_if(here.policies.begin(), here.policies.end(),
                                     [&](const auto& one_of) { return one_of.key == each.policy_key; });
        if (by == here.policies.end())
            here.policies.push_back({each.policy_key, std::move(each.policy_text)});
        else
            by->is_kept = false;
    }
    add_up();
}

void tally::forget(day last)
{
    const std::lock_guard lock{mutex_};
    for (auto at = all_.begin(); at != all_.end() && at->first.first <= last;) {
        auto& rows = at->second.rows;
        std::erase_if(rows, [](const auto& each) { return each.second.count == 0; });
        for (auto& [keys, one] : rows) // counted and not taken yet: it stays, and will be kept elsewhere
            one.is_kept = false;
        for (auto& each : at->second.policies)
            each.is_kept = false;
        at = rows.empty() ? all_.erase(at) : std::next(at);
    }
    add_up();
}

void tally::add_up()
{
    octets_ = 0;
    for (const auto& [place, here] : all_) {
        for (const auto& each : here.policies)
            octets_ += each.what->size();
        for (const auto& [keys, one] : here.rows)
            octets_ += one.failure ? one.failure->size() : 0;
    }
}

std::size_t tally::octets() const
{
    const std::lock_guard lock{mutex_};
    return octets_;
}

std::size_t tally::domains() const
{
    const std::lock_guard lock{mutex_};
    return all_.size();
}

} // namespace tls_report
