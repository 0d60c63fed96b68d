#include "login_tries.hpp"

#include <utility>

namespace auth_file {
namespace {

[[nodiscard]] bool is_countable(std::string_view user) noexcept
{
    constexpr std::size_t longest_name = 255; // longer ones are nobody's
    return !user.empty() && user.size() <= longest_name;
}

} // namespace

bool login_tries::begin(std::uint64_t session, std::string_view address, std::string_view user, time_point now)
{
    drop(session);
    open_try made{client_of(address), std::string{user}, {}, {}, false};
    const auto client_since = by_client_.begin(made.client, now);
    if (!client_since)
        return false;
    made.client_since = *client_since;
    if (is_countable(user)) {
        made.user_since = by_user_.begin(user, now);
        if (!made.user_since) {
            by_client_.give_back(made.client, made.client_since);
            return false;
        }
    }
    const std::lock_guard lock{mutex_};
    by_session_.insert_or_assign(session, std::move(made));
    return true;
}

void login_tries::wrong(std::uint64_t session)
{
    const std::lock_guard lock{mutex_};
    if (const auto found = by_session_.find(session); found != by_session_.end())
        found->second.is_wrong = true;
}

void login_tries::drop(std::uint64_t session)
{
    const auto open = take(session);
    if (!open || open->is_wrong)
        return;
    by_client_.give_back(open->client, open->client_since);
    if (open->user_since)
        by_user_.give_back(open->user, *open->user_since);
}

void login_tries::failed(std::uint64_t session, std::string_view address, std::string_view user, time_point now)
{
    if (take(session))
        return; // begin() has counted it
    by_client_.add(client_of(address), now);
    if (is_countable(user))
        by_user_.add(user, now);
}

void login_tries::succeeded(std::uint64_t session, std::string_view user, std::string_view identity)
{
    drop(session);
    by_user_.clear(user);
    by_user_.clear(identity);
}

bool login_tries::is_over(std::string_view address, std::string_view user, time_point now)
{
    return by_client_.is_over(client_of(address), now) || (is_countable(user) && by_user_.is_over(user, now));
}

std::optional<login_tries::open_try> login_tries::take(std::uint64_t session)
{
    const std::lock_guard lock{mutex_};
    auto found = by_session_.extract(session);
    return found.empty() ? std::nullopt : std::optional{std::move(found.mapped())};
}

} // namespace auth_file
