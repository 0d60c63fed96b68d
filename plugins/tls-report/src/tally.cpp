#include "tally.hpp"

#include <postern/kit/sha256.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <iterator>

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

/// With too many of them, that of the first one of its type, or of any: the count is right, its policy string may be an older
/// one.
std::string tally::key_of(known& of, const policy& by, std::string& text)
{
    text = write(by);
    auto& all = of.policies;
    if (const auto found = all.find(text); found != all.end())
        return found->second;
    if (all.size() < most_policies)
        return all.emplace(text, short_hash(text)).first->second;
    const auto of_type = std::find_if(all.begin(), all.end(), [&](const auto& each) {
        policy one;
        return read(each.first, one) && one.type == by.type;
    });
    const auto& taken = of_type == all.end() ? *all.begin() : *of_type;
    text = taken.first;
    return taken.second;
}

bool tally::count(day when, const std::string& domain, const policy& by, const failure& what)
{
    const std::lock_guard lock{mutex_};
    auto found = all_.find({when, domain});
    if (found == all_.end()) {
        if (all_.size() >= most_domains_)
            return false;
        found = all_.emplace(std::pair{when, domain}, known{}).first;
    }
    auto& here = found->second;
    std::string policy_text;
    const auto policy_key = key_of(here, by, policy_text);
    auto failure_text = what.type.empty() ? std::string{} : write(what);
    auto failure_key = what.type.empty() ? std::string{good} : short_hash(failure_text);
    auto at = here.rows.find({policy_key, failure_key});
    if (at == here.rows.end() && !what.type.empty() && here.rows.size() >= most_rows) {
        failure_text = write(failure{what.type});
        failure_key = short_hash(failure_text);
        at = here.rows.find({policy_key, failure_key});
    }
    if (at == here.rows.end())
        at = here.rows.emplace(std::pair{policy_key, failure_key}, counted{0, false, policy_text, failure_text}).first;
    ++at->second.count;
    return true;
}

std::vector<row> tally::take()
{
    std::vector<row> taken;
    const std::lock_guard lock{mutex_};
    for (auto& [place, here] : all_)
        for (auto& [keys, one] : here.rows) {
            if (one.count == 0)
                continue;
            row made{place.first, place.second, keys.first, keys.second, {}, {}, one.count};
            if (!one.is_kept) {
                made.policy_text = one.policy_text;
                made.failure_text = one.failure_text;
            }
            one.count = 0;
            one.is_kept = true;
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
        if (each.policy_text.empty())
            continue;
        one.is_kept = false;
        here.policies.emplace(each.policy_text, each.policy_key);
        one.policy_text = std::move(each.policy_text);
        one.failure_text = std::move(each.failure_text);
    }
}

void tally::forget(day last)
{
    const std::lock_guard lock{mutex_};
    for (auto at = all_.begin(); at != all_.end() && at->first.first <= last;) {
        auto& rows = at->second.rows;
        std::erase_if(rows, [](const auto& each) { return each.second.count == 0; });
        for (auto& [keys, one] : rows) // counted and not taken yet: it stays, and will be kept elsewhere
            one.is_kept = false;
        at = rows.empty() ? all_.erase(at) : std::next(at);
    }
}

std::size_t tally::domains() const
{
    const std::lock_guard lock{mutex_};
    return all_.size();
}

} // namespace tls_report
