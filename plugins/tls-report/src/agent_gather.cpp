// The part of agent that reads what was counted for a domain and a day, and removes it when that was reported.

#include "agent.hpp"

#include <algorithm>
#include <charconv>

namespace tls_report {

namespace {

constexpr std::size_t most_keys = 5'000; // of a domain and day, that go into a report

/// "n|POLICY|FAILURE" and the like: the parts behind the place.
struct parts {
    char kind = '\0';
    std::string_view first;
    std::string_view second;
};
[[nodiscard]] parts parts_of(std::string_view key, std::size_t place)
{
    key.remove_prefix(std::min(place, key.size()));
    if (key.size() < 2 || key[1] != '|')
        return {};
    const auto rest = key.substr(2);
    const auto end = rest.find('|');
    return {key.front(), rest.substr(0, end), end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1)};
}

/// Counts of a domain and day as they are read, key by key.
class assembly {
public:
    void take(const parts& key, const std::string& value)
    {
        if (key.kind == 'p') {
            (void)read(value, policies_[std::string{key.first}]); // what cannot be read counts without it
        } else if (key.kind == 'f') {
            (void)read(value, failures_[std::string{key.first}]);
        } else if (key.kind == 'n') {
            std::int64_t count = 0;
            (void)std::from_chars(value.data(), value.data() + value.size(), count);
            counts_.push_back({std::string{key.first}, std::string{key.second}, count});
        }
    }
    [[nodiscard]] gathered result(const keys::place& where) const
    {
        gathered made{where.domain, where.when, {}};
        std::map<std::string, std::size_t> at;
        for (const auto& each : counts_) {
            if (each.count <= 0)
                continue;
            const auto [found, is_new] = at.emplace(each.policy, made.policies.size());
            if (is_new)
                made.policies.push_back({policy_of(each.policy, where.domain)});
            auto& one = made.policies[found->second];
            if (each.failure == "ok") {
                one.successful += each.count;
                continue;
            }
            one.failed += each.count;
            const auto what = failures_.find(each.failure);
            const bool is_known = what != failures_.end() && !what->second.type.empty();
            one.failures.emplace_back(is_known ? what->second : failure{"validation-failure"}, each.count);
        }
        return made;
    }

private:
    [[nodiscard]] policy policy_of(const std::string& key, const std::string& domain) const
    {
        const auto found = policies_.find(key);
        return found == policies_.end() || found->second.type.empty() ? policy{"no-policy-found", domain} : found->second;
    }

    struct counted {
        std::string policy;
        std::string failure;
        std::int64_t count;
    };
    std::map<std::string, policy> policies_;
    std::map<std::string, failure> failures_;
    std::vector<counted> counts_;
};

} // namespace

postern::task<std::optional<gathered>> agent::gather(keys::place where)
{
    const auto prefix = keys::of(where.when, where.domain);
    assembly all;
    std::string after;
    std::size_t count = 0;
    while (true) {
        auto asked = host_.kv().scan(prefix, after, 500);
        const auto page = co_await asked;
        for (const auto& each : page.pairs) {
            after = each.key;
            all.take(parts_of(each.key, prefix.size()), each.value);
        }
        count += page.pairs.size();
        if (!page.has_more || page.pairs.empty() || count >= most_keys)
            co_return all.result(where);
    }
}

postern::task<> agent::remove(keys::place where)
{
    const auto prefix = keys::of(where.when, where.domain);
    while (true) {
        auto asked = host_.kv().scan(prefix, {}, 500);
        const auto page = co_await asked;
        if (page.pairs.empty())
            co_return;
        postern::kv_batch items;
        for (const auto& each : page.pairs)
            items.remove(each.key);
        auto removing = host_.kv().run(std::move(items), true);
        const auto done = co_await removing;
        (void)done;
    }
}

} // namespace tls_report
