#include "core/host/suspension_book.hpp"

#include "core/base/descriptor.hpp"
#include "core/delivery/route.hpp"
#include "core/message/unicode.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace postern::daemon {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::size_t longest_why = 500; // octets
constexpr auto longest = std::chrono::hours{24 * 3650};

/// Its name as it counts; empty, with `wrong`: it is none.
std::string name_of(std::string_view destination, std::string& wrong)
{
    const auto next = delivery::route::from_destination(destination);
    if (next)
        return next->text();
    wrong = fmt::format("\"{}\" is no destination: a domain, or a host and port, as the log has next_hop: example.com, "
                        "mx.example.org:25",
                        destination);
    return {};
}

bool is_line(std::string_view text) noexcept
{
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    return text.size() <= longest_why && std::none_of(text.begin(), text.end(), is_control) && message::is_utf8(text);
}

json::object describe(const std::string& name, const delivery::suspension& one)
{
    json::object out{{"next_hop", name}, {"why", one.why}, {"since_ms", one.since.time_since_epoch().count()}};
    if (one.until)
        out["until_ms"] = one.until->time_since_epoch().count();
    return out;
}

/// False: it is not as describe() makes it.
bool read(const json::value& from, delivery::suspensions& to)
{
    const auto* const row = from.if_object();
    const auto* const name = row == nullptr ? nullptr : row->if_contains("next_hop");
    const auto* const why = row == nullptr ? nullptr : row->if_contains("why");
    const auto* const since = row == nullptr ? nullptr : row->if_contains("since_ms");
    if (name == nullptr || !name->is_string() || why == nullptr || !why->is_string() || since == nullptr || !since->is_int64())
        return false;
    delivery::suspension one;
    one.why = std::string_view{why->get_string()};
    one.since = base::wall_time{milliseconds{since->get_int64()}};
    if (const auto* const until = row->if_contains("until_ms")) {
        if (!until->is_int64())
            return false;
        one.until = base::wall_time{milliseconds{until->get_int64()}};
    }
    to.insert_or_assign(std::string{std::string_view{name->get_string()}}, std::move(one));
    return true;
}

std::string last_error(const std::filesystem::path& file)
{
    return fmt::format("{}: {}", file.string(), std::generic_category().message(errno));
}

/// Whole, or not at all.
std::string write_whole(const std::filesystem::path& file, std::string_view octets)
{
    const auto next = file.string() + ".new";
    const base::descriptor to{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (to.get() < 0)
        return last_error(next);
    while (!octets.empty()) {
        const auto written = ::write(to.get(), octets.data(), octets.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return last_error(next);
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(to.get()) != 0 || ::rename(next.c_str(), file.c_str()) != 0)
        return last_error(next);
    const base::descriptor folder{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return folder.get() < 0 || ::fsync(folder.get()) != 0 ? last_error(file.parent_path()) : std::string{};
}

} // namespace

std::string suspension_book::load()
{
    all_.clear();
    std::ifstream in{file_, std::ios::binary};
    if (!in) {
        std::error_code failed;
        return std::filesystem::exists(file_, failed) || failed ? last_error(file_) : std::string{};
    }
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    json::error_code failed;
    const auto parsed = json::parse(text, failed);
    const auto* const list = failed || !parsed.is_object() ? nullptr : parsed.get_object().if_contains("suspended");
    const bool is_good = list != nullptr && list->is_array() &&
                         std::ranges::all_of(list->get_array(), [this](const auto& each) { return read(each, all_); });
    if (is_good)
        return {};
    all_.clear();
    return fmt::format("{}: is damaged, so that nobody knows which destinations an operator has suspended; mend it, or remove it "
                       "and suspend them anew",
                       file_.string());
}

delivery::suspensions suspension_book::all(base::wall_time now) const
{
    auto out = all_;
    (void)delivery::take_ended(out, now);
    return out;
}

std::string suspension_book::suspend(std::string& destination, std::string_view why, std::optional<milliseconds> how_long,
                                     base::wall_time now)
{
    std::string wrong;
    const auto name = name_of(destination, wrong);
    if (name.empty())
        return wrong;
    if (!is_line(why))
        return fmt::format("the reason must be one line of text of at most {} octets", longest_why);
    if (how_long && (how_long->count() <= 0 || *how_long > longest))
        return "the time must be longer than nothing and shorter than ten years; left out, it holds until it is resumed";
    delivery::suspension one{std::string{why}, now, {}};
    if (how_long)
        one.until = now + *how_long;
    auto next = all_;
    next.insert_or_assign(name, std::move(one));
    destination = name;
    return keep(std::move(next), now);
}

std::string suspension_book::resume(std::string& destination, base::wall_time now)
{
    std::string wrong;
    const auto name = name_of(destination, wrong);
    if (name.empty())
        return wrong;
    auto next = all(now);
    if (next.erase(name) == 0)
        return fmt::format("{} is not suspended by an operator", name);
    destination = name;
    return keep(std::move(next), now);
}

std::string suspension_book::keep(delivery::suspensions next, base::wall_time now)
{
    (void)delivery::take_ended(next, now);
    json::array rows;
    for (const auto& [name, one] : next)
        rows.push_back(describe(name, one));
    if (auto failed = write_whole(file_, json::serialize(json::object{{"suspended", std::move(rows)}}) + "\n"); !failed.empty())
        return failed;
    all_ = std::move(next);
    return {};
}

} // namespace postern::daemon
