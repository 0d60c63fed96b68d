#include "tests/chaos/acknowledged_mail.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::test {
namespace {

constexpr std::string_view mark = "X-Number: ";

} // namespace

std::string content_of(std::uint64_t number)
{
    std::mt19937_64 random{number};
    // Most messages are small, some need more than one chunk, buffer and record.
    const std::size_t lines = random() % 10 == 0 ? 2000 + random() % 3000 : random() % 100;
    std::string content = fmt::format("{}{}\r\nSubject: chaos\r\n\r\n", mark, number);
    for (std::size_t line = 0; line < lines; ++line) {
        if (random() % 8 == 0)
            content += '.';
        const std::size_t length = random() % 76;
        for (std::size_t i = 0; i < length; i += 8) {
            auto octets = random();
            for (std::size_t j = 0; j < 8; ++j, octets >>= 8U) {
                const auto octet = static_cast<unsigned char>(octets);
                content += octet == 0 || octet == '\r' || octet == '\n' ? 'x' : static_cast<char>(octet);
            }
        }
        content += "\r\n";
    }
    return content;
}

std::uint64_t number_of(std::string_view content)
{
    const auto at = content.find(mark);
    if (at == std::string_view::npos)
        return 0;
    std::uint64_t number = 0;
    for (auto rest = content.substr(at + mark.size()); !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
         rest.remove_prefix(1))
        number = number * 10 + static_cast<std::uint64_t>(rest.front() - '0');
    return number;
}

std::uint64_t acknowledged_mail::next_number()
{
    const std::lock_guard lock{mutex_};
    fates_[++last_];
    return last_;
}

void acknowledged_mail::acknowledged(std::uint64_t number)
{
    const std::lock_guard lock{mutex_};
    auto& fate = fates_[number];
    fate.acknowledged = true;
    ++acknowledgements_;
    open_ += fate.arrivals == 0 ? 1 : 0;
    changed_.notify_all();
}

void acknowledged_mail::loses_reply(std::uint64_t number)
{
    const std::lock_guard lock{mutex_};
    losing_.insert(number);
}

void acknowledged_mail::arrived(const arrived_message& message)
{
    const auto number = number_of(message.content);
    // The server's own Received field stands above what was sent; below it no octet may differ.
    const auto begin = message.content.find(mark);
    const bool is_right = number != 0 && std::string_view{message.content}.substr(begin) == content_of(number) &&
                          message.content.compare(0, 10, "Received: ") == 0 && message.sender == "a@client.example" &&
                          message.recipients == std::vector<std::string>{"user@example.com"};
    const std::lock_guard lock{mutex_};
    const auto known = fates_.find(number);
    if (!is_right || known == fates_.end()) {
        wrong_.push_back(fmt::format("message {} with {} octets", number, message.content.size()));
    } else {
        auto& fate = known->second;
        if (++fate.arrivals == 1 && fate.acknowledged)
            --open_;
        if (fate.arrivals > 1)
            look_for_cause(number, fate);
        fate.is_reply_lost = losing_.erase(number) > 0;
        fate.life = after_kills_.size() - 1;
        ++arrivals_;
    }
    changed_.notify_all();
}

/// Why the server sends again what has arrived before.
void acknowledged_mail::look_for_cause(std::uint64_t number, const history& before)
{
    const auto now = after_kills_.size() - 1;
    if (before.is_reply_lost)
        ++after_lost_replies_;
    else if (before.life < now)
        ++after_kills_[before.life];
    else
        without_cause_.push_back(fmt::format("message {}, arrival {} in life {}", number, before.arrivals, now));
}

void acknowledged_mail::killed()
{
    const std::lock_guard lock{mutex_};
    after_kills_.push_back(0);
}

void acknowledged_mail::wait_for_arrivals(std::size_t count, std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    const auto wanted = arrivals_ + count;
    changed_.wait_for(lock, limit, [&] { return arrivals_ >= wanted; });
}

void acknowledged_mail::wait_for_acknowledgements(std::size_t count, std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    const auto wanted = acknowledgements_ + count;
    changed_.wait_for(lock, limit, [&] { return acknowledgements_ >= wanted; });
}

bool acknowledged_mail::wait_for_all(std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return open_ == 0; });
}

std::size_t acknowledged_mail::acknowledgements() const
{
    const std::lock_guard lock{mutex_};
    return acknowledgements_;
}

std::vector<std::uint64_t> acknowledged_mail::missing() const
{
    const std::lock_guard lock{mutex_};
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, fate] : fates_)
        if (fate.acknowledged && fate.arrivals == 0)
            numbers.push_back(number);
    return numbers;
}

std::size_t acknowledged_mail::duplicates() const
{
    const std::lock_guard lock{mutex_};
    std::size_t count = 0;
    for (const auto& [number, fate] : fates_)
        count += fate.arrivals > 1 ? fate.arrivals - 1 : 0;
    return count;
}

std::size_t acknowledged_mail::after_lost_replies() const
{
    const std::lock_guard lock{mutex_};
    return after_lost_replies_;
}

std::vector<std::size_t> acknowledged_mail::after_kills() const
{
    const std::lock_guard lock{mutex_};
    return after_kills_;
}

std::vector<std::string> acknowledged_mail::without_cause() const
{
    const std::lock_guard lock{mutex_};
    return without_cause_;
}

std::size_t acknowledged_mail::unacknowledged_arrivals() const
{
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(std::count_if(
        fates_.begin(), fates_.end(), [](const auto& each) { return !each.second.acknowledged && each.second.arrivals > 0; }));
}

std::vector<std::string> acknowledged_mail::wrong() const
{
    const std::lock_guard lock{mutex_};
    return wrong_;
}

} // namespace postern::test
