#include "knowledge.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <utility>

namespace spam_filter {
namespace {

constexpr std::size_t most_waiting = 1000; // lessons while the store is read
constexpr std::size_t key_octets = 8;
constexpr std::uint32_t most_count = 0x7fffffff; // so that both fit into a signed number

std::string key_of(std::uint64_t feature)
{
    std::string key{knowledge::key_prefix};
    key += 'f';
    for (unsigned shift = 64; shift != 0; shift -= 8)
        key += static_cast<char>(feature >> (shift - 8) & 0xffU);
    return key;
}

std::uint64_t feature_of(std::string_view key) noexcept
{
    std::uint64_t feature = 0;
    for (const char c : key)
        feature = feature << 8U | static_cast<unsigned char>(c);
    return feature;
}

/// Both counts in one number: what the store adds to is a decimal number.
std::int64_t packed(std::uint32_t spam, std::uint32_t ham) noexcept
{
    return static_cast<std::int64_t>(std::uint64_t{spam} << 32U | ham);
}

std::optional<token_counts> unpacked(std::string_view text) noexcept
{
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size() || number < 0)
        return std::nullopt;
    const auto both = static_cast<std::uint64_t>(number);
    return token_counts{static_cast<std::uint32_t>(both >> 32U), static_cast<std::uint32_t>(both & 0xffffffffU)};
}

void count(token_counts& to, mail_kind kind, std::uint32_t times) noexcept
{
    std::uint32_t& one = kind == mail_kind::spam ? to.spam : to.ham;
    one = std::min(one + times, most_count);
}

} // namespace

std::string knowledge::messages_key()
{
    return std::string{key_prefix} + "messages";
}

std::string knowledge::messages_value() const
{
    const token_counts now = messages();
    return std::to_string(packed(now.spam, now.ham));
}

std::optional<double> knowledge::judge(const std::vector<std::uint64_t>& features) const
{
    const std::shared_lock lock{mutex_};
    if (!is_ready_ || table_.messages.spam == 0 || table_.messages.ham == 0)
        return std::nullopt;
    return bayes_score(features, table_);
}

lesson knowledge::learn(const std::vector<std::uint64_t>& features, mail_kind kind)
{
    const std::unique_lock lock{mutex_};
    if (is_ready_ && coming_ == nullptr)
        return teach(features, kind);
    if (waiting_.size() >= most_waiting)
        return {lesson_result::full, {}};
    waiting_.push_back({features, kind});
    return {lesson_result::later, {}};
}

lesson knowledge::teach(const std::vector<std::uint64_t>& features, mail_kind kind)
{
    constexpr std::uint32_t most_times = 3;
    std::uint32_t times = 0;
    std::vector<std::uint64_t> taken;
    double score = bayes_score(features, table_);
    while (is_worth_learning(score, kind) && times < most_times) {
        ++times;
        count(table_.messages, kind, 1);
        for (const std::uint64_t feature : features) {
            token_counts seen = table_.find(feature);
            count(seen, kind, 1);
            if (table_.set(feature, seen) && times == 1)
                taken.push_back(feature);
        }
        score = bayes_score(features, table_);
        if (kind == mail_kind::spam ? score >= 0 : score <= 0)
            break; // judged right, or by nothing yet: repeating it would only make it certain
    }
    if (times == 0)
        return {lesson_result::known, {}};
    lesson done{lesson_result::taught, {}};
    const std::int64_t number = kind == mail_kind::spam ? packed(times, 0) : packed(0, times);
    done.changes.reserve(taken.size() + 1);
    done.changes.push_back({messages_key(), number});
    for (const std::uint64_t feature : taken)
        done.changes.push_back({key_of(feature), number});
    return done;
}

void knowledge::begin_reading()
{
    const std::unique_lock lock{mutex_};
    coming_ = std::make_unique<token_table>(most_);
}

void knowledge::read(std::string_view key, std::string_view value)
{
    const std::unique_lock lock{mutex_};
    const auto counts = unpacked(value);
    if (coming_ == nullptr || !counts || !key.starts_with(key_prefix))
        return; // nothing of ours
    if (key == messages_key())
        coming_->messages = *counts;
    const std::string_view rest = key.substr(key_prefix.size());
    if (rest.size() == key_octets + 1 && rest.front() == 'f')
        static_cast<void>(coming_->set(feature_of(rest.substr(1)), *counts));
}

std::vector<change> knowledge::end_reading()
{
    const std::unique_lock lock{mutex_};
    if (coming_ != nullptr)
        table_ = std::move(*coming_);
    coming_.reset();
    is_ready_ = true;
    std::vector<change> all;
    for (const waiting_lesson& one : std::exchange(waiting_, {})) {
        lesson done = teach(one.features, one.kind);
        all.insert(all.end(), std::make_move_iterator(done.changes.begin()), std::make_move_iterator(done.changes.end()));
    }
    return all;
}

void knowledge::stop_reading()
{
    const std::unique_lock lock{mutex_};
    coming_.reset();
}

bool knowledge::is_ready() const
{
    const std::shared_lock lock{mutex_};
    return is_ready_;
}

token_counts knowledge::messages() const
{
    const std::shared_lock lock{mutex_};
    return table_.messages;
}

std::size_t knowledge::octets() const
{
    const std::shared_lock lock{mutex_};
    return table_.octets();
}

std::size_t knowledge::features() const
{
    const std::shared_lock lock{mutex_};
    return table_.size();
}

} // namespace spam_filter
