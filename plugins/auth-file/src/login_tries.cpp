#include "login_tries.hpp"

#include <algorithm>
#include <utility>

namespace auth_file {
namespace {

[[nodiscard]] bool is_countable(std::string_view user) noexcept
{
    constexpr std::size_t longest_name = 255; // longer ones are nobody's
    return !user.empty() && user.size() <= longest_name;
}

template <class Counts, class Key>
[[nodiscard]] std::size_t count_of(const Counts& counts, const Key& key)
{
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

template <class Counts, class Key>
void one_less(Counts& counts, const Key& key)
{
    if (const auto found = counts.find(key); found != counts.end() && --found->second == 0)
        counts.erase(found);
}

} // namespace

admission login_tries::begin(std::uint64_t session, std::string_view address, std::string_view user, time_point now)
{
    const std::lock_guard lock{mutex_};
    (void)take(session);
    open_try made{client_of(address), std::string{is_countable(user) ? user : std::string_view{}}};
    const client_and_user both{made.client, made.user};
    if (most_ != 0) {
        const auto of_client = by_client_.count(made.client, now);
        const auto worst = made.user.empty() ? of_client : std::max(of_client, by_user_.count(made.user, now));
        if (worst >= most_)
            return admission::failed_too_often;
        if (worst + count_of(under_way_of_both_, both) >= most_ ||
            of_client + count_of(under_way_of_client_, made.client) >= sharing * most_)
            return admission::too_many_at_once;
    }
    ++under_way_of_client_[made.client];
    ++under_way_of_both_[both];
    by_session_.insert_or_assign(session, std::move(made));
    return admission::granted;
}

void login_tries::wrong(std::uint64_t session, time_point now)
{
    const std::lock_guard lock{mutex_};
    const auto found = by_session_.find(session);
    if (found == by_session_.end() || found->second.is_counted)
        return;
    leave(found->second);
    count(found->second.client, found->second.user, now);
    found->second.is_counted = true;
}

void login_tries::drop(std::uint64_t session)
{
    const std::lock_guard lock{mutex_};
    (void)take(session);
}

void login_tries::failed(std::uint64_t session, std::string_view address, std::string_view user, time_point now)
{
    const std::lock_guard lock{mutex_};
    const auto open = take(session);
    if (!open || !open->is_counted)
        count(client_of(address), std::string{user}, now);
}

void login_tries::succeeded(std::uint64_t session, std::string_view user, std::string_view identity)
{
    const std::lock_guard lock{mutex_};
    (void)take(session);
    by_user_.clear(user);
    by_user_.clear(identity);
}

bool login_tries::is_over(std::string_view address, std::string_view user, time_point now)
{
    return by_client_.is_over(client_of(address), now) || (is_countable(user) && by_user_.is_over(user, now));
}

/// It is under way no more.
std::optional<login_tries::open_try> login_tries::take(std::uint64_t session)
{
    auto found = by_session_.extract(session);
    if (found.empty())
        return std::nullopt;
    if (!found.mapped().is_counted)
        leave(found.mapped());
    return std::move(found.mapped());
}

void login_tries::count(const std::string& client, const std::string& user, time_point now)
{
    by_client_.add(client, now);
    if (is_countable(user))
        by_user_.add(user, now);
}

void login_tries::leave(const open_try& open)
{
    one_less(under_way_of_client_, open.client);
    one_less(under_way_of_both_, client_and_user{open.client, open.user});
}

} // namespace auth_file
