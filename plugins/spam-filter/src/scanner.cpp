#include "scanner.hpp"

#include <algorithm>
#include <cstdio>
#include <array>
#include <utility>

namespace spam_filter {

namespace {

/// What was learned has seen what the rules see, and what it is worth at this site: they count half beside it.
constexpr double rules_beside_bayes = 0.5;

} // namespace

class scanner::lease {
public:
    explicit lease(scanner& from) : from_{from}, one_{from.take()} {}
    ~lease() { from_.give_back(std::move(one_)); }
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    [[nodiscard]] tokenizer* operator->() const noexcept { return one_.get(); }

private:
    scanner& from_;
    std::unique_ptr<tokenizer> one_;
};

std::unique_ptr<tokenizer> scanner::take()
{
    {
        const std::lock_guard lock{mutex_};
        if (!idle_.empty()) {
            auto one = std::move(idle_.back());
            idle_.pop_back();
            return one;
        }
    }
    return std::make_unique<tokenizer>(limits_);
}

void scanner::give_back(std::unique_ptr<tokenizer> one)
{
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(one));
}

judgement scanner::judge(const std::vector<field>& fields, std::string_view body, const envelope_facts& envelope,
                         const knowledge& knows)
{
    const lease words{*this};
    words->scan(fields, body);
    judgement made;
    made.symbols = apply_rules(fields, words->facts(), envelope);
    made.hosts = words->facts().hosts;
    made.bayes = knows.judge(words->features());
    if (!made.bayes)
        return made;
    for (symbol& one : made.symbols)
        one.points *= rules_beside_bayes;
    made.symbols.push_back(bayes_symbol(*made.bayes, points_));
    return made;
}

std::vector<std::uint64_t> scanner::features(const std::vector<field>& fields, std::string_view body)
{
    const lease words{*this};
    words->scan(fields, body);
    return words->features();
}

std::vector<std::uint64_t> scanner::features(std::string_view message)
{
    std::vector<field> fields;
    const std::size_t taken = split_fields(message, limits_.walk.fields, fields);
    return features(fields, message.substr(taken).substr(0, limits_.walk.decoded));
}

symbol scanner::bayes_symbol(double score, bayes_points points)
{
    const double spam = probability(score);
    std::array<char, 16> name{};
    (void)std::snprintf(name.data(), name.size(), "BAYES_%02d", std::clamp(static_cast<int>(spam * 100), 0, 99));
    const double certainty = 2 * spam - 1;
    return {name.data(), certainty >= 0 ? points.spam * certainty : points.ham * -certainty};
}

} // namespace spam_filter
